import { now } from "../clock.ts";
import type { ProviderMonitor } from "../health/provider-monitor.ts";
import type { Candidate } from "../routing/plan.ts";
import type { AttemptLog } from "./attempt-log.ts";

export interface RetrySettings {
  readonly maxRounds: number;
  /** Milliseconds. */
  readonly minDelay: number;
  /** Milliseconds. */
  readonly maxDelay: number;
}

/** A wait, and the provider for which it is. */
export interface Delay<N extends string = string> {
  readonly duration: number;
  readonly monitor: ProviderMonitor<N> | undefined;
}

/**
 * How long to wait before another round: until the first provider is ready. One that was not tried is ready when it can
 * be tried, one that asked for a pause after that, and any other after exponential back-off with full jitter.
 *
 * @see Brooker: Exponential Backoff And Jitter, AWS Architecture Blog (2015)
 */
export function retryDelay<N extends string>(
  round: number,
  candidates: readonly Candidate<N>[],
  log: AttemptLog<N>,
  { minDelay, maxDelay }: RetrySettings,
): Delay<N> {
  const jittered = Math.random() * Math.min(maxDelay, minDelay * 2 ** (round - 2));
  const delays = candidates.flatMap(({ route: { name, monitor } }): Delay<N>[] => {
    const { availability } = monitor;
    if (availability.can === "nothing") {
      return availability.because === "throttled" ? [{ duration: availability.until - now(), monitor }] : [];
    }
    if (!log.tried(name)) return [{ duration: 0, monitor }];
    const pause = log.pauseOf(name);
    return [{ duration: pause === undefined ? jittered : Math.max(0, pause - now()), monitor }];
  });
  return delays.sort((a, b) => a.duration - b.duration)[0] ?? { duration: 0, monitor: undefined };
}
