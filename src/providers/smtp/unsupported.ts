import { idOfTheSend } from "../../message/labels.ts";
import type { PreparedMessage } from "../../message/message.ts";
import { delayOf, fieldsIn, type Gap, hasHeaderAmong, needsSmtpUtf8 } from "../capability.ts";
import { envelopeOf } from "./envelope.ts";
import { headerName, type SmtpSettings } from "./options.ts";

/** The header that carries the id of the send. */
export const idHeader = "X-Steadymail-ID";

const reservedHeaders: ReadonlySet<string> = new Set([idHeader.toLowerCase()]);

const gaps: readonly Gap[] = [
  { field: "template", when: ({ template }) => template !== undefined },
  { field: "tracking", when: ({ tracking }) => tracking.opens || tracking.clicks },
  { field: "sendAt", when: (message) => delayOf(message) > 0 },
  { field: "headers", when: (message) => hasHeaderAmong(message, reservedHeaders) },
  // A quoted local part may hold the brackets that end an address in the envelope.
  { field: "from", when: ({ from }) => /[<>]/.test(from.address) },
  { field: "recipients", when: (message) => envelopeOf(message).to.some((address) => /[<>]/.test(address)) },
  { field: "subject", when: ({ subject }) => cannotBeFolded(subject) },
  { field: "headers", when: ({ headers }) => headers.some(([, value]) => cannotBeFolded(value)) },
  { field: "tags", when: ({ tags }) => tags.some(cannotBeFolded) },
  { field: "metadata", when: ({ metadata }) => metadata.some(([, value]) => cannotBeFolded(value)) },
  {
    field: "attachments",
    when: ({ attachments }) =>
      attachments.some(({ filename, contentType, contentId = "" }) =>
        [filename, contentType, contentId].some(cannotBeFolded),
      ),
  },
  // What needs SMTPUTF8 must be seen to need it by the envelope.
  {
    field: "replyTo",
    when: (message) => message.replyTo.some(needsSmtpUtf8) && !envelopeOf(message).needsUtf8,
  },
];

/**
 * A line has 998 bytes at most, of which the name of a header takes some, and is folded at blanks alone (RFC 5322 §2.1.1
 * and §2.2.3). What is not ASCII is written as encoded words, which are short.
 */
function cannotBeFolded(text: string): boolean {
  return /\S{991}/.test(text) && !/\P{ASCII}/u.test(text);
}

/** The fields that cannot be carried, whatever the server offers. */
export function unsupportedBy({ tagHeader, metadataHeader }: SmtpSettings) {
  const mapped: readonly Gap[] = [
    ...gaps,
    { field: "tags", when: ({ tags }) => tags.length > 0 && tagHeader === undefined },
    { field: "metadata", when: ({ metadata }) => metadata.length > 0 && metadataHeader === undefined },
    { field: "metadata", when: ({ metadata }) => metadata.some(([name]) => !headerName.test(name)) },
    { field: "headers", when: (message) => hasOwnHeader(message, tagHeader, metadataHeader) },
  ];
  return (message: PreparedMessage): readonly string[] => [
    ...fieldsIn(mapped, message),
    // There is no request that they could be merged into.
    ...(Object.keys(message.providerOptions ?? {}).length > 0 ? ["providerOptions"] : []),
  ];
}

/** A header that the options would write a second time. */
function hasOwnHeader(message: PreparedMessage, tagHeader = "", metadataHeader = ""): boolean {
  const written = new Set([
    ...(message.tags.length > 0 ? [tagHeader.toLowerCase()] : []),
    ...(metadataHeader === "" ? [] : [`${metadataHeader}${idOfTheSend}`.toLowerCase()]),
    ...message.metadata.map(([name]) => `${metadataHeader}${name}`.toLowerCase()),
  ]);
  return hasHeaderAmong(message, written);
}
