import type { Place } from "./problems.ts";
import { readEntries } from "./reading.ts";
import { headerFault } from "./text.ts";

export type NameAndValue = readonly [name: string, value: string];

/** A header's name: printable ASCII without the colon (RFC 5322 §3.6.8). */
const headerName = /^[!-9;-~]+$/;

const ownField = (field: string) => `has a field of its own: use ${field}`;
const structure = "is written from text, html and attachments";
const providersOwn = "is written by the provider";

/** Headers that a message cannot set: they have a field, or all or some of the ESPs refuse or overwrite them. */
const reserved: ReadonlyMap<string, string> = new Map([
  ["from", ownField("from")],
  ["sender", ownField("from")],
  ["to", ownField("to")],
  ["cc", ownField("cc")],
  ["bcc", ownField("bcc")],
  ["reply-to", ownField("replyTo")],
  ["subject", ownField("subject")],
  ["content-type", structure],
  ["content-transfer-encoding", structure],
  ["content-disposition", structure],
  ["content-id", structure],
  ["mime-version", structure],
  ["date", `${providersOwn}; for a later delivery use sendAt`],
  ["message-id", providersOwn],
  ["return-path", providersOwn],
  ["received", providersOwn],
  ["delivered-to", providersOwn],
  ["dkim-signature", providersOwn],
  ["domainkey-signature", providersOwn],
  ["authentication-results", providersOwn],
  ["received-spf", providersOwn],
  ["arc-seal", providersOwn],
  ["arc-message-signature", providersOwn],
  ["arc-authentication-results", providersOwn],
]);

/** Name and value of each header, in order; names are unique whatever their case. */
export function readHeaders(value: unknown, place: Place): readonly NameAndValue[] {
  if (value === undefined) return [];
  const seen = new Set<string>();
  return readEntries(value, place, "an object of header names and values").flatMap((entry) => {
    const value = readHeader(entry.key, entry.value, seen, entry.place);
    return value === undefined ? [] : [Object.freeze([entry.key, value] as const)];
  });
}

function readHeader(name: string, value: unknown, seen: Set<string>, place: Place): string | undefined {
  if (!headerName.test(name)) return place.refuse("has a name that is not allowed: printable ASCII, no space or colon");
  const key = name.toLowerCase();
  const reason = reserved.get(key);
  if (reason !== undefined) return place.refuse(reason);
  if (seen.has(key)) return place.refuse("is given twice, in different case");
  seen.add(key);
  if (typeof value !== "string") return place.refuse("must be a string");
  const fault = headerFault(value, { tab: true });
  return fault === undefined ? value : place.refuse(fault);
}
