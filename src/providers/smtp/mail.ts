import { idOfTheSend } from "../../message/labels.ts";
import type { Address, PreparedAttachment, PreparedMessage } from "../../message/message.ts";
import type { SmtpSettings } from "./options.ts";
import type { NodemailerSdk } from "./sdk.ts";
import { idHeader } from "./unsupported.ts";

/** A mail as it goes over the wire, and its Message-ID. */
export interface ComposedMail {
  readonly bytes: Uint8Array;
  /** With its angle brackets. */
  readonly messageId: string;
}

/** Writes the mail (RFC 5322, MIME). Recipients of `bcc` stand in the envelope alone. */
export async function composeMail(
  { Composer }: NodemailerSdk,
  message: PreparedMessage,
  id: string,
  settings: Pick<SmtpSettings, "tagHeader" | "metadataHeader">,
): Promise<ComposedMail> {
  const messageId = messageIdOf(message, id);
  const headers = headersOf(message, id, settings);
  const names = new Map(headers.map(({ key }) => [key.toLowerCase(), key]));
  const composer = new Composer({
    messageId,
    date: new Date(),
    from: mailbox(message.from),
    to: message.to.map(mailbox),
    cc: message.cc.map(mailbox),
    replyTo: message.replyTo.map(mailbox),
    subject: message.subject,
    // An empty part is a part, too, but not to the composer.
    text: message.text === "" ? Buffer.alloc(0) : message.text,
    html: message.html === "" ? Buffer.alloc(0) : message.html,
    attachments: message.attachments.map(part),
    headers,
    // As they were given: the end of one that carries metadata is the name of that at the ESP.
    normalizeHeaderKey: (key) => names.get(key.toLowerCase()) ?? key,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { bytes: await composer.compile().build(), messageId };
}

function mailbox({ name = "", address }: Address) {
  return { name, address };
}

function part({ filename, contentType, contentId, content }: PreparedAttachment) {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return {
    filename,
    contentType,
    content: bytes,
    contentDisposition: contentId === undefined ? "attachment" : "inline",
    // For a message too, which the composer would else rewrite line by line.
    contentTransferEncoding: "base64",
    ...(contentId !== undefined && { cid: contentId }),
  };
}

function headersOf(
  { headers, tags, metadata }: PreparedMessage,
  id: string,
  { tagHeader, metadataHeader }: Pick<SmtpSettings, "tagHeader" | "metadataHeader">,
): { key: string; value: string }[] {
  const all: (readonly [string, string])[] = [...headers, [idHeader, id]];
  if (tagHeader !== undefined) for (const tag of tags) all.push([tagHeader, tag]);
  if (metadataHeader !== undefined) {
    for (const [name, value] of [...metadata, [idOfTheSend, id] as const])
      all.push([`${metadataHeader}${name}`, value]);
  }
  return all.map(([key, value]) => ({ key, value }));
}

/**
 * The same for every attempt of a message, so that a second copy can be seen as one; another for another message, also
 * under the same id of the caller's.
 */
function messageIdOf({ from, to, cc, bcc, subject, text, html }: PreparedMessage, id: string): string {
  const content = JSON.stringify([id, to, cc, bcc, subject, text, html]);
  const digest = process.getBuiltinModule("node:crypto").createHash("sha256").update(content).digest("hex");
  const domain = from.address.slice(from.address.lastIndexOf("@") + 1);
  return `<${id}.${digest.slice(0, 16)}@${domain}>`;
}
