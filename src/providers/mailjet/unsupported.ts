import type { PreparedMessage } from "../../message/message.ts";
import {
  delayOf,
  fieldsIn,
  type Gap,
  hasHeaderAmong,
  mebibyte,
  noEmptyBody,
  recipientCount,
  templateReplacesBodies,
} from "../capability.ts";
import { type ForbiddenPath, refusedOptions } from "../provider-options.ts";

/** Answered by send-0011: https://dev.mailjet.com/email/guides/send-api-v31/#add-email-headers */
const reservedHeaders: ReadonlySet<string> = new Set([
  "from",
  "sender",
  "subject",
  "to",
  "cc",
  "bcc",
  "reply-to",
  "return-path",
  "delivered-to",
  "dkim-signature",
  "domainkey-status",
  "received-spf",
  "authentication-results",
  "received",
  "user-agent",
  "x-mailer",
  "date",
  "message-id",
  "list-id",
  "x-csa-complaints",
  "x-feedback-id",
  "x-mailjet-campaign",
  "x-mailjet-debug",
  "x-mailjet-deduplicatecampaign",
  "x-mailjet-prio",
  "x-mailjet-segmentation",
  "x-mailjet-trackclick",
  "x-mailjet-trackopen",
  "x-mj-customid",
  "x-mj-errormessage",
  "x-mj-eventpayload",
  "x-mj-mid",
  "x-mj-statisticscontactslistid",
  "x-mj-templateerrordeliver",
  "x-mj-templateerrorreporting",
  "x-mj-templateid",
  "x-mj-templatelanguage",
  "x-mj-vars",
  "x-mj-workflowid",
]);

/** https://dev.mailjet.com/email/reference/send-emails/ */
const gaps: readonly Gap[] = [
  ...templateReplacesBodies,
  ...noEmptyBody,
  { field: "recipients", when: (message) => recipientCount(message) > 50 },
  { field: "replyTo", when: ({ replyTo }) => replyTo.length > 1 },
  { field: "subject", when: ({ subject }) => subject.length > 255 && [...subject].length > 255 },
  { field: "attachments", when: ({ attachments }) => totalBytes(attachments) > 15 * mebibyte },
  { field: "attachments", when: ({ attachments }) => attachments.some(({ content }) => content.byteLength === 0) },
  { field: "headers", when: (message) => hasHeaderAmong(message, reservedHeaders) },
  { field: "tags", when: ({ tags }) => tags.length > 1 || tags.some((tag) => tag === "" || tag.length > 255) },
  { field: "template", when: ({ template }) => template !== undefined && !isTemplateId(template.id) },
  { field: "sendAt", when: (message) => delayOf(message) > 0 },
];

const forbidden: readonly ForbiddenPath[] = [
  ["Messages"],
  ["Globals"],
  ["To"],
  ["Cc"],
  ["Bcc"],
  ["Recipients"],
  ["SandboxMode"],
  ["CustomID"],
];

/** The fields of the message that Mailjet cannot carry. */
export function unsupported(message: PreparedMessage): readonly string[] {
  return [...fieldsIn(gaps, message), ...refusedOptions(message.providerOptions, forbidden)];
}

function totalBytes(attachments: PreparedMessage["attachments"]): number {
  return attachments.reduce((sum, { content }) => sum + content.byteLength, 0);
}

function isTemplateId(id: string): boolean {
  return /^[1-9]\d*$/.test(id) && Number.isSafeInteger(Number(id));
}
