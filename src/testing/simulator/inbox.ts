import type { Address } from "../../message/message.ts";

/** A file of a message that a simulated ESP accepted. */
export interface ReceivedAttachment {
  /** At Mailgun an inline file has no name but its content id. */
  readonly filename: string;
  readonly contentType: string;
  /** Only of an inline file. Without angle brackets. */
  readonly contentId?: string;
  /** Its bytes, as they came over the wire. */
  readonly content: Uint8Array;
}

/** A message as a simulated ESP accepted it, in one form for all four, read from the bytes of the request alone. */
export interface ReceivedMessage {
  /** The id that the ESP gave it, as its answer writes it. */
  readonly id: string;
  /** Id of the send: metadata `steadymail-id`, or Mailjet's `CustomID`. */
  readonly steadymailId?: string;
  readonly at: Date;
  /** Names are without quotes and encoded words (RFC 2047). */
  readonly from: Address;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly replyTo: readonly Address[];
  /** Empty where the request has none. */
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  /** In the order of the request; where the ESP has two lists, ordinary files come before inline ones. */
  readonly attachments: readonly ReceivedAttachment[];
  /** Further headers, in the order of the request, without encoded words. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly tags: readonly string[];
  /** Without `steadymail-id`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly template?: { readonly id: string; readonly variables: Readonly<Record<string, unknown>> };
  /** What the message asks for; without a member, the account's setting decides. */
  readonly tracking?: { readonly opens?: boolean; readonly clicks?: boolean };
  readonly sendAt?: Date;
  /** The ESP's own request, parsed: its JSON; at Mailgun the form's fields and files in order. */
  readonly raw: unknown;
}

/** Takes the id of the send out of the metadata. */
export function splitMetadata(
  entries: Iterable<readonly [string, string]>,
): Pick<ReceivedMessage, "metadata" | "steadymailId"> {
  const { "steadymail-id": steadymailId, ...metadata } = Object.fromEntries(entries);
  return { metadata, ...(steadymailId === undefined ? {} : { steadymailId }) };
}

/** Leaves out members that are undefined, so that what a request did not say is not there. */
export function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> };
export function defined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Opens and clicks as a request asks for them, if it does. */
export function tracking(opens: boolean | undefined, clicks: boolean | undefined): Pick<ReceivedMessage, "tracking"> {
  return opens === undefined && clicks === undefined ? {} : { tracking: defined({ opens, clicks }) };
}
