/** C0 controls and DEL. Those of C1 (U+0080 and on) are two bytes in UTF-8, harmless, and found in real subjects. */
const control = /(?![\u0080-\u009f])\p{Cc}/u;
const controlButTab = /(?![\t\u0080-\u009f])\p{Cc}/u;

/** Half of a surrogate pair, which has no form in UTF-8. */
const loneSurrogate = /\p{Cs}/u;

/** What keeps a text out of a header, or `undefined`. */
export function headerFault(text: string, options: { tab?: boolean } = {}): string | undefined {
  const found = (options.tab ? controlButTab : control).exec(text)?.[0];
  if (found === "\r" || found === "\n") return "holds a line break (CR or LF), which would begin another header";
  if (found === "\0") return "holds a NUL character";
  if (found !== undefined) return "holds a control character";
  return encodingFault(text);
}

/** What keeps a text from being encoded in UTF-8, or `undefined`. */
export function encodingFault(text: string): string | undefined {
  return loneSurrogate.test(text) ? "holds half of a surrogate pair, which cannot be encoded in UTF-8" : undefined;
}
