import type { Problem } from "../errors.ts";
import { type Fields, fieldsOf, listOf, type NodemailerMessage } from "./mail.ts";
import { headerEntries, isSet } from "./uncarried.ts";

/**
 * All headers but those that providers write. Those that Nodemailer writes from fields of its own take the place of those
 * that are given.
 *
 * @param data the same mail, normalised
 */
export function headersOf(given: Fields, data: Fields, message: NodemailerMessage | null): Record<string, string> {
  const headers = new Map<string, readonly [string, string]>();
  const set = (name: string, value: unknown) => {
    if (isSet(value)) headers.set(name.toLowerCase(), [name, unfolded(value)]);
  };
  for (const { name, value } of headerEntries(given.headers)) set(name, plain(message?.getHeader(name) ?? value));
  const written = fieldsOf(data.normalizedHeaders);
  for (const key of Object.keys(fieldsOf(given.list))) {
    const name = `list-${key.toLowerCase().trim()}`;
    set(titled(name), written[name]);
  }
  set("References", given.references === undefined ? undefined : written.references);
  set("In-Reply-To", given.inReplyTo === undefined ? undefined : written["in-reply-to"]);
  for (const name of namesIn(message)) {
    const isOfOtp = isSet(given.otp) && /^otp-token$/i.test(name);
    if (!headers.has(name.toLowerCase()) && !isOfOtp) set(titled(name), plain(message?.getHeader(name)));
  }
  return Object.fromEntries(headers.values());
}

/** The subject of the compiled message: a plugin may have set another. */
export function subjectOf(data: Fields, message: NodemailerMessage | null): string {
  const subject = plain(message?.getHeader("Subject")) ?? data.subject;
  return isSet(subject) ? String(subject) : "";
}

/** What plugins of the step "stream" did to a message that goes elsewhere as its parts. */
export function pluginProblems(given: Fields, message: NodemailerMessage | null): readonly Problem[] {
  const names = namesIn(message).map((name) => name.toLowerCase());
  const repeated = names.find((name, at) => names.indexOf(name) < at && !isOfList(name));
  const problems: Problem[] = [];
  if (repeated !== undefined) {
    problems.push({
      path: "headers",
      message: "holds a header that a plugin gave several times; providers take it once",
    });
  }
  // No method tells of them; that is what Nodemailer 10 calls them. One function is that of `dkim`.
  const { _transforms: transforms, _processFuncs: functions } = fieldsOf(message);
  if (listOf(transforms).length + listOf(functions).length > (isSet(given.dkim) ? 1 : 0)) {
    const what =
      "is rewritten by a plugin (transform, processFunc), which would have no effect: providers write the mail";
    problems.push({ path: "message", message: what });
  }
  return problems;
}

/** Those that the message has fields of its own for, that are told by other problems, or that providers write. */
const notCustom = /^(?:from|sender|to|cc|bcc|reply-to|subject|message-id|date|mime-version|content-.*)$/i;

function namesIn(message: NodemailerMessage | null): readonly string[] {
  const lines = message?.buildHeaders().split(/\r?\n/) ?? [];
  return lines.flatMap((line) => /^([!-9;-~]+):/.exec(line)?.[1] ?? []).filter((name) => !notCustom.test(name));
}

/** One field has several of them, which go as one. */
function isOfList(name: string): boolean {
  return name.startsWith("list-");
}

/** Without what Nodemailer can be told of the form of a header. */
function plain(value: unknown): unknown {
  const [first] = listOf(value);
  return fieldsOf(first).value ?? first;
}

/** A line break before a blank is how a long header is written (RFC 5322 §2.2.3), not a part of it. */
function unfolded(value: unknown): string {
  return String(value).replace(/\r?\n(?=[ \t])/g, "");
}

function titled(name: string): string {
  return name
    .replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/-Id$/, "-ID")
    .replace(/^X-Msmail-/, "X-MSMail-");
}
