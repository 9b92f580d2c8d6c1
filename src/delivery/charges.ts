import type { Bearing } from "../health/attempt-outcome.ts";
import type { FailedResult } from "./run-attempt.ts";

/** What the failures of one message say of the providers: at most one counts against each. */
export class Charges<N extends string> {
  readonly #charged = new Set<N>();

  /** @param shortened it had less than its route's time, since the send's deadline was near */
  bearingOf(provider: N, { failure, timedOut, reusedConnection }: FailedResult, shortened: boolean): Bearing {
    const lostOnReuse = reusedConnection && failure.reason === "response-lost";
    if ((timedOut && shortened) || lostOnReuse || failure.reason === "aborted") return "none";
    if (failure.scope === "none") return "neutral";
    if (failure.scope !== "provider" || failure.reason === "throttled") return "full";
    if (this.#charged.has(provider)) return "neutral";
    this.#charged.add(provider);
    return "full";
  }
}
