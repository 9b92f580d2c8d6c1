import { now } from "../clock.ts";
import type { ProbeResult } from "../health/permit.ts";
import type { Candidate } from "../routing/plan.ts";
import type { ResolvedRoute } from "../routing/resolved-route.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { LastResort } from "./last-resort.ts";
import { linesInTime, type Outlook, passesBy } from "./outlook.ts";

/** What to do when no candidate can be tried at this moment. */
export type WayOut<N extends string = string> =
  /** Somebody will take mail in time. */
  | {
      readonly do: "wait";
      readonly duration: number;
      /** Those that call when they can take it. */
      readonly lines: readonly ResolvedRoute<N>[];
      /** What else may make the wait shorter. */
      readonly sooner: Promise<unknown> | undefined;
    }
  /** Another send is trying; its result is ours, unless a period ends before. */
  | { readonly do: "await-result"; readonly result: Promise<ProbeResult>; readonly duration: number }
  | { readonly do: "last-resort"; readonly candidate: Candidate<N> }
  | { readonly do: "give-up" }
  /** Somebody can be tried after all: a period ended since the last look. */
  | { readonly do: "go-on" };

/** What a way out depends on. */
export interface Standstill<N extends string = string> {
  /** Of each candidate that may still be tried. */
  readonly outlooks: readonly Outlook<N>[];
  readonly log: AttemptLog<N>;
  readonly lastResort: LastResort;
  /** A probe or a last resort was made or awaited already, and failed. */
  readonly trialFailed: boolean;
  /** Milliseconds that waiting may take. */
  readonly timeLeft: number;
}

export function wayOut<N extends string>(standstill: Standstill<N>): WayOut<N> {
  const { outlooks, log, lastResort, trialFailed, timeLeft } = standstill;
  if (outlooks.some(({ because }) => because === "free")) return { do: "go-on" };
  // With nobody left to ask, what another's last resort comes to is of no use.
  if (trialFailed || timeLeft < 0 || outlooks.length === 0) return { do: "give-up" };
  const underWay = outlooks.flatMap(({ candidate }) => candidate.route.monitor.probeResult ?? []);
  const trials = lastResort.underWay ? [...underWay, lastResort.underWay] : underWay;
  const result = trials.length > 0 ? Promise.race(trials) : undefined;

  const latest = now() + timeLeft;
  const ends = outlooks.flatMap(({ because, until }) =>
    because === "paused" || because === "down" ? (until ?? []) : [],
  );
  const duration = Math.max(0, Math.min(latest, ...ends) - now());
  if (outlooks.some((outlook) => passesBy(latest, outlook))) {
    return { do: "wait", duration, lines: linesInTime(outlooks, latest), sooner: result };
  }
  if (result) return { do: "await-result", result, duration };
  const [untried] = outlooks
    .filter(({ candidate: { route }, because }) => because === "down" && !log.tried(route.name) && route.limits.free)
    .sort((a, b) => (a.until ?? 0) - (b.until ?? 0));
  return untried && lastResort.mayBegin ? { do: "last-resort", candidate: untried.candidate } : { do: "give-up" };
}
