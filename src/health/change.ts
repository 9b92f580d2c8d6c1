import type { Failure, Reason } from "../failure.ts";
import type { WindowStats } from "./sliding-window.ts";

/** `healthy → degraded → down → probing → recovering → healthy` */
export type State = "healthy" | "degraded" | "down" | "probing" | "recovering";

/** What lies over a state: a provider asked for a pause, or was taken out for maintenance. */
export type Overlay = "throttled" | "isolated";

/** Why a provider changed: a rule of the breaker, or the reason of the account's failure. */
export type ChangeReason =
  | "failure-rate"
  | "slow-rate"
  | "consecutive-failures"
  | "invalid-in-a-row"
  | "rates-recovered"
  | "open-period-passed"
  | "last-resort-accepted"
  | "probe-accepted"
  | "probe-failed"
  | "slow-start-passed"
  | "throttled"
  | "throttle-passed"
  | "isolated"
  | "restored"
  | Extract<Reason, "authentication" | "suspended" | "sender" | "quota">;

/** As in an incident: `error` when mail takes another way, `warning` when it may soon, `info` when it is over. */
export type Severity = "error" | "warning" | "info";

/** One change of a provider's state, or of what lies over it. */
export interface ProviderChange<N extends string = string> {
  readonly provider: N;
  /** The state or overlay that it leaves. */
  readonly from: State | Overlay;
  /** The state or overlay that it comes to. */
  readonly to: State | Overlay;
  /** The rule or the failure of the account. */
  readonly reason: ChangeReason;
  /** The failure that brought it about, where it was one; of a rate, the latest that counts in it. */
  readonly failure?: Failure;
  /** The attempts that counted in the window up to now. */
  readonly stats: WindowStats;
  readonly at: Date;
  readonly severity: Severity;
  /** Brought about by a failure of a `drill`, or the way back from what nothing but drills had brought about. */
  readonly drill?: true;
}

export function severityOf(to: State | Overlay, from: State | Overlay): Severity {
  if (from === "throttled" || from === "isolated") return "info";
  if (to === "down") return "error";
  return to === "healthy" || to === "recovering" ? "info" : "warning";
}
