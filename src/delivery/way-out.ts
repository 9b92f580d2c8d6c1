import { now } from "../clock.ts";
import type { ProviderMonitor } from "../health/provider-monitor.ts";
import type { Candidate } from "../routing/plan.ts";
import type { LastResort } from "./last-resort.ts";

/** What to do when no candidate can be tried at this moment. */
export type WayOut<N extends string = string> =
  /** Somebody will take mail in a moment. */
  | {
      readonly do: "wait";
      readonly duration: number;
      readonly sooner: Promise<unknown> | undefined;
      readonly monitor: ProviderMonitor<N>;
    }
  /** Another send is trying; its verdict is ours. */
  | { readonly do: "await-verdict"; readonly verdict: Promise<unknown> }
  | { readonly do: "last-resort"; readonly candidate: Candidate<N> }
  | { readonly do: "give-up" };

/** @param timeLeft milliseconds that waiting may take */
export function wayOut<N extends string>(
  candidates: readonly Candidate<N>[],
  lastResort: LastResort,
  wasTried: (name: N) => boolean,
  timeLeft: number,
): WayOut<N> {
  const blocked = candidates.map((candidate) => ({ candidate, state: candidate.route.monitor.availability }));
  const probes = blocked
    .filter(({ state }) => state.can === "nothing" && state.because === "probing")
    .map(({ candidate }) => candidate.route.monitor.probeSettled);
  const underWay = [...probes, lastResort.underWay].filter((verdict) => verdict !== undefined);
  const verdict = underWay.length > 0 ? Promise.race(underWay) : undefined;

  const throttle = earliest("throttled");
  if (throttle && throttle.until - now() <= timeLeft) {
    const duration = Math.max(0, throttle.until - now());
    return { do: "wait", duration, sooner: verdict, monitor: throttle.candidate.route.monitor };
  }
  if (verdict) return { do: "await-verdict", verdict };
  const dueFirst = earliest("down");
  return dueFirst && lastResort.mayBegin ? { do: "last-resort", candidate: dueFirst.candidate } : { do: "give-up" };

  function earliest(because: "throttled" | "down"): { candidate: Candidate<N>; until: number } | undefined {
    return blocked
      .flatMap(({ candidate, state }) =>
        state.can === "nothing" && state.because === because ? [{ candidate, until: state.until }] : [],
      )
      .filter(({ candidate }) => because === "throttled" || !wasTried(candidate.route.name))
      .sort((a, b) => a.until - b.until)[0];
  }
}
