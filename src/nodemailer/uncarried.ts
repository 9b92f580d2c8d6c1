import type { Problem } from "../errors.ts";
import { type Fields, fieldsOf, listOf } from "./mail.ts";

/** Fields that may be left out of a mail without a word, if `SteadymailTransportOptions.ignore` names them. */
export type IgnorableField =
  | "messageId"
  | "date"
  | "sender"
  | "envelope"
  | "dsn"
  | "requireTLSExtensionEnabled"
  | "auth"
  | "ses"
  | "dkim"
  | "amp"
  | "watchHtml"
  | "alternatives"
  | "otp";

/** What the API of no ESP takes, whatever its value, and why. */
const uncarried: ReadonlyMap<IgnorableField, string> = new Map([
  ["messageId", "is written by the provider, and told in the receipt"],
  ["date", "is written by the provider"],
  ["dsn", "has no place at a provider's API; its webhooks tell of deliveries and bounces"],
  ["requireTLSExtensionEnabled", "has no place at a provider's API"],
  ["auth", "is of the providers' adapters"],
  ["ses", "is of one provider; use steadymail.providerOptions"],
  ["dkim", "is the provider's: it signs with the keys of the domain that is verified there"],
  ["amp", "is a part that no provider's API takes"],
  ["watchHtml", "is a part that no provider's API takes"],
  ["otp", "has no field here; give its header OTP-Token in headers"],
]);

export const ignorableFields: readonly IgnorableField[] = [...uncarried.keys(), "sender", "envelope", "alternatives"];

/** All that a message asks for and that would be lost. Nothing was read or sent by then. */
export function problemsOf(data: Fields, ignored: ReadonlySet<string>): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [path, message] of uncarried) {
    if (!ignored.has(path) && isSet(data[path])) problems.push({ path, message });
  }
  if (isSet(data.raw)) {
    problems.push({ path: "raw", message: "is a whole message, which no provider's API takes; give its parts" });
  }
  problems.push(...partsOf(data).flatMap(partProblems));
  if (!ignored.has("alternatives")) {
    for (const [at, alternative] of listOf(data.alternatives).entries()) {
      if (isCalendar(alternative)) continue;
      const message = "is an alternative part, which no provider's API takes but for text/calendar";
      problems.push({ path: `alternatives[${at}]`, message });
    }
  }
  return [...problems, ...accessProblems(data), ...headerProblems(data.headers)];
}

/** A calendar goes as an attachment of that type, which mail clients show as an invitation too. */
export function isCalendar(alternative: unknown): boolean {
  const { contentType } = fieldsOf(alternative);
  return typeof contentType === "string" && /^text\/calendar\b/i.test(contentType) && !isSet(fieldsOf(alternative).raw);
}

function partProblems({ path, part }: Part): readonly Problem[] {
  const { raw, headers, contentDisposition, cid } = fieldsOf(part);
  const problems: Problem[] = [];
  if (isSet(raw)) problems.push({ path: `${path}.raw`, message: "is a whole part; give its content" });
  if (isSet(headers)) problems.push({ path: `${path}.headers`, message: "has no place at a provider's API" });
  if (contentDisposition === "inline" && !isSet(cid)) {
    const message = 'is "inline" without a cid, which providers cannot show; give it a cid, or leave it out';
    problems.push({ path: `${path}.contentDisposition`, message });
  }
  return problems;
}

/** Beside Nodemailer's own check, which older versions do not make for every part. */
function accessProblems(data: Fields): readonly Problem[] {
  return partsOf(data).flatMap(({ path, part }) => {
    const { path: file, href } = { ...fieldsOf(fieldsOf(part).content), ...fieldsOf(part) };
    const source = [file, href].find((value) => typeof value === "string" && !/^data:/i.test(value));
    if (source === undefined) return [];
    const isUrl = source === href || /^https?:/i.test(String(source));
    if (data[isUrl ? "disableUrlAccess" : "disableFileAccess"] !== true) return [];
    const message = isUrl ? "is a URL, and disableUrlAccess is set" : "is a file, and disableFileAccess is set";
    return [{ path, message }];
  });
}

interface Part {
  /** `text`, `attachments[0]`. */
  readonly path: string;
  readonly part: unknown;
}

/** All that has a content of its own and is carried. */
export function partsOf(data: Fields): readonly Part[] {
  const single = ["text", "html", "icalEvent"].map((path) => ({ path, part: data[path] }));
  const many = ["attachments", "alternatives"].flatMap((name) =>
    listOf(data[name]).map((part, at) => ({
      path: `${name}[${at}]`,
      part,
      isCarried: name === "attachments" || isCalendar(part),
    })),
  );
  return [...single, ...many.filter(({ isCarried }) => isCarried)].filter(({ part }) => isSet(part));
}

function headerProblems(headers: unknown): readonly Problem[] {
  const seen = new Set<string>();
  return headerEntries(headers).flatMap(({ name, value }) => {
    const key = name.toLowerCase();
    const isRepeated = seen.has(key) || (Array.isArray(value) && value.length > 1);
    seen.add(key);
    const path = /^[\w-]{1,64}$/.test(name) ? `headers.${name}` : "headers";
    return isRepeated ? [{ path, message: "is given several times, and providers take a header once" }] : [];
  });
}

/** Name and value of each header, of an object or of an array of `{ key, value }`. */
export function headerEntries(headers: unknown): readonly { readonly name: string; readonly value: unknown }[] {
  if (Array.isArray(headers)) {
    return headers.map(fieldsOf).map(({ key, value }) => ({ name: String(key), value }));
  }
  return Object.entries(fieldsOf(headers)).map(([name, value]) => ({ name, value }));
}

export function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== "";
}
