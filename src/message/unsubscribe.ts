import { parseAddress } from "./addresses.ts";
import type { NameAndValue } from "./headers.ts";
import { MergeText } from "./merge-text.ts";
import type { Place } from "./problems.ts";
import { readFields } from "./reading.ts";
import { encodingFault, headerFault } from "./text.ts";

/** How the recipients of a message are let go, read once; `{{placeholders}}` are filled for each of them. */
export interface Unsubscribe {
  /** What was read. */
  readonly source: unknown;
  /** The variables that it names. */
  readonly names: readonly string[];
  /** The headers for one recipient, who must have every variable of `names`. A problem never holds a value. */
  fill(variables: ReadonlyMap<string, string>): Filled<readonly NameAndValue[]>;
}

export type Filled<T> = { readonly value: T } | { readonly problem: string };

/** One URI of the header. */
interface Uri {
  readonly names: readonly string[];
  /** Nothing but one placeholder, whose value is then all there is. */
  readonly isVariable: boolean;
  readonly fill: (valueIn: (name: string) => string) => Filled<string>;
}

const listUnsubscribe = "List-Unsubscribe";
const oneClick: NameAndValue = Object.freeze([`${listUnsubscribe}-Post`, `${listUnsubscribe}=One-Click`]);
const headerNames: ReadonlySet<string> = new Set([listUnsubscribe.toLowerCase(), oneClick[0].toLowerCase()]);

/** `unsubscribe: false`: the message says that it needs none. */
const none: Unsubscribe = { source: false, names: [], fill: () => ({ value: [] }) };

/**
 * Reads `unsubscribe` of a message, placeholders and all.
 *
 * The https URI comes first: RFC 2369 §2 lists in order of preference, and RFC 8058 §3.1 asks for exactly one https URI
 * beside others of other kinds.
 *
 * @returns `undefined` where it is not given, or was refused
 * @see https://www.rfc-editor.org/rfc/rfc8058#section-3.1
 * @see https://www.rfc-editor.org/rfc/rfc2369#section-2
 */
export function parseUnsubscribe(value: unknown, place: Place): Unsubscribe | undefined {
  if (value === undefined) return undefined;
  if (value === false) return none;
  const fields = readFields(value, ["url", "mailto"], place, "an object: { url, mailto? }; or false");
  if (fields === undefined) return undefined;
  const url = parseUri(fields.url, place.key("url"), urlTemplate);
  const mailto = fields.mailto === undefined ? undefined : parseUri(fields.mailto, place.key("mailto"), mailtoTemplate);
  if (url === undefined || (mailto === undefined && fields.mailto !== undefined)) return undefined;
  const uris = mailto === undefined ? [url] : [url, mailto];
  return {
    source: fields,
    names: [...new Set(uris.flatMap(({ names }) => names))],
    fill: (variables) => fillAll(uris, variables),
  };
}

/** The headers of a message of its own, whose `unsubscribe` has nothing to be filled in. */
export function readUnsubscribe(
  value: unknown,
  place: Place,
  headers: readonly NameAndValue[],
): readonly NameAndValue[] {
  const parsed = parseUnsubscribe(value, place);
  if (parsed === undefined || parsed === none) return [];
  if (setsUnsubscribe(headers)) place.refuse(headerGiven);
  if (parsed.names.length > 0) {
    place.refuse("holds {{placeholders}}, which only sendBulk fills; a single send takes the address as it is");
    return [];
  }
  const filled = parsed.fill(new Map());
  return "value" in filled ? filled.value : (place.refuse(filled.problem) ?? []);
}

/** Why a message may not have both. */
export const headerGiven = `stands beside a header ${listUnsubscribe} or ${oneClick[0]}, which it writes; leave one of them out`;

/** Whether headers of the caller's say themselves how to unsubscribe. */
export function setsUnsubscribe(headers: readonly NameAndValue[]): boolean {
  return headers.some(([name]) => headerNames.has(name.toLowerCase()));
}

function fillAll(uris: readonly Uri[], variables: ReadonlyMap<string, string>): Filled<readonly NameAndValue[]> {
  const listed: string[] = [];
  for (const { fill } of uris) {
    const filled = fill((name) => variables.get(name) ?? "");
    if ("problem" in filled) return filled;
    listed.push(`<${filled.value}>`);
  }
  return { value: Object.freeze([Object.freeze([listUnsubscribe, listed.join(", ")] as const), oneClick]) };
}

function parseUri(
  value: unknown,
  place: Place,
  parse: (text: string, place: Place) => Uri | undefined,
): Uri | undefined {
  if (typeof value !== "string") return place.refuse(value === undefined ? "is missing" : "must be a string");
  const fault = headerFault(value);
  if (fault !== undefined) return place.refuse(fault);
  const uri = parse(value, place);
  if (uri === undefined || uri.isVariable) return uri;
  const one = uri.fill(() => "a");
  if ("problem" in one) return place.refuse(one.problem);
  const other = uri.names.length === 0 ? one : uri.fill(() => "b");
  if ("problem" in other || hostOf(one.value) !== hostOf(other.value)) {
    return place.refuse("has a placeholder in its host, which must be the same for all");
  }
  return uri;
}

/** Where a URI leads. */
function hostOf(uri: string): string {
  const { origin, pathname, protocol } = new URL(uri);
  return protocol === "mailto:" ? pathname.slice(pathname.lastIndexOf("@")) : origin;
}

function urlTemplate(text: string, place: Place): Uri | undefined {
  const template = MergeText.parse(text, place);
  if (template === undefined) return undefined;
  const isVariable = isOneVariable(template);
  return {
    names: template.names,
    isVariable,
    fill: (valueIn) => {
      const filled = isVariable ? { value: template.fill(valueIn) } : encoded(template, valueIn);
      return "problem" in filled ? filled : httpsUri(filled.value);
    },
  };
}

function isOneVariable({ names, literals }: MergeText): boolean {
  return names.length === 1 && literals.every((literal) => literal === "");
}

/** Filled with values that stay what they are within a URI. */
function encoded(template: MergeText, valueIn: (name: string) => string): Filled<string> {
  let problem: string | undefined;
  const value = template.fill((name) => {
    const raw = valueIn(name);
    problem ??= encodingFault(raw);
    return problem === undefined ? encodeURIComponent(raw) : "";
  });
  return problem === undefined ? { value } : { problem: `has a variable that ${problem}` };
}

function httpsUri(text: string): Filled<string> {
  const fault = headerFault(text);
  if (fault !== undefined) return { problem: fault };
  // A URL would drop blanks at its ends; within brackets of its own it would be no URL.
  if (/[\s<>]/.test(text)) return { problem: "holds a blank or an angle bracket; write them as %20, %3C and %3E" };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:") return { problem: "must be a whole https: URL; RFC 8058 allows no other" };
  if (url.username !== "" || url.password !== "") return { problem: "has a name or password in it" };
  if (url.hash !== "" || text.includes("#")) return { problem: "has a fragment (#…), which no server is ever told" };
  return { value: fitForHeader(url) };
}

/** A comma ends a URI for simple readers, and `=?` begins an encoded word (RFC 2047). */
function fitForHeader({ origin, pathname, search }: URL): string {
  const path = search === "" ? pathname : pathname.replace(/=$/, "%3D");
  const query = search === "" ? "" : `?${search.slice(1).replaceAll("?", "%3F")}`;
  return `${origin}${path}${query}`.replaceAll(",", "%2C");
}

/** An address, or a `mailto:` URI with a subject and a body at most (RFC 6068). */
function mailtoTemplate(text: string, place: Place): Uri | undefined {
  const [, address = text, query = ""] = /^mailto:([^?]*)(?:\?(.*))?$/i.exec(text) ?? [];
  const to = MergeText.parse(address === text ? text : decoded(address), place);
  const fields = MergeText.parse(query, place);
  if (to === undefined || fields === undefined) return undefined;
  return {
    names: [...to.names, ...fields.names],
    isVariable: isOneVariable(to),
    fill: (valueIn) => {
      const mailbox = mailtoAddress(to.fill(valueIn));
      if ("problem" in mailbox || query === "") return mailbox;
      const filled = encoded(fields, valueIn);
      if ("problem" in filled) return filled;
      if (!mailtoFields.test(filled.value)) return { problem: mailtoFieldsExpected };
      return { value: `${mailbox.value}?${filled.value}` };
    },
  };
}

const mailtoFieldsExpected = "may have a subject and a body after the ?, percent-encoded, and nothing else";
const mailtoField = "(?:subject|body)=(?:[\\w.~!$'()*+:@/-]|%[0-9A-Fa-f]{2})*";
const mailtoFields = new RegExp(`^${mailtoField}(?:&${mailtoField})*$`);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function mailtoAddress(text: string): Filled<string> {
  const parsed = parseAddress({ address: text });
  if ("problem" in parsed) return parsed;
  const { address } = parsed.address;
  const at = address.lastIndexOf("@");
  const local = address.slice(0, at);
  if (!/^[!#-~]+$/.test(local)) return { problem: "has letters outside ASCII, or quotes, before the @" };
  return { value: `mailto:${local.replace(/[^\w.+~!$*'-]/g, encodeURIComponent)}${address.slice(at)}` };
}
