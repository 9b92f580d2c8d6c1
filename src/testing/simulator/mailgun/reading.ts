import { decodeWords } from "postal-mime";
import type { Address } from "../../../message/message.ts";
import { defined, type ReceivedAttachment, type ReceivedMessage, splitMetadata, tracking } from "../inbox.ts";
import { objectAt, parseJson } from "../json-value.ts";
import { parseMailboxes } from "../mailbox.ts";
import { deliveryTime } from "./checks.ts";
import type { Form, FormFile } from "./form.ts";

export function readMessage(id: string, form: Form): ReceivedMessage {
  const template = form.text("template");
  const time = form.text("o:deliverytime");
  return {
    id,
    at: new Date(),
    from: addresses(form, "from")[0] ?? { address: "" },
    to: addresses(form, "to"),
    cc: addresses(form, "cc"),
    bcc: addresses(form, "bcc"),
    replyTo: addresses(form, "h:Reply-To"),
    subject: decodeWords(form.text("subject") ?? ""),
    ...defined({ text: form.text("text"), html: form.text("html") }),
    attachments: [
      ...form.files.filter(({ field }) => field === "attachment").map(attachment),
      ...form.files.filter(({ field }) => field === "inline").map(inlined),
    ],
    headers: form
      .withPrefix("h:")
      .filter(([name]) => name.toLowerCase() !== "reply-to")
      .map(([name, value]) => [name, decodeWords(value)] as const),
    tags: form.texts("o:tag"),
    ...splitMetadata(form.withPrefix("v:")),
    ...(template
      ? { template: { id: template, variables: objectAt(parseJson(form.text("t:variables") ?? "{}")) } }
      : {}),
    ...tracking(tracked(form, "o:tracking-opens"), tracked(form, "o:tracking-clicks")),
    ...(time === undefined ? {} : { sendAt: new Date(deliveryTime(time)) }),
    raw: { fields: form.fields, files: form.files },
  };
}

function addresses(form: Form, name: string): readonly Address[] {
  return form.texts(name).flatMap((value) => parseMailboxes(value) ?? []);
}

function attachment({ filename, contentType, content }: FormFile): ReceivedAttachment {
  return { filename, contentType, content };
}

/** The file name of an inline file is its content id. */
function inlined(file: FormFile): ReceivedAttachment {
  return { ...attachment(file), contentId: file.filename };
}

/** The option itself, or the one for opens and clicks alike. */
function tracked(form: Form, name: string): boolean | undefined {
  const value = form.text(name) ?? form.text("o:tracking");
  return value === undefined ? undefined : value !== "no" && value !== "false";
}
