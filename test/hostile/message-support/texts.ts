import fc from "fast-check";

/** Stands in every value, so that one that leaks into an error is found. No name of a property has it. */
export const canary = "zorilla";

/** What a header can carry, however odd it looks. */
const harmless: readonly string[] = [
  // Bidirectional controls, invisible characters, and separators that are no line breaks of a header.
  ..."\u202e \u202d \u2066 \u2069 \u200f \u200b \u200d \u2028 \u2029 \u00ad \u00a0 \u3000".split(" "),
  ..."\u0080 \u0085 \u009b \u009f \ufffd \uffff \u{10ffff} \ue000".split(" "),
  ..."é e\u0301 山田 ﷺ ß İ 😀 👩‍👩‍👧 🇨🇭 𝔄".split(" "),
  ...`" "" \\ \\" < > ( ) , ; : @ = ? ' & # % %% * / | ~ [ ] { } $ ! . ..`.split(" "),
  ..."=?UTF-8?B?SGk=?= =? ?= =?UTF-8?Q?=0D=0ABcc:_eve?= =?x".split(" "),
  // What would be a line break if somebody decoded it.
  ..."%0D%0ABcc:eve@example.net %0a %22 \\r\\nBcc: &#13;&#10; \\u000d {{x}} %recipient.x% -x- [[x]] <!--".split(" "),
  ..."__proto__ constructor toString null undefined NaN 0 false [object ../.. '; --boundary".split(" "),
  " ",
  "  ",
];

/** What no header may hold. */
const forbidden: readonly string[] = [
  "\r\nBcc: eve@example.net",
  "\r\n\r\n<html>",
  "\n",
  "\r",
  "\r\n ",
  "\0",
  "\u0001",
  "\u0008",
  "\u000b",
  "\u000c",
  "\u001b[2J",
  "\u001f",
  "\u007f",
  "\ud800",
  "\udfff",
  "\ud83d",
  "\udc00\ud800",
];

/** Any code points at all, halves of pairs among them; most are assigned to nothing. */
export const codePoints: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.nat({ max: 0x10ffff }), fc.nat({ max: 0xff })), { maxLength: 4 })
  .map((codes) => String.fromCodePoint(...codes));
const graphemes = fc.string({ unit: "grapheme", maxLength: 3 });

const word = fc.stringMatching(/^[A-Za-z0-9_-]{0,6}$/);
const odd = fc.constantFrom(...harmless);
const oddText = fc
  .array(fc.oneof({ weight: 3, arbitrary: odd }, word, graphemes), { maxLength: 5 })
  .map((parts) => parts.join(""));
const evil = fc.constantFrom(...forbidden, "\t");

/** Fit for a header. */
export const oddWord: fc.Arbitrary<string> = fc
  .tuple(oddText, oddText)
  .map(([before, after]) => `${before}${canary}${after}`)
  .filter((text) => fitsHeader(text));

/** Plain letters, which every ESP takes everywhere. */
export const plainWord: fc.Arbitrary<string> = word.map((text) => `${canary}${text}`);

/** Not fit for a header, or just so (a tab, two halves that are a pair). */
const evilWord: fc.Arbitrary<string> = fc
  .tuple(oddText, evil, oddText, fc.oneof(evil, codePoints))
  .map(([before, one, between, other]) => `${before}${one}${canary}${between}${other}`);

/** A text for a header: most of them are fit for one. */
export const headerText: fc.Arbitrary<string> = fc.oneof(
  { weight: 9, arbitrary: oddWord },
  { weight: 2, arbitrary: plainWord },
  { weight: 2, arbitrary: evilWord },
);

/** A text for the name of a property. Names that are fit for it are shown as a part of a path. */
export const nameText: fc.Arbitrary<string> = headerText.map((text) =>
  step(text, 0).startsWith(".") ? text.replaceAll(canary, "numbat") : text,
);

/** A text of exactly so many characters (UTF-16 units). */
export function textOf(length: number, unit = "x"): string {
  const rest = length - canary.length;
  return `${canary}${"x".repeat(rest % unit.length)}${unit.repeat(Math.floor(rest / unit.length))}`;
}

/** Whether each code point can stand in a header: no control of ASCII (a tab only where folding may be), no half pair. */
export function fitsHeader(text: string, { tab = false }: { readonly tab?: boolean } = {}): boolean {
  return everyCodePoint(text, (code) => (code === 0x09 ? tab : code >= 0x20 && code !== 0x7f && !isHalf(code)));
}

/** Whether the text has a form in UTF-8. */
export function isWellFormed(text: string): boolean {
  return everyCodePoint(text, (code) => !isHalf(code));
}

function everyCodePoint(text: string, isGood: (code: number) => boolean): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.codePointAt(index) ?? 0;
    if (!isGood(code)) return false;
    if (code > 0xffff) index += 1;
  }
  return true;
}

function isHalf(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

export function isPrintableAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** How a path names a property: by its position where the name could do harm in a log. */
export function step(key: string, position: number): string {
  return /^[A-Za-z0-9_$-]{1,64}$/.test(key) ? `.${key}` : `[${position}]`;
}

export function shown(value: string): string {
  return value.length > 120 ? `${JSON.stringify(value.slice(0, 120))}… (${value.length})` : JSON.stringify(value);
}
