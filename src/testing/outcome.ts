import { normalFailure, ProviderError, type Reason, type Sent } from "../failure.ts";
import { checkDuration } from "./duration.ts";

/**
 * How one attempt ends:
 *
 * - `"accepted"`: the message goes into the inbox
 * - a reason, such as `"throttled"`: it fails so
 * - `"hang"`: no answer; it ends as `aborted` by its signal or as `timeout` by its time limit
 * - an object: one of these with details
 */
export type Outcome = "accepted" | "hang" | Reason | AcceptedOutcome | FailedOutcome;

/** The attempt is accepted, after a while. */
export interface AcceptedOutcome {
  readonly accepted: true;
  /** How long the attempt takes, in milliseconds; the provider's `latency`. */
  readonly after?: number;
}

/** The attempt fails, with details. */
export interface FailedOutcome {
  /** What the failure of the attempt says. */
  readonly reason: Reason;
  /** How long the attempt takes, in milliseconds; the provider's `latency`. */
  readonly after?: number;
  /**
   * The message goes into the inbox although the attempt fails, as when the answer to an accepted request is lost. Only
   * for failures that leave open whether the message was sent; false.
   */
  readonly delivered?: boolean;
  /** For `internal` and `aborted`, where the reason does not say it; `"maybe"`. */
  readonly sent?: Sent;
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
  /** Milliseconds. */
  readonly retryAfter?: number;
  /** The request was written to a connection that had been used before; false. */
  readonly reusedConnection?: boolean;
}

/** An outcome, read. */
export interface Plan {
  readonly after?: number | undefined;
  readonly delivered?: boolean | undefined;
  readonly error?: ProviderError;
}

/** @throws TypeError for an outcome that does not exist, RangeError for a duration out of range */
export function planOf(outcome: Outcome): Plan {
  if (outcome === "accepted") return {};
  if (outcome === "hang") return { after: Number.POSITIVE_INFINITY };
  if (typeof outcome === "string") return { error: errorOf({ reason: outcome }) };
  if (outcome.after !== undefined) checkDuration("after", outcome.after);
  if ("accepted" in outcome) return { after: outcome.after };
  const error = errorOf(outcome);
  if (outcome.delivered && error.failure.sent === "no") {
    throw new TypeError(`An attempt that fails as ${outcome.reason} did not send the message: leave out delivered.`);
  }
  return { after: outcome.after, delivered: outcome.delivered, error };
}

function errorOf({ sent = "maybe", reusedConnection = false, ...given }: FailedOutcome): ProviderError {
  const failure = normalFailure({ scope: "none", sent, ...given });
  if (failure.reason !== given.reason) {
    throw new TypeError(`There is no outcome ${JSON.stringify(given.reason)}: it is "accepted", "hang" or a Reason.`);
  }
  return new ProviderError(failure, { reusedConnection });
}
