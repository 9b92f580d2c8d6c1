import type { Problem } from "../errors.ts";
import type { Address, Attachment, Message } from "../message/message.ts";
import { bytesOf, type Contents, textOf } from "./content.ts";
import { headersOf, pluginProblems, subjectOf } from "./headers.ts";
import { type Fields, fieldsOf, listOf, type NodemailerMail, type NodemailerMessage } from "./mail.ts";
import { isCalendar, isSet } from "./uncarried.ts";

/** The message as the mailer takes it, but for what a mail of Nodemailer's cannot say. */
export type TranslatedMessage = Pick<
  Message,
  "from" | "to" | "cc" | "bcc" | "replyTo" | "subject" | "text" | "html" | "attachments" | "headers"
>;

/** Has Nodemailer write out its fields, and takes them over. */
export async function translate(
  mail: NodemailerMail,
  contents: Contents,
  ignored: ReadonlySet<string>,
): Promise<{ readonly message: TranslatedMessage; readonly problems: readonly Problem[] }> {
  const given: Fields = { ...mail.data };
  const data = await normalized(mail, given);
  const from = listOf(data.from).flatMap(mailboxes);
  const addresses = {
    to: listOf(data.to).flatMap(mailboxes),
    cc: listOf(data.cc).flatMap(mailboxes),
    bcc: listOf(data.bcc).flatMap(mailboxes),
  };
  const replyTo = listOf(data.replyTo).flatMap(mailboxes);
  const text = contents.get("text");
  const html = contents.get("html");
  const message: TranslatedMessage = {
    ...(from[0] && { from: from[0] }),
    ...addresses,
    ...(replyTo.length > 0 && { replyTo }),
    subject: subjectOf(data, mail.message),
    // Nodemailer sends an empty text where there is none at all.
    ...(text !== undefined || html === undefined ? { text: textOf(text ?? "") } : {}),
    ...(html !== undefined && { html: textOf(html) }),
    attachments: [...attachments(given, data, contents), ...calendars(given, contents)],
    headers: headersOf(given, data, mail.message),
  };
  const problems = [
    ...senderProblems(given, data, message, mail.message, ignored),
    ...pluginProblems(given, mail.message),
  ];
  return { message, problems };
}

/** With every content taken out: what was read is kept as it is. */
function normalized(mail: NodemailerMail, given: Fields): Promise<Fields> {
  Object.assign(mail.data, {
    text: undefined,
    html: undefined,
    watchHtml: undefined,
    amp: undefined,
    icalEvent: undefined,
    alternatives: undefined,
    attachments: listOf(given.attachments).map(withoutContent),
  });
  return new Promise((done, fail) => {
    mail.normalize((error, data) => (error ? fail(error) : done({ ...data })));
  });
}

function withoutContent(attachment: unknown): object {
  const { filename, path, href, contentType } = fieldsOf(attachment);
  const source = [path, href].find((value) => typeof value === "string" && !/^data:/i.test(value));
  const named = String(source ?? "")
    .split(/[/\\]/)
    .pop()
    ?.split("?")[0];
  const [, mediaType] = /^data:([^;,]+)/i.exec(String(path ?? href ?? "")) ?? [];
  return {
    filename: isSet(filename) ? filename : named || undefined,
    contentType: isSet(contentType) ? contentType : mediaType,
    content: "-",
  };
}

/** A group counts as its members. */
function mailboxes(value: unknown): readonly Address[] {
  const { name, address, group } = fieldsOf(value);
  if (Array.isArray(group)) return group.flatMap(mailboxes);
  if (typeof address !== "string" || address === "") return [];
  return [typeof name === "string" && name !== "" ? { name, address } : { address }];
}

function attachments(given: Fields, data: Fields, contents: Contents): readonly Attachment[] {
  const described = listOf(data.attachments).map(fieldsOf);
  return listOf(given.attachments).map((attachment, at) => {
    const { cid } = fieldsOf(attachment);
    const { filename, contentType } = described[at] ?? {};
    return {
      filename: String(filename),
      ...(typeof contentType === "string" && { contentType }),
      ...(isSet(cid) && { contentId: String(cid) }),
      content: bytesOf(contents.get(`attachments[${at}]`) ?? ""),
    };
  });
}

function calendars(given: Fields, contents: Contents): readonly Attachment[] {
  const { method = "PUBLISH", filename } = fieldsOf(given.icalEvent);
  const type = `text/calendar; charset=utf-8; method=${String(method).trim().toUpperCase()}`;
  const event = contents.get("icalEvent");
  const name = typeof filename === "string" && filename !== "" ? filename : "invite.ics";
  const alternatives = listOf(given.alternatives).flatMap((alternative, at) => {
    const content = contents.get(`alternatives[${at}]`);
    const fields = fieldsOf(alternative);
    if (!isCalendar(alternative) || content === undefined) return [];
    const filename = typeof fields.filename === "string" && fields.filename !== "" ? fields.filename : "invite.ics";
    return [{ filename, contentType: String(fields.contentType), content: bytesOf(content) }];
  });
  return [
    ...(event === undefined ? [] : [{ filename: name, contentType: type, content: bytesOf(event) }]),
    ...alternatives,
  ];
}

/** Providers take one sender, who also stands in the envelope, and write to those who stand in the message. */
function senderProblems(
  given: Fields,
  data: Fields,
  message: TranslatedMessage,
  compiled: NodemailerMessage | null,
  ignored: ReadonlySet<string>,
): readonly Problem[] {
  const problems: Problem[] = [];
  const from = addressIn(message.from);
  if (holdsSeveral(given.from))
    problems.push({ path: "from", message: "has several addresses, and providers take one" });
  if (isSet(given.sender) && !ignored.has("sender") && addressIn(data.sender) !== from) {
    problems.push({ path: "sender", message: "differs from from, and providers take one sender" });
  }
  if (isSet(given.envelope) && !ignored.has("envelope") && !isSameEnvelope(compiled, message, from)) {
    const what = "differs from the addresses of the message, and providers' APIs take no envelope";
    problems.push({ path: "envelope", message: what });
  }
  return problems;
}

/** Nodemailer itself takes the first of them. */
function holdsSeveral(from: unknown): boolean {
  const [first, ...others] = listOf(from);
  if (others.length > 0) return true;
  return typeof first === "string" && first.replace(/"(?:[^"\\]|\\.)*"/g, "").split("@").length > 2;
}

/** As Nodemailer has read it, in the spelling of the message. */
function isSameEnvelope(compiled: NodemailerMessage | null, message: TranslatedMessage, from: string): boolean {
  const envelope = compiled?.getEnvelope();
  const inMessage = [message.to, message.cc, message.bcc].flatMap(listOf).map(addressIn);
  const isSameFrom = !isSet(envelope?.from) || addressIn(envelope?.from) === from;
  return isSameFrom && setOf(inMessage) === setOf(listOf(envelope?.to).map(addressIn));
}

function setOf(addresses: readonly string[]): string {
  return JSON.stringify([...new Set(addresses.filter((address) => address !== ""))].toSorted());
}

/** The bare address, to be compared. */
function addressIn(value: unknown): string {
  const text = typeof value === "string" ? value : String(fieldsOf(value).address ?? "");
  return (/<([^<>]*)>/.exec(text)?.[1] ?? text).trim().toLowerCase();
}
