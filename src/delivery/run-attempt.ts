import { now } from "../clock.ts";
import { type Failure, failure, failureInPhase, isProviderError, normalFailure } from "../failure.ts";
import type { AttemptContext, Provider } from "../providers/provider.ts";
import { loadQuietly } from "./load-quietly.ts";

/** One attempt to make. */
export interface AttemptTask<R> {
  readonly provider: Provider;
  /** Has the adapter make its request. */
  readonly request: (context: Pick<AttemptContext, "signal" | "timeout">) => Promise<unknown>;
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
  const cut = cutShort(task);
  const hindrance = await Promise.race([loadQuietly(task.provider), cut.happened]);
  // Loading an SDK for the first time says nothing of how fast its ESP is.
  const startedAt = new Date();
  const ready = now();
  const settlement = hindrance ? withoutAnswer(notBegun(hindrance)) : await settle(task, cut.happened);
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

async function settle<R>(task: AttemptTask<R>, cut: Promise<Cut>): Promise<Settlement<R>> {
  const controller = new AbortController();
  const sending = callAdapter(task, controller.signal);
  const first = await Promise.race([sending, cut]);
  if (typeof first !== "string") return first;
  controller.abort(new DOMException("The attempt was ended", first === "timeout" ? "TimeoutError" : "AbortError"));
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
  signal: AbortSignal,
): Promise<Settlement<R>> {
  try {
    const accepted = receiptIn(await request({ signal, timeout: limit }));
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

function cutShort<R>({ limit, onCancel }: AttemptTask<R>): {
  readonly happened: Promise<Cut>;
  readonly dispose: () => void;
} {
  let dispose = (): void => {};
  const happened = new Promise<Cut>((resolve) => {
    const timer = setTimeout(() => resolve("timeout"), limit);
    const removeCancel = onCancel(() => resolve("aborted"));
    dispose = () => {
      clearTimeout(timer);
      removeCancel();
    };
  });
  return { happened, dispose };
}

function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, 0, undefined));
}
