import type { Address, Field, PreparedMessage } from "../message/message.ts";

/** One thing that an ESP cannot carry. */
export interface Gap {
  readonly field: Field;
  readonly when: (message: PreparedMessage) => boolean;
}

/** The fields of the gaps that the message falls into, each once. */
export function fieldsIn(gaps: readonly Gap[], message: PreparedMessage): readonly Field[] {
  return [...new Set(gaps.filter(({ when }) => when(message)).map(({ field }) => field))];
}

export const mebibyte = 1024 * 1024;

export function recipientCount({ to, cc, bcc }: PreparedMessage): number {
  return to.length + cc.length + bcc.length;
}

/** Letters outside ASCII before the @ need SMTPUTF8 (RFC 6531) all the way. */
export const noSmtpUtf8: readonly Gap[] = [
  { field: "from", when: ({ from }) => needsSmtpUtf8(from) },
  { field: "to", when: ({ to }) => to.some(needsSmtpUtf8) },
  { field: "cc", when: ({ cc }) => cc.some(needsSmtpUtf8) },
  { field: "bcc", when: ({ bcc }) => bcc.some(needsSmtpUtf8) },
  { field: "replyTo", when: ({ replyTo }) => replyTo.some(needsSmtpUtf8) },
];

export function needsSmtpUtf8({ address }: Address): boolean {
  return /\P{ASCII}/u.test(address);
}

/** A template brings its own content: what the ESP would ignore beside it. */
export const templateReplacesBodies: readonly Gap[] = [
  { field: "text", when: ({ template, text }) => template !== undefined && Boolean(text) },
  { field: "html", when: ({ template, html }) => template !== undefined && Boolean(html) },
];

/** An empty part alone is refused as a missing one. */
export const noEmptyBody: readonly Gap[] = [
  { field: "text", when: ({ text, html, template }) => text === "" && !html && template === undefined },
  { field: "html", when: ({ text, html, template }) => html === "" && !text && template === undefined },
];

/** How far ahead the delivery is asked for, in milliseconds; 0 for at once. A time that has passed means at once. */
export function delayOf({ sendAt }: PreparedMessage): number {
  return sendAt === undefined ? 0 : Math.max(0, sendAt - Date.now());
}

export function hasHeaderAmong({ headers }: PreparedMessage, names: ReadonlySet<string>): boolean {
  return headers.some(([name]) => names.has(name.toLowerCase()));
}
