const placeholder = "[redacted]";
const longestDetail = 300;

/** More of a text is not looked at. */
const longestText = 20_000;

/** Shorter strings are replaced as words only: a one-letter subject must not blank every such letter. */
const shortestPart = 3;

/** Anything with an @ between two runs of non-blank characters, quoted local parts included. */
const address = /(?:"[^"\n]*"|[^\s<>"'`,;:()[\]{}]+)@[^\s<>"'`,;:()[\]{}]+/gu;

/** The shapes in which credentials of the four ESPs, and of HTTP, usually appear. */
const credential =
  /\b(?:(?:Bearer|Basic)\s+[\w+/=.~-]+|SG\.[\w-]+\.[\w-]+|key-[0-9a-z]{16,}|A[KS]IA[0-9A-Z]{12,}|[0-9a-f]{32,}(?:-[0-9a-f]+)*)/giu;

/**
 * Makes a foreign text fit for errors, events and logs: without the given strings, in whichever of the usual spellings,
 * without anything that looks like an address or a credential, on one line, and short.
 */
export function redact(text: string, secrets: Iterable<string>): string {
  const all = [...new Set([...secrets].filter((secret) => secret.length <= longestText).map(inPlainSpelling))];
  const replaced = withoutSecrets(text, all);
  const whole = text.length > longestText || isCut(text) ? cut(replaced, all) : replaced;
  // The patterns are not linear, so they see no more than what can matter.
  const short = whole.length > longestClean ? cut(whole.slice(0, longestClean), all) : whole;
  const clean = short.replace(address, placeholder).replace(credential, placeholder);
  return clean.length > longestDetail ? marked(clean.slice(0, longestDetail)) : clean;
}

/** The code of an ESP or of the system as it is, since it repeats nothing (`ECONNREFUSED`, `send-0006`); else redacted. */
export function redactCode(code: string, secrets: () => Iterable<string>): string {
  return plainCode.test(code) ? code : redact(code, secrets());
}

const plainCode = /^(?:E[A-Z_]{2,30}|ERR_\w{2,60}|HPE_\w{2,40}|(?:mj|send)-\d{4}|[A-Z][A-Za-z]{2,50}Exception)$/;

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const plain = inPlainSpelling(text.length > longestText ? beginningOf(text) : text);
  const folded = plain.toLowerCase();
  // Only what occurs gets into the pattern: the lines of a newsletter would make one that takes seconds.
  const known = secrets
    .filter((secret) => folded.includes(secret.toLowerCase()) && /[\p{L}\p{N}]/u.test(secret))
    // The longest first, so that a secret that contains another leaves no tail behind.
    .sort((a, b) => b.length - a.length);
  return known.length === 0 ? plain : plain.replace(anyOf(known), placeholder);
}

/** What is left of a text before it is looked at for what looks like a secret. */
const longestClean = 10 * longestDetail;
const ellipsis = "…";

function isCut(text: string): boolean {
  return text.endsWith(ellipsis);
}

function marked(text: string): string {
  return isCut(text) ? text : `${text}${ellipsis}`;
}

/** A text that was cut off, without the beginning of a secret at its end. */
function cut(text: string, secrets: readonly string[]): string {
  const kept = isCut(text) ? text.slice(0, -ellipsis.length) : text;
  const folded = kept.toLowerCase();
  const given = secrets.reduce((most, secret) => Math.max(most, beginningAtEnd(folded, secret.toLowerCase())), 0);
  return marked(kept.slice(0, kept.length - given));
}

/** How many characters at the end of the text are the beginning of the secret; too few give nothing away. */
function beginningAtEnd(text: string, secret: string): number {
  for (let length = Math.min(secret.length, text.length); length >= shortestPart; length--) {
    if (text.endsWith(secret.slice(0, length))) return length;
  }
  return 0;
}

function anyOf(secrets: readonly string[]): RegExp {
  const alternatives = secrets.map((secret) => {
    const literal = secret.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
    return secret.length < shortestPart ? `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])` : literal;
  });
  return new RegExp(alternatives.join("|"), "giu");
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const escapes: Readonly<Record<string, string>> = { n: " ", r: " ", t: " " };

/** Control and format characters, among them those that turn the direction of a text, and the ends of lines. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** As a person would write it: a service may repeat what it was sent in JSON, in HTML or as a part of a URL. */
function inPlainSpelling(text: string): string {
  if (!/[&%\\]|\s\s|^\s|\s$|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) return text;
  return text
    .replace(/&#(\d{1,7});/gu, (whole, code: string) => characterOf(Number(code)) ?? whole)
    .replace(/&#x([0-9a-f]{1,6});/giu, (whole, code: string) => characterOf(Number.parseInt(code, 16)) ?? whole)
    .replace(/&(amp|lt|gt|quot|apos);/gu, (whole, name: string) => entities[name] ?? whole)
    .replace(/(?:%[0-9a-f]{2})+/giu, percentDecoded)
    .replace(/\\u([0-9a-f]{4})/giu, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\(["\\/nrt])/gu, (_, character: string) => escapes[character] ?? character)
    .replace(invisible, " ")
    .replace(/\s+/gu, " ")
    .trim();
}

function characterOf(code: number): string | undefined {
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

function percentDecoded(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** As much of a text as is looked at, without half of an escape at its end. */
function beginningOf(text: string): string {
  return text.slice(0, longestText).replace(/(?:%[0-9a-f]?|&#?[0-9a-z]{0,8}|\\[0-9a-z]{0,4})$/iu, "");
}
