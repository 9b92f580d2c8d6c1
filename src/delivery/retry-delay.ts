import { now } from "../clock.ts";
import type { Attempt } from "../receipt.ts";
import type { Candidate } from "../routing/plan.ts";

export interface RetrySettings {
  readonly maxRounds: number;
  /** Milliseconds. */
  readonly minDelay: number;
  /** Milliseconds. */
  readonly maxDelay: number;
}

/**
 * How long to wait before a round that repeats: until the first provider is ready. One that asked for a pause is ready
 * after it, any other after exponential back-off with full jitter.
 *
 * @see Brooker: Exponential Backoff And Jitter, AWS Architecture Blog (2015)
 */
export function retryDelay<N extends string>(
  round: number,
  candidates: readonly Candidate<N>[],
  attempts: readonly Attempt<N>[],
  { minDelay, maxDelay }: RetrySettings,
): number {
  const jittered = Math.random() * Math.min(maxDelay, minDelay * 2 ** (round - 2));
  const delays = candidates
    .filter(({ route }) => route.monitor.openUntil === undefined)
    .map(({ route }) => pauseAskedFor(route.monitor.throttledUntil, lastAttemptAt(route.name, attempts)) ?? jittered);
  return delays.length === 0 ? 0 : Math.min(...delays);
}

function lastAttemptAt<N extends string>(name: N, attempts: readonly Attempt<N>[]): Attempt<N> | undefined {
  return attempts.findLast((attempt) => attempt.provider === name);
}

function pauseAskedFor(throttledUntil: number | undefined, last: Attempt | undefined): number | undefined {
  if (throttledUntil !== undefined) return throttledUntil - now();
  if (!last || last.outcome === "accepted" || last.failure.retryAfter === undefined) return undefined;
  const since = Date.now() - (last.startedAt.getTime() + last.duration);
  return Math.max(0, last.failure.retryAfter - since);
}
