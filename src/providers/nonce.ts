/** 16 hexadecimal digits that nobody can guess. */
export function nonce(): string {
  // Loaded when it is needed: an import of this package must cost next to nothing.
  return process.getBuiltinModule("node:crypto").randomBytes(8).toString("hex");
}
