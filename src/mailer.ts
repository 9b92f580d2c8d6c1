import type { Bulk, BulkOptions, Campaign, SendManyOptions } from "./bulk/campaign.ts";
import type { BulkRecipient } from "./bulk/recipient.ts";
import type { SendResult } from "./bulk/send-many.ts";
import type { Source } from "./bulk/source.ts";
import type { DrillFault, DrillOptions } from "./drill.ts";
import type { Listener, MailerEvents } from "./events.ts";
import type { ProviderHealth } from "./health/provider-health.ts";
import type { Message } from "./message/message.ts";
import type { Verification, VerifyOptions } from "./operations/verify.ts";
import type { WarmOptions, Warmth } from "./operations/warm.ts";
import type { SendOptions } from "./options.ts";
import type { Receipt } from "./receipt.ts";

/**
 * Sends mail by the first of its providers that takes it, and tells how they do. Made by `createMailer`.
 *
 * @typeParam N names of the providers
 */
export interface Mailer<N extends string = string> extends AsyncDisposable {
  /**
   * Sends one message by the first provider that takes it.
   *
   * @throws SteadyMailError (a rejection) when nobody did; its `sent` tells whether somebody may have the message
   * @throws RangeError, TypeError (a rejection) for options that make no sense
   */
  send(message: Message<N>, options?: SendOptions<N>): Promise<Receipt<N>>;
  /**
   * Sends each message of a source, some at a time, and yields what became of each, in the order in which they settle. No
   * more are read than are under way or wait to be yielded; one that fails stops none of the others; a break, an abort or
   * the close of the mailer ends the reading, and lets what is in flight settle. Nothing is read before the first result
   * is asked for.
   *
   * @throws RangeError, TypeError for options that make no sense; what the source throws, after what was in flight
   */
  sendMany<M extends Message<N>>(
    messages: Source<M>,
    options?: SendManyOptions<N>,
  ): AsyncGenerator<SendResult<N, M>, void, undefined>;
  /**
   * A campaign: one content, of which each recipient gets a mail of its own, by the ESPs' own batches where they can carry
   * it. It waits while no provider can be used, and begins when its first result is asked for.
   *
   * @throws RangeError, TypeError for options that make no sense
   */
  sendBulk<R extends BulkRecipient>(bulk: Bulk<N, R>, options?: BulkOptions<N>): Campaign<N, R>;
  /** How each provider does, in their order of priority. */
  health(): readonly ProviderHealth<N>[];
  /**
   * Takes a provider out for maintenance, until every handle is disposed.
   *
   * @throws RangeError for the name of no provider
   */
  isolate(provider: N): Disposable;
  /**
   * Rehearses an outage in a running system: for that long, attempts at the provider fail by this fault, and do not reach
   * it. From there on all is as in a real outage: its health, the failover, what senders get, and how it comes back
   * afterwards. What comes of it is marked by `drill: true`: failures, `provider:…` events, `all-down` and its end. The way
   * back from an outage that was real in part is not.
   *
   * It works on real mail. A message that nobody else takes is not sent; and a fault with an unknown outcome (`timeout`,
   * `response-lost`, `bad-response`, `server-error`) is treated as unknown, so that under `onUnknown: "stop"` its mails
   * are reported so, although this provider has none of them. A drill takes the place of an earlier one at the provider.
   * An attempt that hangs when it ends goes on hanging, as in an outage. `warm` and `verify` send no mail, and ask the
   * provider itself. Once the mailer is closed, nothing is rehearsed.
   *
   * @returns ends it early when it is disposed
   * @throws RangeError for the name of no provider, for another fault, and for a duration out of range; TypeError
   */
  drill(provider: N, fault: DrillFault, options: DrillOptions): Disposable;
  /**
   * Makes every provider ready, standbys too: loads its SDK, finds its credentials, opens a connection. For the init phase
   * of a function, and to hear of a missing package then and not in the outage. Who is not ready is also told by a
   * `warning` event, or a process warning where nobody listens; it changes nothing of that provider's health. A connection
   * that nobody uses is given up after 4 s.
   *
   * @returns one result a provider; it does not reject because one is not ready
   * @throws TypeError, RangeError (a rejection) for options that make no sense
   */
  warm(options?: WarmOptions): Promise<readonly Warmth<N>[]>;
  /**
   * Asks every provider, without sending, whether the credentials work, the account may send and the sender is verified.
   * For deploy checks. What cannot be known, for want of a permission or of a connection, is `unknown` and not `bad`.
   *
   * @returns one result a provider, with what to do about it; it does not reject because one is not well
   * @throws TypeError, RangeError (a rejection) for options that make no sense
   */
  verify(options?: VerifyOptions): Promise<readonly Verification<N>[]>;
  /**
   * Listens to an event; see {@link MailerEvents}. A listener that throws or rejects is told by a process warning only.
   *
   * @throws RangeError for the name of no event
   */
  on<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this;
  /**
   * Listens to the next event of that name alone.
   *
   * @throws RangeError for the name of no event
   */
  once<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this;
  /** Takes a listener back. */
  off<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this;
  /**
   * Attempts under way finish, and may still fail over; waiting and new sends reject with `ClosedError`. Then the
   * connections are closed; an adapter that takes longer than 5 s for that is left behind.
   *
   * @param options.timeout ms after which attempts under way are aborted; default none, since each has its own limit
   */
  close(options?: { readonly timeout?: number | undefined }): Promise<void>;
}
