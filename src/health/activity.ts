import type { Failure } from "../failure.ts";
import type { AttemptOutcome } from "./attempt-outcome.ts";
import type { ProviderHealth } from "./provider-health.ts";

type Report = Pick<ProviderHealth, "inFlight" | "lastFailure" | "lastAccepted">;

/** What goes on at one provider, and how it last went. For the report alone: no decision depends on it. */
export class Activity {
  #inFlight = 0;
  #lastFailure: (Failure & { readonly at: Date }) | undefined;
  /** Milliseconds since the epoch. */
  #lastAccepted: number | undefined;

  /** Counts an attempt that is under way, until {@link end}. */
  begin(): void {
    this.#inFlight += 1;
  }

  end(): void {
    this.#inFlight -= 1;
  }

  note(outcome: AttemptOutcome): void {
    if (outcome.outcome === "accepted") this.#lastAccepted = Date.now();
    else this.#lastFailure = Object.freeze({ ...outcome.failure, at: new Date() });
  }

  report(): Report {
    return {
      inFlight: this.#inFlight,
      ...(this.#lastFailure ? { lastFailure: this.#lastFailure } : {}),
      ...(this.#lastAccepted === undefined ? {} : { lastAccepted: new Date(this.#lastAccepted) }),
    };
  }
}
