import { longestTimer, now } from "../clock.ts";
import { AbortedError, InvalidMessageError, type Problem, UnavailableError } from "../errors.ts";
import type { Mailer } from "../mailer.ts";
import type { Message } from "../message/message.ts";
import type { SendOptions } from "../options.ts";
import { nonce } from "../providers/nonce.ts";
import type { Receipt } from "../receipt.ts";
import { readContents } from "./content.ts";
import { type Fields, fieldsOf, isFields, listOf, type NodemailerMail } from "./mail.ts";
import { type TranslatedMessage, translate } from "./message.ts";
import type { IgnorableField } from "./uncarried.ts";
import { problemsOf } from "./uncarried.ts";

/** What of a message Nodemailer has no fields for. */
export type MessageExtras<N extends string = string> = Pick<
  Message<N>,
  "tags" | "metadata" | "tracking" | "template" | "sendAt" | "providerOptions" | "unsubscribe"
>;

/**
 * What a mail of Nodemailer's can have beside its own fields: `sendMail({ …, steadymail: { onUnknown: "stop" } })`.
 *
 * @typeParam N names of the mailer's providers
 */
export type SteadymailFields<N extends string = string> = Omit<SendOptions<N>, "signal"> & MessageExtras<N>;

/** Options of `steadymailTransport`, with their defaults. */
export interface SteadymailTransportOptions<N extends string = string> {
  /** For every mail; a mail's own `steadymail` goes before it. */
  readonly steadymail?: SteadymailFields<N> | undefined;
  /**
   * Fields that providers cannot carry and that may be left out without a word. By default none: a mail that has one is
   * refused before anything is sent.
   */
  readonly ignore?: readonly IgnorableField[] | undefined;
  /** Whether `transporter.close()` closes the mailer. Default `false`: the mailer may have other users. */
  readonly closesMailer?: boolean | undefined;
}

/** What `sendMail` gives. */
export interface SteadymailInfo<N extends string = string> {
  /** The provider's id of the message; the Message-ID that Nodemailer generated is not used. */
  messageId: string;
  envelope: { from: string; to: string[] };
  /** Every recipient. Accepted by the provider, which does not mean delivered. */
  accepted: string[];
  rejected: string[];
  /** In a sentence, for logs. */
  response: string;
  receipt: Receipt<N>;
}

/** What is needed of a mailer. */
export type SendingMailer<N extends string> = Pick<Mailer<N>, "send" | "close" | "verify">;

interface SendCallback<N extends string> {
  (error: Error): void;
  (error: null, info: SteadymailInfo<N>): void;
}

/** A transport as `nodemailer.createTransport` takes it. */
export interface SteadymailTransport<N extends string = string> {
  readonly name: string;
  readonly version: string;
  readonly supportsAbortSignal: boolean;
  /** Called by `sendMail`. */
  send(mail: NodemailerMail, callback: SendCallback<N>): void;
  /** Asks every provider whether it would take mail; an error if one surely would not. See `Mailer.verify`. */
  verify(callback: (error: Error | null, success: true) => void): void;
  /** The same; rejects if one surely would not. */
  verify(): Promise<true>;
  /** Always true: a mailer has queues of its own. */
  isIdle(): boolean;
  /** Closes the mailer if `closesMailer` says so. */
  close(): void;
}

/** Milliseconds to read the parts of a mail in, where no deadline is set; as the mailer's own default. */
const defaultDeadline = 30_000;

export class MailerTransport<N extends string> implements SteadymailTransport<N> {
  readonly name = "steadymail";
  readonly version = "0.1.0";
  readonly supportsAbortSignal = true;
  readonly #mailer: SendingMailer<N>;
  readonly #options: SteadymailTransportOptions<N>;
  readonly #ignored: ReadonlySet<string>;

  constructor(mailer: SendingMailer<N>, options: SteadymailTransportOptions<N>) {
    this.#mailer = mailer;
    this.#options = options;
    this.#ignored = new Set(options.ignore);
  }

  send(mail: NodemailerMail, callback: SendCallback<N>): void {
    // The callback may throw, which must not look like a failure of the mail.
    this.#send(mail).then(
      (info) => setImmediate(() => callback(null, info)),
      (error: unknown) => setImmediate(() => callback(error instanceof Error ? error : new Error(String(error)))),
    );
  }

  async #send(mail: NodemailerMail): Promise<SteadymailInfo<N>> {
    const began = now();
    const data: Fields = { ...mail.data };
    const own = { ...this.#options.steadymail, ...steadymailIn<N>(data) };
    const id = own.id ?? nonce();
    refuse(id, problemsOf(data, this.#ignored));
    const { tags, metadata, tracking, template, sendAt, providerOptions, unsubscribe, ...options } = own;
    const signal = data.signal instanceof AbortSignal ? data.signal : undefined;
    const limit = limitOf(options.deadline);
    const { contents, problems } = await within(readContents(mail), limit, signal, id);
    refuse(id, problems);
    const translated = await translate(mail, contents, this.#ignored);
    refuse(id, translated.problems);
    const extras = { tags, metadata, tracking, template, sendAt, providerOptions, unsubscribe };
    const receipt = await this.#mailer.send(
      { ...translated.message, ...extras },
      { ...options, ...left(options.deadline, began), ...(own.id !== undefined && { id }), ...(signal && { signal }) },
    );
    return infoOf(translated.message, receipt);
  }

  verify(callback: (error: Error | null, success: true) => void): void;
  verify(): Promise<true>;
  verify(callback?: (error: Error | null, success: true) => void): Promise<true> | undefined {
    const verified = this.#verify();
    if (!callback) return verified;
    verified.then(
      () => callback(null, true),
      (error: Error) => callback(error, true),
    );
    return undefined;
  }

  /** Something to know is bad; that something cannot be known is not. */
  async #verify(): Promise<true> {
    const verifications = await this.#mailer.verify();
    const bad = verifications.flatMap(({ provider, checks }) =>
      checks
        .filter(({ verdict }) => verdict === "bad")
        .map(({ of, finding, advice = "" }) => `${provider}, ${of}: ${sentence(finding)} ${sentence(advice)}`.trim()),
    );
    if (bad.length > 0) throw new Error(`Not every provider would take mail: ${bad.join(" ")}`);
    return true;
  }

  /** A mailer has queues of its own. */
  isIdle(): boolean {
    return true;
  }

  close(): void {
    if (this.#options.closesMailer) void this.#mailer.close();
  }
}

/** With one stop, whoever wrote it. */
function sentence(text: string): string {
  return text.replace(/[^.!?]$/, "$&.");
}

function steadymailIn<N extends string>({ steadymail }: Fields): SteadymailFields<N> {
  if (steadymail === undefined) return {};
  if (isSteadymail<N>(steadymail)) return steadymail;
  throw new TypeError("steadymail must be an object: { onUnknown, tags, … }");
}

/** The mailer checks each of its fields. */
function isSteadymail<N extends string>(value: unknown): value is SteadymailFields<N> {
  return isFields(value);
}

function refuse(id: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw new InvalidMessageError(id, problems);
}

function limitOf(deadline: number | Date | undefined): number {
  return deadline instanceof Date ? deadline.getTime() - Date.now() : (deadline ?? defaultDeadline);
}

/** What the reading has left of a deadline in milliseconds. */
function left(deadline: number | Date | undefined, began: number): { readonly deadline?: number } {
  return typeof deadline === "number" ? { deadline: Math.max(1, deadline - (now() - began)) } : {};
}

function within<T>(work: Promise<T>, limit: number, signal: AbortSignal | undefined, id: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const record = { id, attempts: [], skipped: [] };
    const notSent = `Message ${id} was not sent`;
    const late = () =>
      reject(new UnavailableError(`${notSent}: its parts could not be read before its deadline`, record));
    const abort = () => {
      const text = `${notSent}: the caller's signal was aborted before any attempt`;
      reject(new AbortedError(text, record, { cause: signal?.reason }));
    };
    const timer = setTimeout(late, Math.max(0, Math.min(limit, longestTimer)));
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    work.then(resolve, reject).finally(end);
  });
}

function infoOf<N extends string>(message: TranslatedMessage, receipt: Receipt<N>): SteadymailInfo<N> {
  const { from, to, cc, bcc } = message;
  const recipients = [...new Set([to, cc, bcc].flatMap(listOf).map(addressOf))];
  return {
    messageId: receipt.providerMessageId,
    envelope: { from: addressOf(from), to: recipients },
    accepted: [...recipients],
    rejected: [],
    response: `Accepted by ${receipt.provider} as ${receipt.providerMessageId}`,
    receipt,
  };
}

function addressOf(mailbox: unknown): string {
  const { address } = fieldsOf(mailbox);
  return typeof address === "string" ? address : "";
}
