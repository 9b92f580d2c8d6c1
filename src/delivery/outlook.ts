import { now } from "../clock.ts";
import type { Candidate } from "../routing/plan.ts";
import { availabilityOf, type ResolvedRoute, type RouteAvailability } from "../routing/resolved-route.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { Turn } from "./turn.ts";

/**
 * Why a candidate cannot be tried for one message, and until when as far as that is known. Taken once for each decision:
 * the clock goes on, and a period that ends between two looks would be seen by neither.
 */
export interface Outlook<N extends string = string> {
  readonly candidate: Candidate<N>;
  /** `free`: it can be tried; `paused`: it asked this very message to wait longer than others. */
  readonly because: "free" | "paused" | Extract<RouteAvailability, { can: "nothing" }>["because"];
  /** On the monotonic clock. */
  readonly until: number | undefined;
}

/** A provider is told of a throttle a moment before the message that was throttled, ms. */
const moment = 2;

export function outlookOf<N extends string>(candidate: Candidate<N>, log: AttemptLog<N>, turn: Turn<N>): Outlook<N> {
  const { route } = candidate;
  const availability = availabilityOf(route);
  const until = availability.can === "nothing" && "until" in availability ? availability.until : undefined;
  const pause = log.pauseOf(route.name);
  if (passesByItself(availability) && pause !== undefined && pause > (until ?? now()) + moment) {
    return { candidate, because: "paused", until: pause };
  }
  if (availability.can !== "nothing") return { candidate, because: "free", until };
  return { candidate, because: availability.because, until: until ?? turn.expectedAt(route) };
}

/** Nothing has to happen before the provider takes mail: at most, time has to pass. */
function passesByItself(availability: RouteAvailability): boolean {
  return availability.can !== "nothing" || ["throttled", "limited"].includes(availability.because);
}

/** Whether it ends in time, and by itself: a throttle, a limit or a pause. How long a limit takes may not be known. */
export function passesBy<N extends string>(latest: number, { because, until }: Outlook<N>): boolean {
  return (because === "throttled" || because === "limited" || because === "paused") && (until ?? 0) <= latest;
}

/**
 * Those in whose lines a message may stand: they are throttled or at their limits, and will call it in time. Who must
 * pause stands in none, since it would be called in vain.
 */
export function linesInTime<N extends string>(outlooks: readonly Outlook<N>[], latest: number): ResolvedRoute<N>[] {
  return outlooks
    .filter((outlook) => outlook.because !== "paused" && passesBy(latest, outlook))
    .map(({ candidate }) => candidate.route);
}
