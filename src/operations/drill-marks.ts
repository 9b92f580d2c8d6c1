import type { ProviderChange } from "../health/change.ts";

/** Which changes of one provider a drill brought about. */
export class DrillMarks {
  /** Whether all that is the matter with it came of drills; undefined while nothing is. */
  #isTroubleRehearsed: boolean | undefined;
  #isThrottleRehearsed = false;

  /** Marks a change that a drill brought about: by a failure of it, or as the way back from nothing but drills. */
  mark<N extends string>(change: ProviderChange<N>): ProviderChange<N> {
    return this.#isRehearsed(change) ? Object.freeze({ ...change, drill: true as const }) : change;
  }

  #isRehearsed({ from, to, failure }: ProviderChange): boolean {
    const isOfDrill = failure?.drill === true;
    if (from === "isolated" || to === "isolated") return false;
    if (from === "throttled") return this.#isThrottleRehearsed;
    if (to === "throttled") {
      this.#isThrottleRehearsed = isOfDrill;
      return isOfDrill;
    }
    if (to === "down" || to === "degraded") {
      // Somebody may have been called for a part of it that was real, and waits to hear that it is over.
      this.#isTroubleRehearsed = isOfDrill && this.#isTroubleRehearsed !== false;
      return isOfDrill;
    }
    const isWayBack = this.#isTroubleRehearsed === true;
    if (to === "healthy") this.#isTroubleRehearsed = undefined;
    return isWayBack;
  }
}
