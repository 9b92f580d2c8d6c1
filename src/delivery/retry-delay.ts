import { now } from "../clock.ts";
import type { Candidate } from "../routing/plan.ts";
import { availabilityOf } from "../routing/resolved-route.ts";
import type { AttemptLog } from "./attempt-log.ts";
import { mustPause } from "./way-out.ts";

export interface RetrySettings {
  readonly maxRounds: number;
  /** Milliseconds. */
  readonly minDelay: number;
  /** Milliseconds. */
  readonly maxDelay: number;
}

/**
 * How long to wait before another round, ms: until the first provider is ready. One that was not tried is ready at once,
 * one that asked for a pause after that, and any other after exponential back-off with full jitter. Undefined where none
 * can be tried before something happens to it; the round itself waits for that.
 *
 * @see Brooker: Exponential Backoff And Jitter, AWS Architecture Blog (2015)
 */
export function retryDelay<N extends string>(
  round: number,
  candidates: readonly Candidate<N>[],
  log: AttemptLog<N>,
  { minDelay, maxDelay }: RetrySettings,
): number | undefined {
  const backoff = Math.random() * Math.min(maxDelay, minDelay * 2 ** (round - 2));
  const delays = candidates.flatMap(({ route }) => {
    if (mustPause(route, log)) return [(log.pauseOf(route.name) ?? 0) - now()];
    if (availabilityOf(route).can === "nothing") return [];
    return [log.tried(route.name) ? backoff : 0];
  });
  return delays.length === 0 ? undefined : Math.min(...delays);
}
