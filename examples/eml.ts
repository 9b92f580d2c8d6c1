import PostalMime, {
  addressParser,
  type Email,
  type Address as ParsedAddress,
  type Attachment as ParsedAttachment,
} from "postal-mime";
import type { AddressLike, Attachment, Message } from "steadymail";

/** Headers that keep a conversation together and have no field of their own in a message. */
const carriedHeaders = ["In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post"] as const;

/** Type and subtype (RFC 2045 §5.1). */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/;

/**
 * A message from the bytes of an .eml file. What the file lacks, the message lacks too: the mailer says what is missing.
 *
 * @throws Error for a file that nests parts or piles up headers beyond all use
 */
export async function messageFromEml(eml: Uint8Array): Promise<Message> {
  const parsed = await PostalMime.parse(eml, { forceRfc822Attachments: true });
  const { subject, text, html, attachments } = parsed;
  return {
    from: author(parsed),
    to: mailboxes(parsed.to),
    cc: mailboxes(parsed.cc),
    bcc: mailboxes(parsed.bcc),
    // A Reply-To without an address names nobody: mail programs then answer the author.
    replyTo: mailboxes(parsed.replyTo).filter((mailbox) => typeof mailbox !== "string"),
    subject: subject ?? "",
    text,
    html,
    attachments: attachments.map((file, index) => attachment(file, index, html)),
    headers: carried(parsed),
  };
}

/**
 * A message has one author. Where a file names several, the mailer gets them as they are, and says that they are several.
 */
function author({ headers, from }: Email): AddressLike | undefined {
  const written = headers.find(({ key }) => key === "from")?.value ?? "";
  return addressParser(written, { flatten: true }).length > 1 ? written : mailboxes(from && [from])[0];
}

/** A group is taken for its members; what has no address stays the word that it is, for the mailer to refuse. */
function mailboxes(parsed: readonly ParsedAddress[] | undefined): AddressLike[] {
  return (parsed ?? []).flatMap(({ name, address, group }) => {
    if (group) return mailboxes(group);
    return [address ? { address, name: name || undefined } : name];
  });
}

function attachment(file: ParsedAttachment, index: number, html: string | undefined): Attachment {
  const { filename, mimeType, content } = file;
  return {
    filename: filename || `attachment-${index + 1}`,
    // A malformed type says nothing: the file's name decides then.
    contentType: mediaType.test(mimeType) ? mimeType : undefined,
    contentId: idInHtml(file, html),
    content: typeof content === "string" ? Buffer.from(content) : new Uint8Array(content),
  };
}

/** Many programs give every attachment a Content-ID, but only what the html part shows by it belongs inline. */
function idInHtml({ contentId }: ParsedAttachment, html = ""): string | undefined {
  const id = contentId?.trim().replace(/^<|>$/gu, "");
  if (!id) return undefined;
  return html.includes(`cid:${id}`) || html.includes(`cid:${encodeURIComponent(id)}`) ? id : undefined;
}

function carried({ headers }: Email): Record<string, string> {
  return Object.fromEntries(
    carriedHeaders.flatMap((name) => {
      const value = headers.find(({ key }) => key === name.toLowerCase())?.value;
      return value ? [[name, value.replace(/\s+/gu, " ").trim()]] : [];
    }),
  );
}
