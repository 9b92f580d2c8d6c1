import { randomBytes, randomUUID } from "node:crypto";
import { decodeWords } from "postal-mime";
import type { Address } from "../../../message/message.ts";
import { decodeBase64 } from "../base64.ts";
import { defined, type ReceivedAttachment, type ReceivedMessage, splitMetadata } from "../inbox.ts";
import { listAt, objectAt, parseJson, stringAt } from "../json-value.ts";
import { parseMailbox } from "../mailbox.ts";

export function readMessage(body: object): ReceivedMessage {
  const simple = objectAt(body, "Content", "Simple");
  const template = objectAt(body, "Content", "Template");
  const part = "Subject" in simple ? simple : template;
  const tags = listAt(body, "EmailTags").map(
    (tag) => [stringAt(tag, "Name") ?? "", stringAt(tag, "Value") ?? ""] as const,
  );
  const templateId = stringAt(template, "TemplateName") ?? stringAt(template, "TemplateArn");
  return {
    id: messageId(),
    at: new Date(),
    from: mailbox(stringAt(body, "FromEmailAddress")),
    to: listAt(body, "Destination", "ToAddresses").map(mailbox),
    cc: listAt(body, "Destination", "CcAddresses").map(mailbox),
    bcc: listAt(body, "Destination", "BccAddresses").map(mailbox),
    replyTo: listAt(body, "ReplyToAddresses").map(mailbox),
    subject: decodeWords(contentOf(simple, "Subject") ?? ""),
    ...defined({ text: contentOf(simple, "Body", "Text"), html: contentOf(simple, "Body", "Html") }),
    attachments: listAt(part, "Attachments").map(readAttachment),
    headers: listAt(part, "Headers").map(
      (header) => [stringAt(header, "Name") ?? "", decodeWords(stringAt(header, "Value") ?? "")] as const,
    ),
    tags: tags.filter(isPlainTag).map(([name]) => name),
    ...splitMetadata(tags.filter((tag) => !isPlainTag(tag))),
    ...(templateId === undefined
      ? {}
      : {
          template: { id: templateId, variables: objectAt(parseJson(stringAt(template, "TemplateData") ?? "{}")) },
        }),
    raw: body,
  };
}

/** SES has names with values only, so a tag that is just a name repeats it as its value. */
function isPlainTag([name, value]: readonly [string, string]): boolean {
  return name === value;
}

function mailbox(text: unknown): Address {
  return parseMailbox(String(text)) ?? { address: String(text) };
}

/** Without a charset SES takes the text for ASCII. */
function contentOf(parent: object, ...names: readonly string[]): string | undefined {
  const data = stringAt(parent, ...names, "Data");
  return stringAt(parent, ...names, "Charset") === undefined ? data?.replace(/[^\0-\x7F]/gu, "?") : data;
}

function readAttachment(attachment: unknown): ReceivedAttachment {
  const inline = stringAt(attachment, "ContentDisposition") === "INLINE";
  return {
    filename: stringAt(attachment, "FileName") ?? "",
    contentType: stringAt(attachment, "ContentType") ?? "application/octet-stream",
    ...defined({ contentId: inline ? stringAt(attachment, "ContentId") : undefined }),
    content: decodeBase64(stringAt(attachment, "RawContent") ?? "") ?? new Uint8Array(),
  };
}

function messageId(): string {
  return `0102${randomBytes(6).toString("hex")}-${randomUUID()}-000000`;
}
