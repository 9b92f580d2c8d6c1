import { randomUUID } from "node:crypto";
import { decodeWords } from "postal-mime";
import type { Address } from "../../../message/message.ts";
import { decodeBase64 } from "../base64.ts";
import { defined, type ReceivedAttachment, type ReceivedMessage, splitMetadata, tracking } from "../inbox.ts";
import { listAt, numberAt, objectAt, parseJson, stringAt, stringEntries, valueAt } from "../json-value.ts";

/**
 * Its id is the MessageUUID of the first recipient.
 *
 * Metadata is what `EventPayload` has as a JSON object; the id of the send may also be the `CustomID`.
 */
export function readMessage(message: unknown): ReceivedMessage {
  const customId = stringAt(message, "CustomID");
  const campaign = stringAt(message, "CustomCampaign");
  const templateId = numberAt(message, "TemplateID");
  return {
    id: randomUUID(),
    ...(customId === undefined ? {} : { steadymailId: customId }),
    at: new Date(),
    from: readAddress(valueAt(message, "From")),
    to: listAt(message, "To").map(readAddress),
    cc: listAt(message, "Cc").map(readAddress),
    bcc: listAt(message, "Bcc").map(readAddress),
    replyTo: [valueAt(message, "ReplyTo")].filter((entry) => entry !== undefined).map(readAddress),
    subject: stringAt(message, "Subject") ?? "",
    ...defined({ text: stringAt(message, "TextPart"), html: stringAt(message, "HTMLPart") }),
    attachments: [
      ...listAt(message, "Attachments").map(readAttachment),
      ...listAt(message, "InlinedAttachments").map(readAttachment),
    ],
    headers: stringEntries(valueAt(message, "Headers")).map(([name, value]) => [name, decodeWords(value)] as const),
    tags: campaign === undefined ? [] : [campaign],
    ...splitMetadata(stringEntries(parseJson(stringAt(message, "EventPayload") ?? ""))),
    ...(templateId === undefined
      ? {}
      : { template: { id: String(templateId), variables: objectAt(message, "Variables") } }),
    ...tracking(tracked(message, "TrackOpens"), tracked(message, "TrackClicks")),
    raw: message,
  };
}

function readAddress(entry: unknown): Address {
  return { ...defined({ name: stringAt(entry, "Name") }), address: stringAt(entry, "Email") ?? "" };
}

function readAttachment(file: unknown): ReceivedAttachment {
  return {
    filename: stringAt(file, "Filename") ?? "",
    contentType: stringAt(file, "ContentType") ?? "application/octet-stream",
    ...defined({ contentId: stringAt(file, "ContentID") }),
    content: decodeBase64(stringAt(file, "Base64Content") ?? "") ?? new Uint8Array(),
  };
}

function tracked(message: unknown, name: string): boolean | undefined {
  const value = stringAt(message, name);
  return value === undefined || value === "account_default" ? undefined : value === "enabled";
}
