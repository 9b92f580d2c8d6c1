import type { Failure } from "../failure.ts";
import type { PreparedMessage } from "../message/message.ts";
import { redact } from "../redaction.ts";

/** Lines of a body shorter than this say nothing of their message; a one-time code is longer. */
const shortestLine = 3;

/** Shorter local parts are words of everyday ("info"); the address as a whole is redacted anyway. */
const shortestLocalPart = 6;

/** The code of an ESP or of the system, which repeats nothing: `ECONNREFUSED`, `send-0006`. */
const plainCode = /^(?:E[A-Z_]{2,30}|ERR_\w{2,60}|HPE_\w{2,40}|(?:mj|send)-\d{4}|[A-Z][A-Za-z]{2,50}Exception)$/;

/** The failure without any string of the message in the provider's words. */
export function redactFailure(failure: Failure, message: PreparedMessage): Failure {
  if (failure.detail === undefined && failure.code === undefined) return failure;
  const { code, detail, ...rest } = failure;
  const own = detail === undefined && plainCode.test(code ?? "") ? [] : ownStrings(message);
  return Object.freeze({
    ...rest,
    ...(code === undefined ? {} : { code: plainCode.test(code) ? code : redact(code, own) }),
    ...(detail === undefined ? {} : { detail: redact(detail, own) }),
  });
}

function ownStrings(message: PreparedMessage): string[] {
  const mailboxes = [message.from, ...message.to, ...message.cc, ...message.bcc, ...message.replyTo];
  return [
    message.subject,
    ...mailboxes.flatMap(({ name, address }) => [name ?? "", address, localPart(address)]),
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
