import type { Address, PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import { base64 } from "../base64.ts";
import { encodeHeader } from "../encoded-word.ts";
import { filled } from "../filled.ts";

export type MailjetMessage = ReturnType<typeof mailjetMessage>;

/**
 * The message as an entry of `Messages`. Absent fields are `undefined`: JSON leaves them out.
 *
 * @param shared what it has in common with the others of a batch
 */
export function mailjetMessage(message: PreparedMessage, id: string, shared = sharedParts(message)) {
  const { subject, template, headers, metadata } = message;
  return {
    From: shared.from,
    To: message.to.map(mailbox),
    Cc: filled(message.cc.map(mailbox)),
    Bcc: filled(message.bcc.map(mailbox)),
    ReplyTo: shared.replyTo,
    // Beside a template, an empty subject leaves the template its own.
    Subject: template && subject === "" ? undefined : subject,
    TextPart: template ? undefined : message.text,
    HTMLPart: template ? undefined : message.html,
    TemplateID: template && Number(template.id),
    TemplateLanguage: template && true,
    Variables: template?.variables,
    Attachments: shared.attachments,
    InlinedAttachments: shared.inlined,
    Headers:
      headers.length > 0 ? Object.fromEntries(headers.map(([name, value]) => [name, encodeHeader(value)])) : undefined,
    CustomID: id,
    EventPayload: metadata.length > 0 ? JSON.stringify(Object.fromEntries(metadata)) : undefined,
    CustomCampaign: message.tags[0],
    TrackOpens: enabled(message.tracking.opens),
    TrackClicks: enabled(message.tracking.clicks),
  };
}

/** What is the same in all mails of a batch. */
export function sharedParts({ from, replyTo, attachments }: PreparedMessage) {
  const [firstReplyTo] = replyTo;
  return {
    from: mailbox(from),
    replyTo: firstReplyTo && mailbox(firstReplyTo),
    attachments: filled(attachments.filter(({ contentId }) => contentId === undefined).map(attachment)),
    inlined: filled(attachments.filter(({ contentId }) => contentId !== undefined).map(attachment)),
  };
}

function mailbox({ name, address }: Address) {
  return { Email: address, Name: name };
}

function attachment({ filename, contentType, contentId, content }: PreparedAttachment) {
  return { ContentType: contentType, Filename: filename, ContentID: contentId, Base64Content: base64(content) };
}

function enabled(value: boolean): "enabled" | "disabled" {
  return value ? "enabled" : "disabled";
}
