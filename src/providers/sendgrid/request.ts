import { idOfTheSend } from "../../message/labels.ts";
import type { Address, PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import { base64 } from "../base64.ts";
import { delayOf, recipientCount } from "../capability.ts";
import { encodeHeader } from "../encoded-word.ts";
import { filled } from "../filled.ts";
import { quote } from "../mailbox.ts";
import { isDynamic } from "./unsupported.ts";

/**
 * The message as the body of a request. Absent fields are `undefined`: JSON leaves them out.
 *
 * @see https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
 */
export function sendgridMail(message: PreparedMessage, id: string) {
  const { subject, template, tracking } = message;
  return {
    personalizations: [personalization(message)],
    from: mailbox(message.from, "sender"),
    reply_to_list: repliesTo(message),
    // An empty subject is valid beside a template alone, which then has its own.
    subject: subject === "" ? undefined : subject,
    content: contents(message),
    template_id: template?.id,
    attachments: filled(message.attachments.map(attachment)),
    categories: filled(message.tags),
    custom_args: { ...(message.metadata.length > 0 && Object.fromEntries(message.metadata)), [idOfTheSend]: id },
    tracking_settings: {
      click_tracking: { enable: tracking.clicks, enable_text: tracking.clicks },
      open_tracking: { enable: tracking.opens },
    },
    // In seconds; rounded up, since it must not be sent before.
    send_at: message.sendAt !== undefined && delayOf(message) > 0 ? Math.ceil(message.sendAt / 1_000) : undefined,
  };
}

function repliesTo({ replyTo }: PreparedMessage) {
  return replyTo.length > 0 ? replyTo.filter(unrepeated()).map((one) => mailbox(one, "sender")) : undefined;
}

/** An empty part is refused; without it the mail looks the same. */
function contents({ text, html }: PreparedMessage) {
  const parts: { readonly type: string; readonly value: string }[] = [];
  if (text) parts.push({ type: "text/plain", value: text });
  if (html) parts.push({ type: "text/html", value: html });
  return filled(parts);
}

function personalization(message: PreparedMessage) {
  const { to, cc, bcc } = uniqueRecipients(message);
  const { headers } = message;
  return {
    to: to.map((one) => mailbox(one, "recipient")),
    cc: filled(cc.map((one) => mailbox(one, "recipient"))),
    bcc: filled(bcc.map((one) => mailbox(one, "recipient"))),
    headers:
      headers.length > 0 ? Object.fromEntries(headers.map(([name, value]) => [name, encodeHeader(value)])) : undefined,
    dynamic_template_data: variablesOf(message),
  };
}

function variablesOf(message: PreparedMessage) {
  const { variables = {} } = message.template ?? {};
  return isDynamic(message) && Object.keys(variables).length > 0 ? variables : undefined;
}

/**
 * SendGrid refuses a recipient who is named twice. Leaving out a repetition within a list, or in bcc, changes nothing
 * for anyone; one in cc would show, so `unsupported` names it.
 */
function uniqueRecipients(message: PreparedMessage): Pick<PreparedMessage, "to" | "cc" | "bcc"> {
  if (recipientCount(message) === 1) return message;
  const { to, cc, bcc } = message;
  const unseen = unrepeated();
  return { to: to.filter(unseen), cc: cc.filter(unseen), bcc: bcc.filter(unseen) };
}

/** Tells of each mailbox in turn whether it comes for the first time. */
function unrepeated(): (mailbox: Address) => boolean {
  const seen = new Set<string>();
  return ({ address }) => seen.size < seen.add(address.toLowerCase()).size;
}

/** The names that SendGrid would misread, by the field that they stand in: those it must be given as quoted strings. */
const misread = {
  // One that begins with a quotation mark is taken for a quoted string.
  sender: /^"/,
  // These go into the header as they are, where a comma or semicolon would begin the next recipient.
  recipient: /^"|[,;]/,
} as const;

export function mailbox({ name, address }: Address, role: keyof typeof misread) {
  return { email: address, name: name !== undefined && misread[role].test(name) ? quote(name) : name };
}

function attachment({ filename, contentType, contentId, content }: PreparedAttachment) {
  return {
    content: base64(content),
    filename,
    type: contentType,
    disposition: contentId === undefined ? "attachment" : "inline",
    content_id: contentId,
  };
}
