import type { Attachment, SendEmailCommandInput } from "@aws-sdk/client-sesv2";
import { failure, ProviderError } from "../../failure.ts";
import { idOfTheSend } from "../../message/labels.ts";
import type { PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import { encodeHeader, utf8Header } from "../encoded-word.ts";
import { asciiMailbox } from "../mailbox.ts";
import { isTagText } from "./unsupported.ts";

/** The message as `SendEmailCommand` takes it, without the id of the send. */
export function sesInput(message: PreparedMessage): SendEmailCommandInput {
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
      ...message.tags.map((tag) => nameAndValue(tag, tag)),
      ...message.metadata.map(([name, value]) => nameAndValue(name, value)),
    ],
  };
}

/**
 * The id goes in last: tags among the options of a message replace the message's own.
 *
 * @throws ProviderError `unsupported` for an id that cannot be a tag
 */
export function withIdOfTheSend(input: SendEmailCommandInput, id: string): SendEmailCommandInput {
  if (!isTagText(id)) throw new ProviderError(failure("unsupported", { detail: idDetail }));
  return { ...input, EmailTags: [...(input.EmailTags ?? []), nameAndValue(idOfTheSend, id)] };
}

const idDetail = "the id of the send has characters that SES tags cannot hold: use A-Z a-z 0-9 _ and -, at most 256";

function content(message: PreparedMessage): NonNullable<SendEmailCommandInput["Content"]> {
  const { subject, text, html, template } = message;
  const extras = {
    Headers: message.headers.map(([name, value]) => nameAndValue(name, encodeHeader(value))),
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

export function nameAndValue(Name: string, Value: string) {
  return { Name, Value };
}

function utf8(text: string) {
  return { Data: text, Charset: "UTF-8" };
}

export function attachment({ filename, contentType, contentId, content }: PreparedAttachment): Attachment {
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
