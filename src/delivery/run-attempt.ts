import { Cancellation } from "../cancellation.ts";
import { now } from "../clock.ts";
import { type Failure, failure, failureInPhase, isProviderError, normalFailure } from "../failure.ts";
import type { Provider } from "../providers/provider.ts";
import { isLoaded, loadQuietly } from "./load-quietly.ts";

/** What bounds a request. */
export interface RequestLimits {
  /** Milliseconds. */
  readonly timeout: number;
  readonly cancellation: Cancellation;
}

/** One attempt to make. */
export interface AttemptTask<R> {
  readonly provider: Provider;
  /** Has the adapter make its request. */
  readonly request: (limits: RequestLimits) => Promise<unknown>;
  /** The receipt, if that is what the adapter resolved with. */
  readonly receiptIn: (value: unknown) => R | undefined;
  /** Takes what is the message's own out of what the adapter says. */
  readonly redact: (failure: Failure) => Failure;
  /** Milliseconds. */
  readonly limit: number;
  /** Calls back when the attempt is to end at once; returns what takes that back. */
  readonly onCancel: (callback: () => void) => () => void;
}

/** What became of it. */
export type AttemptResult<R> = AcceptedResult<R> | FailedResult;

interface AcceptedResult<R> {
  readonly outcome: "accepted";
  readonly receipt: R;
  readonly startedAt: Date;
  readonly duration: number;
}

export interface FailedResult {
  readonly outcome: "not-sent" | "unknown";
  readonly failure: Failure;
  readonly startedAt: Date;
  readonly duration: number;
  /** It ended when its time limit did. */
  readonly timedOut: boolean;
  readonly reusedConnection: boolean;
}

type Settlement<R> = { readonly accepted: R } | Unsettled;

type Unsettled = { readonly failure: Failure; readonly reusedConnection: boolean };

/** Timers may fire a little before their time by the monotonic clock. */
const timerSlack = 2;

/** Makes one attempt; never rejects, and ends within its limit whatever the adapter does. */
export async function runAttempt<R>(task: AttemptTask<R>): Promise<AttemptResult<R>> {
  const began = now();
  const cut = new CutOff(task.limit, task.onCancel);
  const { provider } = task;
  const hindrance = isLoaded(provider) ? undefined : await Promise.race([loadQuietly(provider), cut.happened()]);
  // Loading an SDK for the first time says nothing of how fast its ESP is.
  const startedAt = new Date();
  const ready = now();
  const settlement = hindrance ? withoutAnswer(notBegun(hindrance)) : await settle(task, cut);
  cut.dispose();
  const duration = now() - ready;
  if ("accepted" in settlement) {
    return { outcome: "accepted", receipt: settlement.accepted, duration, startedAt };
  }
  return {
    outcome: settlement.failure.sent === "maybe" ? "unknown" : "not-sent",
    failure: task.redact(settlement.failure),
    reusedConnection: settlement.reusedConnection,
    timedOut: now() - began >= task.limit - timerSlack,
    duration,
    startedAt,
  };
}

function notBegun(hindrance: Cut): Failure {
  return hindrance === "aborted"
    ? failureInPhase("aborted", "no")
    : failureInPhase("internal", "no", { detail: "The adapter was not loaded in time" });
}

async function settle<R>(task: AttemptTask<R>, cut: CutOff): Promise<Settlement<R>> {
  const cancellation = new Cancellation();
  const sending = callAdapter(task, cancellation);
  const first = await cut.orSooner(sending);
  if (typeof first !== "string") return first;
  cancellation.abort(new DOMException("The attempt was ended", first === "timeout" ? "TimeoutError" : "AbortError"));
  // The adapter knows how far the request got, and has one turn of the event loop to say so.
  const second = await Promise.race([sending, nextTurn()]);
  const ours = withoutAnswer(first === "timeout" ? failure("timeout") : failureInPhase("aborted", "maybe"));
  if (!second) return ours;
  // What an adapter throws without explanation after the signal aborted is the signal's reason, as fetch does it.
  if ("failure" in second && second.failure.reason === "internal" && second.failure.sent === "maybe") return ours;
  if ("accepted" in second || first !== "timeout" || second.failure.reason !== "aborted") return second;
  return withoutAnswer(
    second.failure.sent === "no" ? failure("unreachable", { code: "ETIMEDOUT" }) : failure("timeout"),
  );
}

async function callAdapter<R>(
  { request, receiptIn, limit }: AttemptTask<R>,
  cancellation: Cancellation,
): Promise<Settlement<R>> {
  try {
    const accepted = receiptIn(await request({ cancellation, timeout: limit }));
    if (accepted !== undefined) return { accepted };
    return withoutAnswer(failure("bad-response", { detail: "The adapter returned no providerMessageId" }));
  } catch (error) {
    return settlementOf(error);
  }
}

/** The id in what `send` of an adapter resolved with. */
export function messageIdOf(receipt: unknown): string | undefined {
  if (typeof receipt !== "object" || receipt === null || !("providerMessageId" in receipt)) return undefined;
  const { providerMessageId } = receipt;
  return typeof providerMessageId === "string" && providerMessageId !== "" ? providerMessageId : undefined;
}

function settlementOf(error: unknown): Unsettled {
  try {
    if (isProviderError(error)) {
      return { failure: normalFailure(error.failure), reusedConnection: error.reusedConnection === true };
    }
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : `a thrown ${typeof error}`;
    // An error that the adapter does not explain proves nothing about the request.
    return withoutAnswer(failureInPhase("internal", "maybe", { detail }));
  } catch {
    return withoutAnswer(failureInPhase("internal", "maybe", { detail: "an error that cannot be read" }));
  }
}

function withoutAnswer(reason: Failure): Unsettled {
  return { failure: reason, reusedConnection: false };
}

/** What ends an attempt before its adapter does. */
type Cut = "timeout" | "aborted";

/** The end of an attempt by its limit or by a cancel; an object, since promises for it would cost more than all else. */
class CutOff {
  readonly #timer: NodeJS.Timeout;
  readonly #removeCancel: () => void;
  #how: Cut | undefined;
  #tell: ((how: Cut) => void) | undefined;

  constructor(limit: number, onCancel: (callback: () => void) => () => void) {
    this.#timer = setTimeout(() => this.#cut("timeout"), limit);
    this.#removeCancel = onCancel(() => this.#cut("aborted"));
  }

  happened(): Promise<Cut> {
    return new Promise((resolve) => this.#listen(resolve));
  }

  /** What comes first: this, or the end of something that never rejects. */
  orSooner<T>(something: Promise<T>): Promise<T | Cut> {
    return new Promise((resolve) => {
      this.#listen(resolve);
      void something.then(resolve);
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#removeCancel();
  }

  #listen(tell: (how: Cut) => void): void {
    if (this.#how) tell(this.#how);
    this.#tell = tell;
  }

  #cut(how: Cut): void {
    this.#how ??= how;
    this.#tell?.(this.#how);
  }
}

function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, 0, undefined));
}
