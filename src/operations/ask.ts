import type { Cancellation } from "../cancellation.ts";
import { redactFailure } from "../delivery/redact-failure.ts";
import { runAttempt } from "../delivery/run-attempt.ts";
import { type Failure, failureInPhase } from "../failure.ts";
import type { QuestionLimits } from "../providers/provider.ts";
import type { ResolvedRoute } from "../routing/resolved-route.ts";
import { isAbortSignal } from "../send-settings.ts";
import { checkDuration, refuseUnknownKeys } from "../settings.ts";

/** What bounds a question to all providers. */
export interface AskOptions {
  /** Time limit for all of it, ms, above 0; default 10_000. */
  readonly timeout?: number | undefined;
  /** Ends it: who has not answered by then has not. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of it at one provider. */
export interface Answer<N extends string, T> {
  readonly route: ResolvedRoute<N>;
  /** What it answered, or why it did not. */
  readonly result: { readonly value: T } | { readonly failure: Failure; readonly timedOut: boolean };
  /** Milliseconds. */
  readonly duration: number;
}

/** @throws TypeError, RangeError for what are no such options */
export function checkAskOptions(where: string, options: AskOptions, keys: readonly string[]): void {
  refuseUnknownKeys(where, options, keys);
  const { timeout, signal } = options;
  if (timeout !== undefined) checkDuration(`${where}.timeout`, timeout);
  if (signal !== undefined && !isAbortSignal(signal)) throw new TypeError(`${where}.signal must be an AbortSignal`);
}

/**
 * Asks all providers at the same time. Never rejects, and ends in time whatever they do. It says nothing of their health,
 * which is judged by mail alone.
 *
 * @param closing ends it, as the caller's signal does
 */
export function askAll<N extends string, T>(
  routes: readonly ResolvedRoute<N>[],
  { timeout = 10_000, signal }: AskOptions,
  closing: Cancellation,
  question: (route: ResolvedRoute<N>, limits: QuestionLimits) => Promise<T>,
): Promise<readonly Answer<N, T>[]> {
  return Promise.all(
    routes.map(async (route) => {
      if (signal?.aborted || closing.aborted) {
        return { route, result: { failure: failureInPhase("aborted", "no"), timedOut: false }, duration: 0 };
      }
      let answered: { readonly value: T } | undefined;
      const ending = await runAttempt({
        provider: route.provider,
        request: async ({ timeout, cancellation }) => {
          answered = { value: await question(route, { timeout, signal: cancellation.signal }) };
        },
        receiptIn: () => answered,
        redact: (failure) => redactFailure(failure, () => []),
        limit: timeout,
        onCancel: (cancel) => onEnd([signal, closing], cancel),
      });
      const { duration } = ending;
      return { route, result: ending.outcome === "accepted" ? ending.receipt : ending, duration };
    }),
  );
}

/** Calls back when one of them ends; returns what takes that back. */
function onEnd([signal, closing]: readonly [AbortSignal | undefined, Cancellation], callback: () => void): () => void {
  signal?.addEventListener("abort", callback);
  closing.addEventListener("abort", callback);
  return () => {
    signal?.removeEventListener("abort", callback);
    closing.removeEventListener("abort", callback);
  };
}
