import addressParser from "email-addresses";
import type { Address } from "./message.ts";
import type { Place } from "./problems.ts";
import { type Found, isArray, isObject, readList } from "./reading.ts";
import { headerFault } from "./text.ts";

export type ParsedAddress = { readonly address: Address } | { readonly problem: string };

/** One line of a mail (RFC 5322 §2.1.1). It also bounds the work of the parser, which is not linear. */
const longestText = 998;
/** Comments are what the parser is slowest at, and nobody writes many. */
const mostComments = 10;
/** RFC 5321 §4.5.3.1.1, in octets. */
const longestLocalPart = 64;
/** RFC 1035 §2.3.4, without the root. */
const longestDomain = 253;

const expected = 'must be an address: a string such as "Ada <ada@example.org>", or { name, address }';

const atom = "[\\w!#$%&'*+/=?^`{|}~\\u{80}-\\u{10ffff}-]+";
const dotAtom = new RegExp(`^${atom}(?:\\.${atom})*$`, "u");
const quotedString = /^"(?:[^"\\]|\\.)*"$/u;
const quotedParts = /"(?:[^"\\]|\\.)*"/gu;
const domainText = /^[A-Za-z0-9.\u{80}-\u{10ffff}-]+$/u;
const domainLabel = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * Nothing but an address in ASCII that no rule below refuses: the longest of addresses and of their parts included, an
 * internationalised domain (`xn--`) and a number as last label excluded. It stays as it is.
 */
const plainAddress =
  /^(?!.*[xX][nN]--)(?=.{3,253}$)(?=[^@]{1,64}@)[\w+-]+(?:\.[\w+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** What most addresses look like, recognised without the parser: it takes a hundred times as long. */
const plainName = /^(\w+(?: \w+)*) <([^<>]*)>$/;
const commonAddress = /^([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)$/;

/**
 * Reads one mailbox: `"Ada <ada@example.org>"`, `"ada@example.org"` or `{ name?, address }`.
 *
 * The domain comes out in ASCII (IDNA), the name as it was written, a comment (RFC 5322 §3.2.2) not at all. An address
 * is refused where no ESP would take it: without a dot in its domain, or with an IP address as domain. A problem says
 * what is wrong, never the value.
 */
export function parseAddress(value: unknown): ParsedAddress {
  if (typeof value === "string") return parseText(value);
  if (isObject(value) && !isArray(value)) return parseParts(value);
  return { problem: expected };
}

/** Reads one mailbox at a place of the message. */
export function readAddress(value: unknown, place: Place): Address | undefined {
  const parsed = parseAddress(value);
  return "address" in parsed ? parsed.address : place.refuse(parsed.problem);
}

/** Reads one mailbox or an array of them, repetitions included: what to do about those is the caller's business. */
export function readAddresses(value: unknown, place: Place): readonly Address[] {
  return value === undefined ? nobody : parseAll(listed(value, place));
}

/** The same where there must be one. */
export function readRecipients(value: unknown, place: Place): readonly Address[] {
  const found = value === undefined ? [] : listed(value, place);
  if (found?.length === 0) place.refuse("needs at least one recipient");
  return parseAll(found);
}

function listed(value: unknown, place: Place): readonly Found[] | undefined {
  return isArray(value) ? readList(value, place, "an array") : [{ value, place }];
}

const nobody: readonly Address[] = Object.freeze([]);

function parseAll(found: readonly Found[] = []): readonly Address[] {
  const addresses: Address[] = [];
  for (const { value, place } of found) {
    const address = readAddress(value, place);
    if (address !== undefined) addresses.push(address);
  }
  return Object.freeze(addresses);
}

function parseParts(value: object): ParsedAddress {
  let name: unknown;
  let address: unknown;
  let unknownFields: boolean;
  try {
    name = Reflect.get(value, "name");
    address = Reflect.get(value, "address");
    unknownFields = Object.keys(value).some((key) => key !== "name" && key !== "address");
  } catch {
    return { problem: "could not be read: one of its properties throws" };
  }
  if (typeof address !== "string") return { problem: "must have an address that is a string: { name?, address }" };
  if (unknownFields) return { problem: "has fields other than name and address" };
  if (name !== undefined && typeof name !== "string") return { problem: "has a name that is not a string" };
  const nameFault = faultOfName(name);
  if (nameFault !== undefined) return { problem: nameFault };
  const parsed = parseText(address);
  if ("problem" in parsed) return parsed;
  if (parsed.address.name !== undefined || address.replace(quotedParts, "").includes("<")) {
    return { problem: "has more than the bare address in its address; the name belongs in name" };
  }
  return { address: mailbox(name, parsed.address.address) };
}

function faultOfName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (name.length > longestText) return `has a name of more than ${longestText} characters`;
  const fault = headerFault(name);
  return fault === undefined ? undefined : `has a name that ${fault}`;
}

function parseText(text: string): ParsedAddress {
  if (plainAddress.test(text)) return { address: mailbox(undefined, text) };
  if (text.length > longestText) return { problem: `is longer than ${longestText} characters` };
  const fault = headerFault(text);
  if (fault !== undefined) return { problem: fault };
  const trimmed = text.trim();
  if (trimmed === "") return { problem: "is empty" };
  const [, name, address = trimmed] = plainName.exec(trimmed) ?? [];
  const [, local, domain] = commonAddress.exec(address) ?? [];
  if (name !== undefined && plainAddress.test(address)) return { address: mailbox(name, address) };
  if (local !== undefined && domain !== undefined) return assemble(name, local, domain);
  return parseHeaderForm(trimmed);
}

/** All that RFC 5322 and RFC 6532 allow. */
function parseHeaderForm(text: string): ParsedAddress {
  if (!/[@:]/.test(text)) return { problem: noAt };
  if (text.split("(").length > mostComments + 1) return { problem: "has too many parentheses" };
  const found = addressParser({ input: text, rfc6532: true })?.addresses;
  const [first, ...others] = found ?? [];
  if (first === undefined) return { problem: whyUnreadable(text) };
  if ([first, ...others].some(({ type }) => type === "group")) {
    return { problem: "is a group of addresses; give its members, as an array" };
  }
  if (first.type === "group" || others.length > 0) return { problem: several };
  const { name, local, domain, parts } = first;
  const tokens = parts.local.tokens.trim();
  const wholeName = quotedText(parts.name?.tokens) ?? name ?? undefined;
  return assemble(wholeName, quotedString.test(tokens) ? tokens : local.trim(), domain);
}

/** What stands in a quoted string, its blanks included; the parser counts several as one. */
function quotedText(tokens = ""): string | undefined {
  const text = tokens.trim();
  return quotedString.test(text) ? text.slice(1, -1).replace(/\\(.)/gsu, "$1") : undefined;
}

const noAt = "has no @";
const several = "holds more than one address; give an array, with one address in each string";

function whyUnreadable(text: string): string {
  if (!text.includes("@")) return noAt;
  const angle = /^([^<>]*)(<[^<>]*>)$/.exec(text);
  const [, before = "", address = ""] = angle ?? [];
  if (/[^\s@]@[^\s@]+\.[^\s@]/.test(before)) return several;
  if (address.includes("@") && addressParser({ input: address, rfc6532: true }) !== null) {
    return 'has a name with characters that need quotes, such as , : ; @ [ ] or "; write "\\"Last, First\\" <…>" or { name, address }';
  }
  if (angle === null && text.replace(/"[^"]*"/g, "").split("@").length > 2) {
    return "has more than one @; several addresses are given as an array, with one address in each string";
  }
  return "is not an address in a form that RFC 5322 knows";
}

function assemble(name: string | undefined, local: string, domain: string): ParsedAddress {
  if (!dotAtom.test(local) && !quotedString.test(local)) return { problem: "is malformed before the @" };
  if (Buffer.byteLength(local) > longestLocalPart) {
    return { problem: `has more than ${longestLocalPart} octets before the @` };
  }
  if (domain.startsWith("[")) return { problem: "has an IP address as its domain, which no provider delivers to" };
  const ascii = asciiDomain(domain);
  if (ascii === undefined) return { problem: "has an invalid domain" };
  if (!ascii.includes(".")) return { problem: "has a domain without a dot, which no provider delivers to" };
  if (/\.\d+$/.test(ascii)) return { problem: "has an IP address as its domain, which no provider delivers to" };
  return { address: mailbox(name, `${local}@${ascii}`) };
}

/** The domain in letters, digits and hyphens; one that already is stays as it was written. */
function asciiDomain(domain: string): string | undefined {
  // domainToASCII is a URL's host parser: it would decode %41 and cut at a slash.
  if (!domainText.test(domain)) return undefined;
  const needsIdna = /\P{ASCII}|[xX][nN]--/u.test(domain);
  const converted = needsIdna ? process.getBuiltinModule("node:url").domainToASCII(domain) : domain;
  if (converted === "" || converted.length > longestDomain) return undefined;
  return converted.split(".").every((label) => domainLabel.test(label)) ? converted : undefined;
}

function mailbox(name: string | undefined, address: string): Address {
  return Object.freeze(name === undefined || name.trim() === "" ? { address } : { name, address });
}
