import { idOfTheSend } from "../../message/labels.ts";
import type { Address, PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import { base64 } from "../base64.ts";
import { delayOf } from "../capability.ts";
import { encodeHeader } from "../encoded-word.ts";
import { quote } from "../mailbox.ts";

export type SendgridMail = ReturnType<typeof sendgridMail>;

/** The message as `MailService.send` takes it. Absent fields are `undefined`: the SDK leaves them out. */
export function sendgridMail(message: PreparedMessage, id: string) {
  const { subject, text, html, template, tracking } = message;
  return {
    from: mailbox(message.from, "sender"),
    replyToList: message.replyTo.filter(unrepeated()).map((one) => mailbox(one, "sender")),
    // An empty subject is valid beside a template alone, which then has its own.
    subject: subject === "" ? undefined : subject,
    // An empty part is refused; without it the mail looks the same.
    text: text || undefined,
    html: html || undefined,
    templateId: template?.id,
    personalizations: [personalization(message)],
    attachments: message.attachments.map(attachment),
    categories: [...message.tags],
    customArgs: Object.fromEntries([...message.metadata, [idOfTheSend, id]]),
    trackingSettings: {
      clickTracking: { enable: tracking.clicks, enableText: tracking.clicks },
      openTracking: { enable: tracking.opens },
    },
    // In seconds; rounded up, since it must not be sent before.
    sendAt: message.sendAt !== undefined && delayOf(message) > 0 ? Math.ceil(message.sendAt / 1_000) : undefined,
    // The SDK would print warnings about characters in the template's variables.
    hideWarnings: true,
  };
}

function personalization(message: PreparedMessage) {
  const { to, cc, bcc } = uniqueRecipients(message);
  return {
    to: to.map((one) => mailbox(one, "recipient")),
    cc: cc.map((one) => mailbox(one, "recipient")),
    bcc: bcc.map((one) => mailbox(one, "recipient")),
    // At the top of the mail the SDK would make HTTP headers of them too.
    headers: Object.fromEntries(message.headers.map(([name, value]) => [name, encodeHeader(value)])),
    dynamicTemplateData: message.template?.variables,
  };
}

/**
 * SendGrid refuses a recipient who is named twice. Leaving out a repetition within a list, or in bcc, changes nothing
 * for anyone; one in cc would show, so `unsupported` names it.
 */
function uniqueRecipients({ to, cc, bcc }: PreparedMessage) {
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

function mailbox({ name, address }: Address, role: keyof typeof misread) {
  return { email: address, name: name !== undefined && misread[role].test(name) ? quote(name) : name };
}

function attachment({ filename, contentType, contentId, content }: PreparedAttachment) {
  return {
    content: base64(content),
    filename,
    type: contentType,
    disposition: contentId === undefined ? "attachment" : "inline",
    // In the spelling of the API: the SDK does not convert the keys of attachments.
    content_id: contentId,
  };
}
