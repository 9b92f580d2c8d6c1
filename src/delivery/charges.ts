import type { Bearing } from "../health/attempt-outcome.ts";
import type { FailedResult } from "./run-attempt.ts";

/**
 * What the failures of one message say of the providers: at most one counts against each. Of the messages of a batch,
 * which fail together, as many count as there are.
 */
export class Charges<N extends string> {
  #charged: Map<N, number> | undefined;

  /**
   * @param shortened it had less than its route's time, since the send's deadline was near
   * @param messages that failed together
   */
  bearingOf(
    provider: N,
    { failure, timedOut, reusedConnection }: Pick<FailedResult, "failure" | "timedOut" | "reusedConnection">,
    shortened: boolean,
    messages = 1,
  ): Bearing {
    const lostOnReuse = reusedConnection && failure.reason === "response-lost";
    if ((timedOut && shortened) || lostOnReuse || failure.reason === "aborted") return "none";
    if (failure.scope === "none") return "neutral";
    if (failure.scope !== "provider" || failure.reason === "throttled") return "full";
    this.#charged ??= new Map();
    const charged = this.#charged.get(provider) ?? 0;
    if (charged >= messages) return "neutral";
    this.#charged.set(provider, charged + 1);
    return "full";
  }
}
