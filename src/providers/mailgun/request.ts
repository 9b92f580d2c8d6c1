import { idOfTheSend } from "../../message/labels.ts";
import type { PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import { delayOf } from "../capability.ts";
import { utf8Header } from "../encoded-word.ts";
import { utf8Mailbox } from "../mailbox.ts";

/** Fields of the form, a list for those that may repeat. */
export interface MailgunFields {
  [name: string]: string | string[] | File[] | undefined;
  text?: string | undefined;
}

/** The message as `messages.create` takes it. */
export function mailgunFields(message: PreparedMessage, id: string): MailgunFields {
  const { subject, text, html, template, replyTo } = message;
  return {
    from: utf8Mailbox(message.from),
    to: message.to.map(utf8Mailbox),
    cc: message.cc.map(utf8Mailbox),
    bcc: message.bcc.map(utf8Mailbox),
    // Beside a template, an empty subject leaves the template its own.
    subject: template && subject === "" ? undefined : utf8Header(subject),
    text,
    html,
    attachment: message.attachments.filter(({ contentId }) => contentId === undefined).map((file) => part(file)),
    inline: message.attachments.flatMap((file) => (file.contentId === undefined ? [] : [part(file, file.contentId)])),
    "h:Reply-To": replyTo.length > 0 ? replyTo.map(utf8Mailbox).join(", ") : undefined,
    ...headerFields(message),
    "o:tag": [...message.tags],
    "o:tracking-clicks": yesOrNo(message.tracking.clicks),
    "o:tracking-opens": yesOrNo(message.tracking.opens),
    "o:deliverytime": deliveryTime(message),
    ...metadataFields(message),
    [`v:${idOfTheSend}`]: id,
    template: template?.id,
    "t:variables": variables(message),
  };
}

export function headerFields({ headers }: PreparedMessage): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [`h:${name}`, utf8Header(value)]));
}

export function metadataFields({ metadata }: PreparedMessage): Record<string, string> {
  return Object.fromEntries(metadata.map(([name, value]) => [`v:${name}`, value]));
}

export function variables({ template }: PreparedMessage): string | undefined {
  return template && JSON.stringify(template.variables);
}

/** An inline file has its Content-ID as file name: Mailgun makes the one of the other. */
function part({ filename, contentType, content }: PreparedAttachment, name = filename): File {
  return new File([content], name, { type: contentType });
}

function yesOrNo(value: boolean): string {
  return value ? "yes" : "no";
}

/** RFC 2822, to the second; rounded up, since it must not be sent before. */
function deliveryTime(message: PreparedMessage): string | undefined {
  if (message.sendAt === undefined || delayOf(message) === 0) return undefined;
  return new Date(Math.ceil(message.sendAt / 1_000) * 1_000).toUTCString();
}
