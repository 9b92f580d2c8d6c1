/** The system's or Node's code of an error, such as `"ECONNREFUSED"`. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  // An agent of the user's may throw anything, so no text passes that could be more than a code.
  return typeof error.code === "string" && /^[A-Z][A-Z0-9_]{1,60}$/.test(error.code) ? error.code : undefined;
}
