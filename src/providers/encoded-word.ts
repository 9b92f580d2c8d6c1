/** An encoded word has at most 75 characters (RFC 2047 §2): 12 of frame, and 60 of base64, which hold 45 bytes. */
const bytesPerWord = 45;

const printableAscii = /^[ -~]*$/;

export function isPrintableAscii(text: string): boolean {
  return printableAscii.test(text);
}

/** A header's value in ASCII: as it is where it can be, else as encoded words (RFC 2047). */
export function encodeHeader(text: string): string {
  return isPrintableAscii(text) && !looksEncoded(text) ? text : encodeWords(text);
}

/** A header's value in UTF-8, for an ESP that encodes it itself. */
export function utf8Header(text: string): string {
  return looksEncoded(text) ? encodeWords(text) : text;
}

/** Whether a reader would take it for an encoded word and decode it; encoded once more, it arrives as it is. */
export function looksEncoded(text: string): boolean {
  return text.includes("=?");
}

/** Encoded words in UTF-8 and base64. No character is split between two, as RFC 2047 §5 asks. */
export function encodeWords(text: string): string {
  const words: string[] = [];
  let word = "";
  let bytes = 0;
  for (const character of text) {
    const length = Buffer.byteLength(character);
    if (bytes + length > bytesPerWord) {
      words.push(word);
      word = "";
      bytes = 0;
    }
    word += character;
    bytes += length;
  }
  return [...words, word].map((part) => `=?UTF-8?B?${Buffer.from(part).toString("base64")}?=`).join(" ");
}
