import { now } from "../clock.ts";
import type { ProviderMonitor, TrialVerdict } from "../health/provider-monitor.ts";
import type { Candidate } from "../routing/plan.ts";
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
  /** Another send is trying; its verdict is ours. */
  | { readonly do: "await-verdict"; readonly verdict: Promise<TrialVerdict> }
  | { readonly do: "last-resort"; readonly candidate: Candidate<N> }
  | { readonly do: "give-up" };

/** What a way out depends on. */
export interface Standstill<N extends string = string> {
  readonly candidates: readonly Candidate<N>[];
  readonly tried: (name: N) => boolean;
  readonly lastResort: LastResort;
  /** A verdict was heard already, and it was bad. */
  readonly verdictHeard: boolean;
  /** Milliseconds that waiting may take. */
  readonly timeLeft: number;
}

export function wayOut<N extends string>(standstill: Standstill<N>): WayOut<N> {
  const { candidates, tried, lastResort, verdictHeard, timeLeft } = standstill;
  if (verdictHeard || timeLeft < 0) return { do: "give-up" };
  const underWay = candidates.flatMap(({ route: { monitor } }) => monitor.probeVerdict ?? []);
  const verdicts = lastResort.underWay ? [...underWay, lastResort.underWay] : underWay;
  const verdict = verdicts.length > 0 ? Promise.race(verdicts) : undefined;

  const throttle = first(candidates, "throttled");
  const due = first(candidates, "down");
  if (throttle && throttle.until - now() <= timeLeft) {
    const until = Math.min(throttle.until, due?.until ?? throttle.until);
    const { monitor } = throttle.candidate.route;
    return { do: "wait", duration: Math.max(0, until - now()), sooner: verdict, monitor };
  }
  if (verdict) return { do: "await-verdict", verdict };
  const untried = first(
    candidates.filter(({ route }) => !tried(route.name)),
    "down",
  );
  return untried && lastResort.mayBegin ? { do: "last-resort", candidate: untried.candidate } : { do: "give-up" };
}

/** The candidate that will be back first, of those that are out for this reason. */
function first<N extends string>(
  candidates: readonly Candidate<N>[],
  because: "throttled" | "down",
): { readonly candidate: Candidate<N>; readonly until: number } | undefined {
  return candidates
    .flatMap((candidate) => {
      const { availability } = candidate.route.monitor;
      if (availability.can !== "nothing" || availability.because !== because) return [];
      return "until" in availability ? [{ candidate, until: availability.until }] : [];
    })
    .sort((a, b) => a.until - b.until)[0];
}
