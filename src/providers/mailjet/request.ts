import type { Address, PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import { base64 } from "../base64.ts";
import { encodeHeader } from "../encoded-word.ts";

export type MailjetMessage = ReturnType<typeof mailjetMessage>;

/** The message as an entry of `Messages`. Absent fields are `undefined`: JSON leaves them out. */
export function mailjetMessage(message: PreparedMessage, id: string) {
  const { subject, template, replyTo, headers, metadata, tags, tracking } = message;
  const [firstReplyTo] = replyTo;
  return {
    From: mailbox(message.from),
    To: message.to.map(mailbox),
    Cc: filled(message.cc.map(mailbox)),
    Bcc: filled(message.bcc.map(mailbox)),
    ReplyTo: firstReplyTo && mailbox(firstReplyTo),
    // Beside a template, an empty subject leaves the template its own.
    Subject: template && subject === "" ? undefined : subject,
    TextPart: template ? undefined : message.text,
    HTMLPart: template ? undefined : message.html,
    TemplateID: template && Number(template.id),
    TemplateLanguage: template && true,
    Variables: template?.variables,
    Attachments: filled(message.attachments.filter(({ contentId }) => contentId === undefined).map(attachment)),
    InlinedAttachments: filled(message.attachments.filter(({ contentId }) => contentId !== undefined).map(attachment)),
    Headers:
      headers.length > 0 ? Object.fromEntries(headers.map(([name, value]) => [name, encodeHeader(value)])) : undefined,
    CustomID: id,
    EventPayload: metadata.length > 0 ? JSON.stringify(Object.fromEntries(metadata)) : undefined,
    CustomCampaign: tags[0],
    TrackOpens: enabled(tracking.opens),
    TrackClicks: enabled(tracking.clicks),
  };
}

function mailbox({ name, address }: Address) {
  return { Email: address, Name: name };
}

function attachment({ filename, contentType, contentId, content }: PreparedAttachment) {
  return { ContentType: contentType, Filename: filename, ContentID: contentId, Base64Content: base64(content) };
}

function filled<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}

function enabled(value: boolean): "enabled" | "disabled" {
  return value ? "enabled" : "disabled";
}
