import type { Address, PreparedMessage } from "./message.ts";

/** Lines of a body shorter than this say nothing of their message; a one-time code is longer. */
const shortestLine = 3;

/** Shorter local parts are words of everyday ("info"); the address as a whole is redacted anyway. */
const shortestLocalPart = 6;

/** What no error may repeat of a message. */
export function ownStrings(message: PreparedMessage): string[] {
  const mailboxes = [message.from, ...message.to, ...message.cc, ...message.bcc, ...message.replyTo];
  return [
    message.subject,
    ...mailboxes.flatMap(mailboxStrings),
    ...linesOf(message.text),
    ...linesOf(message.html),
    ...message.attachments.map((attachment) => attachment.filename),
    ...message.headers.map(([, value]) => value),
    ...message.metadata.map(([, value]) => value),
    ...message.tags,
    ...stringsIn(message.template?.variables),
    ...stringsIn(message.providerOptions),
  ];
}

/** What no error may repeat of a mailbox. */
export function mailboxStrings({ name, address }: Address): string[] {
  return [name ?? "", address, localPart(address)];
}

function localPart(address: string): string {
  const local = address.slice(0, address.lastIndexOf("@"));
  return local.length >= shortestLocalPart ? local : "";
}

function linesOf(body: string | undefined): string[] {
  if (body === undefined) return [];
  return [body, ...body.split(/\r?\n/u)].map((line) => line.trim()).filter((line) => line.length >= shortestLine);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (ArrayBuffer.isView(value)) return [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
