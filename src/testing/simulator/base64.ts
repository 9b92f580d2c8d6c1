const alphabet = /^[A-Za-z0-9+/]*={0,2}$/u;

/** The bytes, or nothing where the text is not base64 (RFC 4648, section 4). */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !alphabet.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "base64"));
}
