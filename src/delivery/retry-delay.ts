import { now } from "../clock.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { Outlook } from "./outlook.ts";

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
  outlooks: readonly Outlook<N>[],
  log: AttemptLog<N>,
  { minDelay, maxDelay }: RetrySettings,
): number | undefined {
  const backoff = Math.random() * Math.min(maxDelay, minDelay * 2 ** (round - 2));
  const delays = outlooks.flatMap(({ candidate, because, until = now() }) => {
    if (because === "paused") return [until - now()];
    if (because !== "free") return [];
    return [log.tried(candidate.route.name) ? backoff : 0];
  });
  return delays.length === 0 ? undefined : Math.min(...delays);
}
