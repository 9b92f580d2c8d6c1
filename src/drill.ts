import type { Reason } from "./failure.ts";

/** What can be rehearsed: what says something of an account or an ESP, and nothing of a message. */
export type DrillFault = Extract<
  Reason,
  | "authentication"
  | "suspended"
  | "sender"
  | "quota"
  | "throttled"
  | "unreachable"
  | "unavailable"
  | "response-lost"
  | "timeout"
  | "bad-response"
  | "server-error"
>;

/** How long a drill lasts, and what its failures are like. */
export interface DrillOptions {
  /** How long it lasts, ms, above 0. Then it ends by itself. */
  readonly for: number;
  /**
   * From the begin of an attempt to its failure, ms, from 0; default 0. A `timeout` lasts as long as an attempt may; what
   * would take longer than that ends as `timeout`, `unreachable` as itself.
   */
  readonly latency?: number | undefined;
  /** Of `throttled` and `unavailable`: how long the provider asks to be left alone, ms, from 0; default it does not say. */
  readonly retryAfter?: number | undefined;
}

/** A drill under way. */
export interface Drill {
  /** How attempts fail meanwhile. */
  readonly fault: DrillFault;
  /** When it began. */
  readonly at: Date;
  /** When it ends by itself. */
  readonly until: Date;
}
