import type { OnUnknown } from "./delivery/on-unknown.ts";
import type { Suppress } from "./delivery/suppression.ts";
import type { BreakerOptions } from "./health/breaker-options.ts";
import type { Address, AddressLike, Message } from "./message/message.ts";
import type { Provider } from "./providers/provider.ts";

/** Fields that a provider which cannot carry them may leave out. */
export type Droppable = "tags" | "metadata" | "tracking" | "replyTo";

/** A provider with what applies to it alone. */
export interface Route<N extends string = string> {
  /** What an adapter returned: `ses({ … })`. */
  readonly provider: Provider<N>;
  /** Share inside its group, above 0; default 1. */
  readonly weight?: number | undefined;
  /**
   * Attempts in flight there at most, from 1; default as many as come. At its limit a provider is passed over like one
   * that is throttled: mail goes elsewhere, and waits only where nobody else can take it.
   */
  readonly concurrency?: number | undefined;
  /** Attempts begun there at most in any interval of a length; default as many as come. At its limit as above. */
  readonly rate?: RateOptions | undefined;
  /**
   * Share of ordinary mail (`onUnknown: "failover"`, no `stickyKey`) that goes to this standby although it is not needed,
   * 0–1, say 0.01; default 0. So a revoked key or an expired domain there is found before the outage. Not for the first
   * provider or group.
   */
  readonly prove?: number | undefined;
  /** The sender verified there. A sender that it replaces becomes Reply-To where the message has none. */
  readonly from?: AddressLike | ((from: Address) => AddressLike) | undefined;
  /** What `SendOptions.require` asks for: `"eu"`, `"bulk"`. */
  readonly labels?: readonly string[] | undefined;
  /** Time limit of one attempt here, ms; default the mailer's. */
  readonly timeout?: number | undefined;
  /** When it counts as down here; default the mailer's. */
  readonly breaker?: BreakerOptions | undefined;
}

/** How fast one provider may be asked. */
export interface RateOptions {
  /**
   * Attempts, from 1; of a campaign's batch, each mail counts. When the provider answers that it was too much, what is
   * left of them comes back one by one.
   */
  readonly limit: number;
  /** Milliseconds above 0. */
  readonly interval: number;
}

/** A provider, alone or with what applies to it alone. */
export type Entry<N extends string = string> = Provider<N> | Route<N>;

/**
 * What a mailer is made of. Checked at once: an option that does not exist is a `TypeError`, a value out of range a
 * `RangeError`.
 *
 * @typeParam N names of the providers, inferred
 */
export interface MailerOptions<N extends string = string> {
  /**
   * The order is the priority. An element is a provider, or a group of providers that share the load by weight; a later
   * element is used while no earlier one can, but for one message now and then: to prove itself (`Route.prove`), or to try
   * whether it is back after an outage. At least one; names are unique.
   */
  readonly providers: readonly (Entry<N> | readonly Entry<N>[])[];
  /** `from`, `replyTo`, `headers` … where the message has none. */
  readonly defaults?: Partial<Message<N>> | undefined;
  /**
   * `"failover"` (default) goes on to another provider after an attempt that may have been sent, and so prefers a
   * possible duplicate to a lost mail; `"stop"` ends with an `UnknownDeliveryError`.
   */
  readonly onUnknown?: OnUnknown | undefined;
  /**
   * One attempt, to the last byte of the answer, ms; default 10_000, or half the deadline if that is shorter.
   * Keep it under the deadline: a time-out that a shorter deadline brings about says nothing of the provider.
   */
  readonly timeout?: number | undefined;
  /** The whole send, preparation and waiting included, ms; default 30_000. */
  readonly deadline?: number | undefined;
  /**
   * Your list of those who are to get no mail: unsubscribed, bounced, complained. Each ESP has a list of its own that the
   * others know nothing of, so without yours a failover would write to somebody whom another ESP has stopped writing to.
   *
   * Asked once a send, before any provider, for every address in to, cc and bcc at the same time, under the send's
   * deadline. `true` for any: nothing is sent to anybody, and the send rejects with a `SuppressedError`. If it throws,
   * rejects, gives no boolean or does not answer in time: nothing is sent either, an `UnavailableError`.
   */
  readonly suppress?: Suppress | undefined;
  /** How a message that nobody took is tried again. */
  readonly retry?: RetryOptions | undefined;
  /** How many sends may wait. */
  readonly queue?: QueueOptions | undefined;
  /** When a provider counts as degraded or down; a route may have its own. */
  readonly breaker?: BreakerOptions | undefined;
}

/** How often and when a message that nobody took is tried again. */
export interface RetryOptions {
  /** Rounds in all, from 1, each of which tries every provider once; default 3. */
  readonly maxRounds?: number | undefined;
  /** Longest wait before the second round, ms, from 0; doubled for each further one; default 250. */
  readonly minDelay?: number | undefined;
  /** Longest wait before any round, ms, from 0; default 8_000. The wait is random between 0 and the limit (full jitter). */
  readonly maxDelay?: number | undefined;
  /**
   * The retry budget: attempts that repeat an earlier one at the same provider, as a share of the sends of the last ten
   * seconds, from 0; default 0.2. Ten more are always allowed. A first try at a provider is never counted, so that an
   * outage of all providers is not answered with a storm, and one provider's outage denies no failover.
   */
  readonly budget?: number | undefined;
}

/** The sends that wait for a limit of theirs or for the end of a throttle, since nobody else can take them. */
export interface QueueOptions {
  /**
   * So many at most, from 0; default 1_000. One more is refused with an `OverloadedError`. They go in the order in which
   * they were sent.
   */
  readonly limit?: number | undefined;
}

/**
 * What applies to one send.
 *
 * @typeParam N names of the mailer's providers; without it, options that name none and so fit every mailer
 */
export interface SendOptions<N extends string = never> {
  /** Ends the send with an `AbortedError`; an attempt under way is cut off. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from now, or a date; default the mailer's. */
  readonly deadline?: number | Date | undefined;
  /** What to do when somebody may have the message; default the mailer's. */
  readonly onUnknown?: OnUnknown | undefined;
  /** Your id instead of a random one: 1–128 of `A–Z a–z 0–9 _ -`, which every ESP can carry. */
  readonly id?: string | undefined;
  /** These providers and no others; default all. An unknown name is a `RangeError`. */
  readonly only?: readonly N[] | undefined;
  /** Not these providers; default none. */
  readonly except?: readonly N[] | undefined;
  /** Labels that a provider must have, all of them; without such a provider nothing is sent. */
  readonly require?: readonly string[] | undefined;
  /** The same key goes to the same provider of its group while that one can. */
  readonly stickyKey?: string | undefined;
  /** Default `["tags", "tracking"]`. */
  readonly mayDrop?: readonly Droppable[] | undefined;
}
