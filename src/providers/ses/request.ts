import type { Attachment, SendEmailCommandInput } from "@aws-sdk/client-sesv2";
import type { PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import { encodeHeader, utf8Header } from "../encoded-word.ts";
import { asciiMailbox } from "../mailbox.ts";
import { idOfTheSend, withProviderOptions } from "../provider-options.ts";

/** The message as `SendEmailCommand` takes it. */
export function sesInput(message: PreparedMessage, id: string): SendEmailCommandInput {
  const input = withProviderOptions(fromMessage(message), message.providerOptions);
  return { ...input, EmailTags: [...(input.EmailTags ?? []), { Name: idOfTheSend, Value: id }] };
}

function fromMessage(message: PreparedMessage): SendEmailCommandInput {
  return {
    FromEmailAddress: asciiMailbox(message.from),
    Destination: {
      ToAddresses: message.to.map(asciiMailbox),
      CcAddresses: message.cc.map(asciiMailbox),
      BccAddresses: message.bcc.map(asciiMailbox),
    },
    ReplyToAddresses: message.replyTo.map(asciiMailbox),
    Content: content(message),
    EmailTags: [
      // SES knows pairs only, so a tag is its own value.
      ...message.tags.map((tag) => ({ Name: tag, Value: tag })),
      ...message.metadata.map(([Name, Value]) => ({ Name, Value })),
    ],
  };
}

function content(message: PreparedMessage): NonNullable<SendEmailCommandInput["Content"]> {
  const { subject, text, html, template } = message;
  const extras = {
    Headers: message.headers.map(([Name, value]) => ({ Name, Value: encodeHeader(value) })),
    Attachments: message.attachments.map(attachment),
  };
  if (template) {
    return { Template: { TemplateName: template.id, TemplateData: JSON.stringify(template.variables), ...extras } };
  }
  return {
    Simple: {
      Subject: utf8(utf8Header(subject)),
      Body: {
        ...(text === undefined ? {} : { Text: utf8(text) }),
        ...(html === undefined ? {} : { Html: utf8(html) }),
      },
      ...extras,
    },
  };
}

function utf8(text: string) {
  return { Data: text, Charset: "UTF-8" };
}

function attachment({ filename, contentType, contentId, content }: PreparedAttachment): Attachment {
  return {
    FileName: filename,
    ContentType: contentType,
    RawContent: content,
    ContentTransferEncoding: "BASE64",
    ...(contentId === undefined
      ? { ContentDisposition: "ATTACHMENT" }
      : { ContentDisposition: "INLINE", ContentId: contentId }),
  };
}
