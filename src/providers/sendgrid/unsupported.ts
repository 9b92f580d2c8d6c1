import type { PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import { base64Length } from "../base64.ts";
import {
  delayOf,
  fieldsIn,
  type Gap,
  hasHeaderAmong,
  mebibyte,
  noEmptyBody,
  noSmtpUtf8,
  recipientCount,
  templateReplacesBodies,
} from "../capability.ts";
import { isPrintableAscii } from "../encoded-word.ts";
import { type ForbiddenPath, refusedOptions } from "../provider-options.ts";

const hour = 60 * 60 * 1_000;

/** Room for the id of the send in the 10,000 bytes of custom arguments. */
const roomForId = 160;

/** https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send */
const reservedHeaders: ReadonlySet<string> = new Set([
  "x-sg-id",
  "x-sg-eid",
  "received",
  "dkim-signature",
  "content-type",
  "content-transfer-encoding",
  "to",
  "from",
  "subject",
  "reply-to",
  "cc",
  "bcc",
]);

/** https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations */
const gaps: readonly Gap[] = [
  ...noSmtpUtf8,
  ...noEmptyBody,
  ...templateReplacesBodies.map((gap) => ({ ...gap, when: (m: PreparedMessage) => isDynamic(m) && gap.when(m) })),
  { field: "recipients", when: (message) => recipientCount(message) > 1_000 },
  {
    field: "cc",
    when: ({ to, cc }) => cc.some((copy) => to.some(({ address }) => sameMailbox(address, copy.address))),
  },
  { field: "replyTo", when: ({ replyTo }) => replyTo.length > 1_000 },
  { field: "subject", when: ({ subject, template }) => subject === "" && template === undefined },
  // It would use the template's own: https://github.com/sendgrid/sendgrid-nodejs/issues/834
  { field: "subject", when: (message) => isDynamic(message) && message.subject !== "" },
  { field: "headers", when: (message) => hasHeaderAmong(message, reservedHeaders) },
  {
    field: "tags",
    when: ({ tags }) => tags.length > 10 || !tags.every(isCategory) || new Set(tags).size < tags.length,
  },
  { field: "attachments", when: ({ attachments }) => !attachments.every(isCarried) },
  {
    field: "metadata",
    when: ({ metadata }) => metadata.length > 0 && bytesOf(Object.fromEntries(metadata)) > 10_000 - roomForId,
  },
  // Templates of the old kind know substitutions only, which the SDK makes of nothing but strings.
  {
    field: "template",
    when: (m) => m.template !== undefined && !isDynamic(m) && Object.keys(m.template.variables).length > 0,
  },
  { field: "sendAt", when: (message) => delayOf(message) > 72 * hour },
  { field: "size", when: ({ size }) => base64Length(size) > 30 * mebibyte },
];

const forbidden: readonly ForbiddenPath[] = [
  ["personalizations"],
  ["to"],
  ["cc"],
  ["bcc"],
  ["mail_settings", "bcc"],
  ["mail_settings", "sandbox_mode"],
];

/** The fields of the message that SendGrid cannot carry. */
export function unsupported(message: PreparedMessage): readonly string[] {
  return [...fieldsIn(gaps, message), ...refusedOptions(message.providerOptions, forbidden)];
}

export function isDynamic({ template }: PreparedMessage): boolean {
  return template?.id.startsWith("d-") ?? false;
}

function sameMailbox(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function isCategory(tag: string): boolean {
  return isPrintableAscii(tag) && tag !== "" && tag.length <= 255;
}

/** An empty file is refused, and so are the parameters of a media type. */
function isCarried({ content, contentType }: PreparedAttachment): boolean {
  return content.byteLength > 0 && contentType !== "" && !contentType.includes(";");
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
