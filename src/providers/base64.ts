/** Bytes in base64, without a copy of them. */
export function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** How long so many bytes are in base64. */
export function base64Length(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}
