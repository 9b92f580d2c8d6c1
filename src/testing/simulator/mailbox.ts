import emailAddresses from "email-addresses";
import { decodeWords } from "postal-mime";
import type { Address } from "../../message/message.ts";

/** Reads a mailbox as a header writes it (RFC 5322, section 3.4); nothing if it is none, or not just one. */
export function parseMailbox(text: string): Address | undefined {
  const mailboxes = parseMailboxes(text);
  return mailboxes?.length === 1 ? mailboxes[0] : undefined;
}

/** Reads mailboxes with commas between them; nothing if one of them is none. */
export function parseMailboxes(text: string): readonly Address[] | undefined {
  const parsed = emailAddresses.parseAddressList({ input: text, rfc6532: true });
  if (!parsed) return undefined;
  const mailboxes = parsed.map((entry) => (entry.type === "mailbox" ? mailbox(entry) : undefined));
  return mailboxes.every((entry) => entry !== undefined) ? mailboxes : undefined;
}

function mailbox({ name, parts }: emailAddresses.ParsedMailbox): Address | undefined {
  // As written: the parser's own form has lost the quotes of a local part.
  const address = parts.address.tokens.trim();
  if (!hasMailDomain(address)) return undefined;
  if (!name) return { address };
  // An encoded word within quotes is plain text (RFC 2047, section 5).
  return { name: quotedText(parts.name?.tokens.trim()) ?? decodeWords(name), address };
}

/** What stands in a quoted string, its blanks included; the parser counts several as one. */
function quotedText(tokens = ""): string | undefined {
  return /^"((?:[^"\\]|\\.)*)"$/su.exec(tokens)?.[1]?.replace(/\\(.)/gsu, "$1");
}

/** What most addresses look like, recognised without the parser: it takes a hundred times as long. */
const commonAddress = /^[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9.-]+$/;

/** Whether the text is an address and nothing else: no name, no comment, no brackets. */
export function isAddress(text: string): boolean {
  if (commonAddress.test(text)) return hasMailDomain(text);
  const parsed = parseMailbox(text);
  return parsed !== undefined && parsed.name === undefined && parsed.address === text;
}

const domainLabel = /^[\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}_])?$/u;

/** A host name of two labels or more, the last one not a number: what mail goes to on the public internet. */
function hasMailDomain(address: string): boolean {
  const domain = address.slice(address.lastIndexOf("@") + 1);
  const labels = domain.split(".");
  return (
    domain.length <= 253 &&
    labels.length > 1 &&
    labels.every((label) => label.length <= 63 && domainLabel.test(label)) &&
    !/^\d+$/u.test(labels.at(-1) ?? "")
  );
}

export function isAscii(text: string): boolean {
  return !/[^\0-\x7F]/u.test(text);
}
