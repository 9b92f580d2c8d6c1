const placeholder = "[redacted]";
const longestDetail = 300;

/** Anything with an @ between two runs of non-blank characters, quoted local parts included. */
const address = /(?:"[^"\n]*"|[^\s<>"'`,;:()[\]{}]+)@[^\s<>"'`,;:()[\]{}]+/gu;

/** The shapes in which credentials of the four ESPs, and of HTTP, usually appear. */
const credential =
  /\b(?:(?:Bearer|Basic)\s+[\w+/=.~-]+|SG\.[\w-]+\.[\w-]+|key-[0-9a-z]{16,}|A[KS]IA[0-9A-Z]{12,}|[0-9a-f]{32,}(?:-[0-9a-f]+)*)/giu;

/**
 * Makes a foreign text fit for errors, events and logs: without the given strings, without anything that looks like an
 * address or a credential, on one line, and short.
 */
export function redact(text: string, secrets: Iterable<string>): string {
  // The longest first, so that a secret that contains another leaves no tail behind.
  const known = [...new Set(secrets)]
    .filter((secret) => /[\p{L}\p{N}]/u.test(secret))
    .sort((a, b) => b.length - a.length);
  const withoutSecrets = known.reduce(
    (rest, secret) => (secret.length < 3 ? replaceWord(rest, secret) : rest.replaceAll(secret, placeholder)),
    text,
  );
  // The patterns below are not linear, so they see no more than what can matter.
  const clean = withoutSecrets
    .slice(0, 10 * longestDetail)
    .replace(address, placeholder)
    .replace(credential, placeholder)
    .replace(/\s+/gu, " ")
    .trim();
  return clean.length > longestDetail ? `${clean.slice(0, longestDetail)}…` : clean;
}

/** A very short secret is replaced as a word only: a one-letter subject must not blank every such letter. */
function replaceWord(text: string, word: string): string {
  const literal = word.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, "gu"), placeholder);
}
