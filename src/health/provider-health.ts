import type { Drill } from "../drill.ts";
import type { Failure } from "../failure.ts";
import type { State } from "./change.ts";

/** How one provider does, as `health()` tells it. */
export interface ProviderHealth<N extends string = string> {
  readonly provider: N;
  /** What it gets: all its share, half, nothing, one message, a share that grows. */
  readonly state: State;
  /** Since when it is in this state. */
  readonly since: Date;
  /** Taken out by `isolate`. */
  readonly isolated: boolean;
  /** The provider asked to be left alone until then. */
  readonly throttledUntil?: Date;
  /** While down: when it may be tried again. */
  readonly openUntil?: Date;
  /** Share of the traffic that it gets now, 0–1. */
  readonly share: number;
  /** Failed among the attempts that counted in the window, 0–1. */
  readonly failureRate: number;
  /** Slow among them, 0–1. */
  readonly slowRate: number;
  /** Median time of the accepted attempts in the window, ms; 0 where there is none. */
  readonly p50: number;
  /** 95th percentile of the same, ms. */
  readonly p95: number;
  /** Attempts under way. */
  readonly inFlight: number;
  /** Sends that wait for this provider: for one of its limits, or for the end of a throttle. */
  readonly queued: number;
  /** The latest attempt that was not accepted. */
  readonly lastFailure?: Failure & { readonly at: Date };
  /** The latest acceptance. */
  readonly lastAccepted?: Date;
  /** The drill under way: its attempts fail by it, and do not reach the provider. */
  readonly drill?: Omit<Drill, "at">;
}
