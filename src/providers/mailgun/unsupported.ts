import type { Field, PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import {
  delayOf,
  fieldsIn,
  type Gap,
  hasHeaderAmong,
  mebibyte,
  noEmptyBody,
  noSmtpUtf8,
  recipientCount,
} from "../capability.ts";
import { isPrintableAscii } from "../encoded-word.ts";
import { utf8Mailbox } from "../mailbox.ts";
import { type ForbiddenPath, refusedOptions } from "../provider-options.ts";
import { headerFields, metadataFields, variables } from "./request.ts";

const day = 24 * 60 * 60 * 1_000;

/** What `h:` would set a second time. */
const reservedHeaders: ReadonlySet<string> = new Set([
  "from",
  "to",
  "cc",
  "bcc",
  "subject",
  "reply-to",
  "content-type",
  "mime-version",
]);

/** https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages */
const gaps: readonly Gap[] = [
  ...noSmtpUtf8,
  ...noEmptyBody,
  { field: "recipients", when: (message) => recipientCount(message) > 1_000 },
  { field: "html", when: ({ html, template }) => template !== undefined && Boolean(html) },
  { field: "headers", when: (message) => hasHeaderAmong(message, reservedHeaders) },
  { field: "headers", when: ({ headers }) => headers.some(([name]) => isMisread(name)) },
  { field: "metadata", when: ({ metadata }) => metadata.some(([name]) => isMisread(name)) },
  { field: "attachments", when: ({ attachments }) => attachments.some(isMisreadFile) },
  { field: "tags", when: ({ tags }) => tags.length > 10 || tags.some((tag) => !isTag(tag)) },
  { field: "sendAt", when: (message) => delayOf(message) > 3 * day },
  { field: "size", when: ({ size }) => size > 25 * mebibyte },
];

/**
 * Whether a reader of forms takes part of a name for a line break or a quote: that is how their writers escape them, and
 * they escape no percent sign. A header's name would become two headers.
 *
 * @see https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
 */
function isMisread(name: string): boolean {
  return /%22|%0[AD]/i.test(name);
}

function isMisreadFile({ filename, contentId }: PreparedAttachment): boolean {
  return contentId === undefined ? /%0[AD]/i.test(filename) : isMisread(contentId);
}

/** All fields that begin with o:, h:, v: or t: together. */
const optionBytes = 16 * 1024;

/** For the options of every message: tracking, time of delivery, the id of the send. */
const roomForOurs = 300;

const forbidden: readonly ForbiddenPath[] = [["to"], ["cc"], ["bcc"], ["h:To"], ["h:Cc"], ["h:Bcc"], ["o:testmode"]];

/** The fields of the message that Mailgun cannot carry. */
export function unsupported(message: PreparedMessage): readonly string[] {
  const fields = new Set([...fieldsIn(gaps, message), ...beyondOptionBytes(message)]);
  return [...fields, ...refusedOptions(message.providerOptions, forbidden)];
}

/** Of the fields that share the options' room, the largest ones, until the rest fits. */
function beyondOptionBytes(message: PreparedMessage): readonly Field[] {
  const shares: readonly (readonly [Field, number])[] = [
    ["headers", bytesOf(headerFields(message))],
    ["replyTo", Buffer.byteLength(message.replyTo.map(utf8Mailbox).join(", "))],
    ["metadata", bytesOf(metadataFields(message))],
    ["template", Buffer.byteLength(variables(message) ?? "")],
    ["tags", message.tags.reduce((sum, tag) => sum + "o:tag".length + tag.length, 0)],
  ];
  let rest = roomForOurs + shares.reduce((sum, [, bytes]) => sum + bytes, 0);
  const fields: Field[] = [];
  for (const [field, bytes] of shares.toSorted(([, a], [, b]) => b - a)) {
    if (rest <= optionBytes) break;
    fields.push(field);
    rest -= bytes;
  }
  return fields;
}

function bytesOf(fields: Readonly<Record<string, string>>): number {
  return Object.entries(fields).reduce((sum, entry) => sum + Buffer.byteLength(entry.join("")), 0);
}

function isTag(tag: string): boolean {
  return tag !== "" && tag.length <= 128 && isPrintableAscii(tag);
}
