import { now } from "../clock.ts";
import type { ProbeResult } from "../health/permit.ts";
import type { Candidate } from "../routing/plan.ts";
import { availabilityOf, hasLine, type ResolvedRoute, type RouteAvailability } from "../routing/resolved-route.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { LastResort } from "./last-resort.ts";
import type { Turn } from "./turn.ts";

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

/** Who is waited for, and for how long that makes sense. */
export interface Wait<N extends string = string> {
  readonly candidates: readonly Candidate<N>[];
  readonly log: AttemptLog<N>;
  readonly turn: Turn<N>;
  /** Milliseconds that waiting may take. */
  readonly timeLeft: number;
}

/** What a way out depends on. */
export interface Standstill<N extends string = string> extends Wait<N> {
  readonly lastResort: LastResort;
  /** A probe or a last resort was made or awaited already, and failed. */
  readonly trialFailed: boolean;
}

/** Why a candidate cannot be tried, and until when as far as that is known; on the monotonic clock. */
interface Outlook<N extends string> {
  readonly candidate: Candidate<N>;
  readonly because: "free" | "paused" | Extract<RouteAvailability, { can: "nothing" }>["because"];
  readonly until: number | undefined;
}

export function wayOut<N extends string>(standstill: Standstill<N>): WayOut<N> {
  const { candidates, log, lastResort, trialFailed, timeLeft } = standstill;
  // One look at each: the clock goes on, and a period that ends between two looks would be seen by neither.
  const outlooks = candidates.map((candidate) => outlookOf(candidate, standstill));
  if (outlooks.some(({ because }) => because === "free")) return { do: "go-on" };
  if (trialFailed || timeLeft < 0) return { do: "give-up" };
  const underWay = candidates.flatMap(({ route: { monitor } }) => monitor.probeResult ?? []);
  const trials = lastResort.underWay ? [...underWay, lastResort.underWay] : underWay;
  const result = trials.length > 0 ? Promise.race(trials) : undefined;

  const latest = now() + timeLeft;
  const ends = outlooks.flatMap(({ because, until }) =>
    because === "paused" || because === "down" ? (until ?? []) : [],
  );
  const duration = Math.max(0, Math.min(latest, ...ends) - now());
  const inTime = outlooks.filter((outlook) => passesBy(latest, outlook));
  if (inTime.length > 0) {
    const lines = linesOf(inTime);
    return { do: "wait", duration, lines, sooner: result };
  }
  if (result) return { do: "await-result", result, duration };
  const [untried] = outlooks
    .filter(({ candidate: { route }, because }) => because === "down" && !log.tried(route.name) && route.limits.free)
    .sort((a, b) => (a.until ?? 0) - (b.until ?? 0));
  return untried && lastResort.mayBegin ? { do: "last-resort", candidate: untried.candidate } : { do: "give-up" };
}

/** Those that are throttled or at their limits, and will call this message in time. */
export function linesInTime<N extends string>(wait: Wait<N>): ResolvedRoute<N>[] {
  const latest = now() + wait.timeLeft;
  const outlooks = wait.candidates.map((candidate) => outlookOf(candidate, wait));
  return linesOf(outlooks.filter((outlook) => passesBy(latest, outlook)));
}

function linesOf<N extends string>(outlooks: readonly Outlook<N>[]): ResolvedRoute<N>[] {
  return outlooks.filter(({ because }) => because !== "paused").map(({ candidate }) => candidate.route);
}

function outlookOf<N extends string>(candidate: Candidate<N>, { log, turn }: Wait<N>): Outlook<N> {
  const { route } = candidate;
  const availability = availabilityOf(route);
  if (mustPause(route, log)) return { candidate, because: "paused", until: log.pauseOf(route.name) };
  if (availability.can !== "nothing") return { candidate, because: "free", until: undefined };
  const { because } = availability;
  return { candidate, because, until: "until" in availability ? availability.until : turn.expectedAt(route) };
}

/** A provider is told of a throttle a moment before the message that was throttled. */
const moment = 2;

/**
 * Whether the provider may take mail sooner than it may take this one. Such a message stands in no line: it would only
 * be called in vain.
 */
export function mustPause<N extends string>(route: ResolvedRoute<N>, log: AttemptLog<N>): boolean {
  const availability = availabilityOf(route);
  if (availability.can === "nothing" && !hasLine(route)) return false;
  const until = "until" in availability ? availability.until : now();
  return (log.pauseOf(route.name) ?? 0) > until + moment;
}

/** Whether it ends in time, and by itself: a throttle, a limit or a pause. How long a limit takes may not be known. */
function passesBy<N extends string>(latest: number, { because, until }: Outlook<N>): boolean {
  return (because === "throttled" || because === "limited" || because === "paused") && (until ?? 0) <= latest;
}
