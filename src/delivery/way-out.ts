import { now } from "../clock.ts";
import type { ProbeResult } from "../health/permit.ts";
import type { Availability, ProviderMonitor } from "../health/provider-monitor.ts";
import type { Candidate } from "../routing/plan.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { LastResort } from "./last-resort.ts";

/** What to do when no candidate can be tried at this moment. */
export type WayOut<N extends string = string> =
  /** Somebody will take mail in a moment. */
  | {
      readonly do: "wait";
      readonly duration: number;
      /** What may make the wait shorter. */
      readonly sooner: Promise<unknown> | undefined;
      readonly monitor: ProviderMonitor<N>;
    }
  /** Another send is trying; its result is ours. */
  | { readonly do: "await-result"; readonly result: Promise<ProbeResult> }
  | { readonly do: "last-resort"; readonly candidate: Candidate<N> }
  | { readonly do: "give-up" }
  /** Somebody can be tried after all: a period ended since the last look. */
  | { readonly do: "go-on" };

/** What a way out depends on. */
export interface Standstill<N extends string = string> {
  readonly candidates: readonly Candidate<N>[];
  readonly log: AttemptLog<N>;
  readonly lastResort: LastResort;
  /** A probe or a last resort was made or awaited already, and failed. */
  readonly trialFailed: boolean;
  /** Milliseconds that waiting may take. */
  readonly timeLeft: number;
}

export function wayOut<N extends string>(standstill: Standstill<N>): WayOut<N> {
  const { candidates, log, lastResort, trialFailed, timeLeft } = standstill;
  // One look at each: the clock goes on, and a period that ends between two looks would be seen by neither.
  const outlook = candidates.map((candidate) => ({ candidate, availability: availabilityOf(candidate, log) }));
  if (outlook.some(({ availability }) => availability.can !== "nothing")) return { do: "go-on" };
  if (trialFailed || timeLeft < 0) return { do: "give-up" };
  const underWay = candidates.flatMap(({ route: { monitor } }) => monitor.probeResult ?? []);
  const trials = lastResort.underWay ? [...underWay, lastResort.underWay] : underWay;
  const result = trials.length > 0 ? Promise.race(trials) : undefined;

  const throttle = first(outlook, "throttled");
  const due = first(outlook, "down");
  if (throttle && throttle.until - now() <= timeLeft) {
    const until = Math.min(throttle.until, due?.until ?? throttle.until);
    const { monitor } = throttle.candidate.route;
    return { do: "wait", duration: Math.max(0, until - now()), sooner: result, monitor };
  }
  if (result) return { do: "await-result", result };
  const untried = first(
    outlook.filter(({ candidate }) => !log.tried(candidate.route.name)),
    "down",
  );
  return untried && lastResort.mayBegin ? { do: "last-resort", candidate: untried.candidate } : { do: "give-up" };
}

/** One that asked this message for a pause is as good as throttled until then. */
function availabilityOf<N extends string>({ route }: Candidate<N>, log: AttemptLog<N>): Availability {
  const { availability } = route.monitor;
  const until = log.pauseOf(route.name);
  const pausing = until !== undefined && until > now();
  return pausing && availability.can !== "nothing" ? { can: "nothing", because: "throttled", until } : availability;
}

/** The candidate that will be back first, of those that are out for this reason. */
function first<N extends string>(
  outlook: readonly { readonly candidate: Candidate<N>; readonly availability: Availability }[],
  because: "throttled" | "down",
): { readonly candidate: Candidate<N>; readonly until: number } | undefined {
  return outlook
    .flatMap(({ candidate, availability }) => {
      if (availability.can !== "nothing" || availability.because !== because) return [];
      return "until" in availability ? [{ candidate, until: availability.until }] : [];
    })
    .sort((a, b) => a.until - b.until)[0];
}
