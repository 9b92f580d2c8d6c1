/** A mailbox: what stands in From, To and the like. */
export interface Address {
  /** Shown beside the address; any letters. */
  readonly name?: string | undefined;
  /** `local@domain`; the domain may have any letters and is sent in ASCII (IDNA). */
  readonly address: string;
}

/** One, or a list of them. */
export type OneOrMany<T> = T | readonly T[];

/** A mailbox as a header writes it (`"Ada <ada@example.org>"`, `"ada@example.org"`) or in parts. */
export type AddressLike = string | Address;

/** A file that goes with the message; with a `contentId` it is shown inline (`<img src="cid:…">`). */
export type Attachment = {
  /** What the recipient sees; no path. */
  readonly filename: string;
  /** Media type; by default from the file name's extension, else `application/octet-stream`. */
  readonly contentType?: string | undefined;
  /** Content-ID without angle brackets. */
  readonly contentId?: string | undefined;
} & AttachmentContent;

/** Streams are read once, whole, before the first attempt; every attempt then carries the same bytes. */
export type AttachmentContent =
  | { readonly content: Uint8Array | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> }
  | { readonly content: string; readonly encoding: "utf8" | "base64" }
  | { readonly path: string };

/**
 * How the recipients can be let go, without a page and without a login. For `sendBulk` both may hold `{{placeholders}}`,
 * though not for the host: each value is percent-encoded, unless there is nothing but one placeholder, whose value is then
 * all of the URL or of the address.
 */
export interface UnsubscribeOptions {
  /**
   * `https:` only, without name, password or fragment. A mail client sends it a POST with the body
   * `List-Unsubscribe=One-Click` and no cookie, so the URL itself must tell who unsubscribes from what; a GET must change
   * nothing, since URLs of a mail are fetched by scanners too.
   */
  readonly url: string;
  /**
   * For clients that rather write a mail: an address, ASCII before the @, or a `mailto:` URI with a subject and a body at
   * most.
   */
  readonly mailto?: string | undefined;
}

/**
 * A message as the caller writes it. It is never changed.
 *
 * @typeParam N names of the mailer's providers
 */
export interface Message<N extends string = string> {
  /** Required here or in the mailer's `defaults`. */
  readonly from?: AddressLike | undefined;
  /** At least one; everybody in it sees the others. How many there may be is for the ESP to say. */
  readonly to: OneOrMany<AddressLike>;
  /** As `to`. */
  readonly cc?: OneOrMany<AddressLike> | undefined;
  /** Nobody sees them. */
  readonly bcc?: OneOrMany<AddressLike> | undefined;
  /** Where answers go; default the sender. */
  readonly replyTo?: OneOrMany<AddressLike> | undefined;
  /** May be empty where the ESP takes that, and beside a template. */
  readonly subject: string;
  /** `text`, `html` or `template`: one of them is required. */
  readonly text?: string | Promise<string> | undefined;
  /** `text`, `html` or `template`: one of them is required. */
  readonly html?: string | Promise<string> | undefined;
  /** Files; read before the first attempt. */
  readonly attachments?: readonly Attachment[] | undefined;
  /** Further headers; not those that have a field of their own here. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Writes `List-Unsubscribe` and `List-Unsubscribe-Post`, as RFC 8058 has them and the large mailbox providers ask of bulk
   * senders; not beside such a header of your own. `false`: none, also where the mailer's `defaults` have one.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8058
   */
  readonly unsubscribe?: UnsubscribeOptions | false | undefined;
  /** What the message is, for the ESP's statistics. */
  readonly tags?: readonly string[] | undefined;
  /** What the ESP's webhooks give back. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** A template stored at the ESP. Ids differ between ESPs, so with several providers they are given by provider name. */
  readonly template?:
    | {
        readonly id: string | Readonly<Partial<Record<N, string>>>;
        readonly variables?: Readonly<Record<string, unknown>> | undefined;
      }
    | undefined;
  /** Off by default at every ESP where it can be set. */
  readonly tracking?: { readonly opens?: boolean | undefined; readonly clicks?: boolean | undefined } | undefined;
  /** Delivery not before this time. */
  readonly sendAt?: Date | undefined;
  /** Merged into that ESP's request: what only this ESP can do. */
  readonly providerOptions?: Readonly<Partial<Record<N, object>>> | undefined;
}

/** Names of the fields of a message, as `unsupported`, `dropped`, `skipped` and `missing` use them. */
export type Field =
  | "from"
  | "to"
  | "cc"
  | "bcc"
  | "recipients"
  | "replyTo"
  | "subject"
  | "text"
  | "html"
  | "attachments"
  | "headers"
  | "tags"
  | "metadata"
  | "template"
  | "tracking"
  | "sendAt"
  | "size";

/** A file, read. */
export interface PreparedAttachment {
  readonly filename: string;
  /** Media type. */
  readonly contentType: string;
  /** Without angle brackets; with it the file is shown inline. */
  readonly contentId?: string;
  /** The bytes themselves, shared by all attempts: adapters read them and never write. */
  readonly content: Uint8Array;
}

/**
 * A message that was validated, read and frozen, as one provider is to send it: with the sender that is verified there,
 * that provider's template id and options, and without the fields that it cannot carry and may drop.
 *
 * Addresses have ASCII domains (IDNA), names and subjects no control characters; nothing is left to await or to read.
 */
export interface PreparedMessage {
  /** The sender that is verified at this provider. */
  readonly from: Address;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly replyTo: readonly Address[];
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
  readonly attachments: readonly PreparedAttachment[];
  /** Name and value, in the caller's order and case; those that `unsubscribe` writes come last. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What the message is, for the statistics of the ESP. */
  readonly tags: readonly string[];
  /** Name and value; without `steadymail-id`, which adapters add from the attempt's id. */
  readonly metadata: readonly (readonly [name: string, value: string])[];
  /** This provider's id of the template, and what it is filled with. */
  readonly template?: { readonly id: string; readonly variables: Readonly<Record<string, unknown>> };
  /** Both are off unless the caller asked for them. */
  readonly tracking: { readonly opens: boolean; readonly clicks: boolean };
  /** Milliseconds since the epoch. */
  readonly sendAt?: number;
  /** This provider's entry of `providerOptions`. */
  readonly providerOptions?: Readonly<Record<string, unknown>>;
  /** Bytes of text, html and attachments before any transfer encoding. */
  readonly size: number;
}
