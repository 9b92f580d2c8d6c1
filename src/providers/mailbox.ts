import type { Address } from "../message/message.ts";
import { encodeWords, isPrintableAscii, looksEncoded } from "./encoded-word.ts";

/** A mailbox as a header writes it, in ASCII: `"Lovelace, Ada" <ada@example.org>`. */
export function asciiMailbox({ name, address }: Address): string {
  return name === undefined ? address : `${asciiPhrase(name)} <${address}>`;
}

/** The same in UTF-8 (RFC 6532), for an ESP that encodes it itself. */
export function utf8Mailbox({ name, address }: Address): string {
  return name === undefined ? address : `${looksEncoded(name) ? encodeWords(name) : phrase(name)} <${address}>`;
}

function asciiPhrase(name: string): string {
  return isPrintableAscii(name) && !looksEncoded(name) ? phrase(name) : encodeWords(name);
}

/**
 * Words with nothing between them but single spaces need no quotes (RFC 5322 §3.2.3 and §3.2.5, RFC 6532 §3.2). Other
 * blanks are letters of a word by that grammar, but readers trim them.
 */
const words = /^[\w!#$%&'*+/=?^`{|}~\u{80}-\u{10ffff}-]+(?: [\w!#$%&'*+/=?^`{|}~\u{80}-\u{10ffff}-]+)*$/u;

function phrase(name: string): string {
  return words.test(name) && !/[^\S ]/u.test(name) ? name : quote(name);
}

/** A quoted string (RFC 5322 §3.2.4). */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
