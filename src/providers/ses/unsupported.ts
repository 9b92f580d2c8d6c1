import { idOfTheSend } from "../../message/labels.ts";
import type { Address, PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import { base64Length } from "../base64.ts";
import {
  delayOf,
  fieldsIn,
  type Gap,
  hasHeaderAmong,
  mebibyte,
  noSmtpUtf8,
  recipientCount,
  templateReplacesBodies,
} from "../capability.ts";
import { encodeHeader } from "../encoded-word.ts";
import { asciiMailbox } from "../mailbox.ts";
import { type ForbiddenPath, refusedOptions } from "../provider-options.ts";

/** https://docs.aws.amazon.com/ses/latest/dg/header-fields.html: what SES sets itself. */
const reservedHeaders: ReadonlySet<string> = new Set([
  "bcc",
  "cc",
  "content-disposition",
  "content-type",
  "date",
  "from",
  "message-id",
  "mime-version",
  "reply-to",
  "return-path",
  "subject",
  "to",
]);

/** https://docs.aws.amazon.com/ses/latest/dg/quotas.html and the API reference of SendEmail */
const gaps: readonly Gap[] = [
  ...noSmtpUtf8,
  ...templateReplacesBodies,
  { field: "from", when: ({ from }) => isTooLong(from) },
  { field: "to", when: ({ to }) => to.some(isTooLong) },
  { field: "cc", when: ({ cc }) => cc.some(isTooLong) },
  { field: "bcc", when: ({ bcc }) => bcc.some(isTooLong) },
  { field: "replyTo", when: ({ replyTo }) => replyTo.some(isTooLong) },
  { field: "subject", when: ({ subject, template }) => template !== undefined && subject !== "" },
  { field: "recipients", when: (message) => recipientCount(message) > 50 },
  { field: "size", when: ({ size }) => base64Length(size) > 40 * mebibyte },
  { field: "attachments", when: ({ attachments }) => attachments.some(isBeyondLimits) },
  { field: "headers", when: (message) => hasHeaderAmong(message, reservedHeaders) },
  { field: "headers", when: ({ headers }) => headers.length > 15 || !headers.every(isHeader) },
  { field: "tags", when: ({ tags, metadata }) => !tags.every(isTagText) || repeats([...tags, ...names(metadata)]) },
  { field: "metadata", when: ({ metadata }) => !metadata.flat().every(isTagText) || repeats(names(metadata)) },
  { field: "tracking", when: ({ tracking }) => tracking.opens || tracking.clicks },
  { field: "sendAt", when: (message) => delayOf(message) > 0 },
];

const forbidden: readonly ForbiddenPath[] = [["Destination"]];

/** The fields of the message that SES cannot carry. */
export function unsupported(message: PreparedMessage): readonly string[] {
  return [...fieldsIn(gaps, message), ...refusedOptions(message.providerOptions, forbidden)];
}

/** A mailbox with its name has at most 320 characters, as it is encoded. */
function isTooLong(mailbox: Address): boolean {
  return asciiMailbox(mailbox).length > 320;
}

/** What SES takes as name or value of a tag. */
export function isTagText(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,256}$/.test(text);
}

function names(metadata: PreparedMessage["metadata"]): readonly string[] {
  return metadata.map(([name]) => name);
}

/** Tags and metadata share the names with the id of the send. */
function repeats(tagNames: readonly string[]): boolean {
  return new Set([...tagNames, idOfTheSend]).size <= tagNames.length;
}

function isHeader([name, value]: readonly [string, string]): boolean {
  const encoded = encodeHeader(value);
  return name.length <= 126 && encoded.length >= 1 && encoded.length <= 995 && name.length + encoded.length <= 996;
}

function isBeyondLimits({ filename, contentType, contentId = "" }: PreparedAttachment): boolean {
  return filename.length > 255 || contentType.length > 78 || contentId.length > 78;
}
