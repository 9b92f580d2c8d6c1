import type { BreakerOptions, DrillFault, DrillOptions, OnUnknown, Reason, RetryOptions } from "../../../src/index.ts";

/**
 * One simulated run as plain data. The same scenario always takes the same course: its own seed decides what it leaves
 * to chance.
 */
export interface Scenario {
  readonly seed: number;
  readonly mailer: MailerSetup;
  /** In their order of priority. */
  readonly providers: readonly ProviderSetup[];
  /** Troubles of all providers at once. */
  readonly everywhere: readonly Fault[];
  /** `one-send`: a new process, and so a new mailer, for each send. */
  readonly process: "long-lived" | "one-send";
  readonly traffic: readonly Phase[];
  readonly disturbances: readonly Disturbance[];
  /** A listener of every event throws, or looks at the health of everybody. */
  readonly listener?: "throws" | "looks" | undefined;
}

export interface MailerSetup {
  readonly onUnknown: OnUnknown;
  readonly timeout?: number | undefined;
  readonly deadline: number;
  readonly retry: RetryOptions;
  readonly queueLimit?: number | undefined;
  readonly breaker: BreakerOptions;
}

export interface ProviderSetup {
  /** Shares the load with the one before it, instead of standing by for it. */
  readonly joins: boolean;
  readonly weight: number;
  readonly labels: readonly string[];
  readonly timeout?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly rate?: { readonly limit: number; readonly interval: number } | undefined;
  readonly prove?: number | undefined;
  readonly breaker?: BreakerOptions | undefined;
  readonly cannotCarry: readonly ("tags" | "metadata")[];
  /** How long an attempt takes while nothing is wrong, ms. */
  readonly latency: readonly [from: number, to: number];
  /** Its adapter ignores the signal and answers when it likes. */
  readonly deaf: boolean;
  readonly faults: readonly Fault[];
}

/** A trouble for a time; both ends in thousandths of the time that the traffic takes. */
export type Fault = { readonly from: number; readonly to: number } & FaultKind;

export type FaultKind =
  /** Nobody listens. */
  | { readonly kind: "refuses" }
  /** Connections are never made. */
  | { readonly kind: "stalls-connecting" }
  /** Takes the request, and then says nothing; with or without taking the message. */
  | { readonly kind: "stalls"; readonly stores: boolean }
  /** A share of the attempts fails, in one way or another. */
  | { readonly kind: "brown-out"; readonly share: number; readonly retryAfter?: number | undefined }
  /** Everything takes so much longer, ms. */
  | { readonly kind: "slow"; readonly by: number }
  | { readonly kind: "throttles"; readonly retryAfter?: number | undefined }
  | { readonly kind: "account"; readonly reason: "authentication" | "suspended" | "sender" | "quota" }
  /** Takes the message, but the answer to a share of the attempts is lost. */
  | { readonly kind: "loses-responses"; readonly share: number; readonly reusedConnection: boolean }
  | { readonly kind: "answers-nonsense"; readonly stores: boolean }
  /** Down and up again, each for so many ms. */
  | { readonly kind: "flaps"; readonly period: number }
  /** Calls everything malformed. */
  | { readonly kind: "calls-invalid" }
  /** The adapter itself fails. */
  | { readonly kind: "rogue"; readonly way: RogueWay };

export type RogueWay = "throws-plain-error" | "no-receipt" | "aborts-by-itself" | "fails-before-request";

/** Some sends in a row. */
export interface Phase {
  /** ms of silence before it. */
  readonly after: number;
  readonly count: number;
  /** ms from one to the next; 0: all at once. */
  readonly every: number;
  readonly options: PhaseOptions;
}

export interface PhaseOptions {
  readonly onUnknown?: OnUnknown;
  readonly deadline?: number | undefined;
  /** The deadline is given as a date. */
  readonly asDate?: boolean;
  /** So many sticky keys in turn. */
  readonly stickyKeys?: number | undefined;
  /** Places of providers. */
  readonly only?: readonly number[] | undefined;
  readonly except?: readonly number[] | undefined;
  readonly require?: readonly string[];
  /** ms after which its caller gives up. */
  readonly abortAfter?: number | undefined;
  readonly fields?: readonly ("tags" | "metadata")[];
  /** A provider, or every one, refuses these messages. */
  readonly refusal?: { readonly reason: MessageReason; readonly by: number | "all" } | undefined;
}

export type MessageReason = Extract<Reason, "rejected" | "invalid" | "too-large" | "unsupported" | "not-found">;

/** What befalls the process; `at` in thousandths of the time that the traffic takes. */
export type Disturbance = { readonly at: number } & (
  | { readonly do: "isolate"; readonly provider: number; readonly until: number }
  | Drill
  | { readonly do: "freeze"; readonly for: number }
  | { readonly do: "look" }
  | { readonly do: "step-wall-clock"; readonly by: number }
);

/** A rehearsed outage. */
export interface Drill extends Omit<DrillOptions, "for"> {
  readonly do: "drill";
  readonly provider: number;
  readonly fault: DrillFault;
  readonly until: number;
  /** When somebody takes it back, if anybody does. */
  readonly givenUpAt?: number | undefined;
}

/** The same on the clock. */
export interface PlannedDrill extends DrillOptions {
  readonly fault: DrillFault;
}

/** @param left ms until it is to be over; in a frozen process it may begin late */
export function plannedDrill({ fault, latency, retryAfter }: Drill, left: number): PlannedDrill {
  return { fault, latency, retryAfter, for: Math.max(1, left) };
}

/** One planned send, on the clock. */
export interface PlannedSend {
  readonly id: string;
  readonly at: number;
  readonly options: PhaseOptions;
  readonly stickyKey?: string;
}

/** The time that the traffic takes, ms. */
export function durationOf({ traffic }: Scenario): number {
  const lengths = traffic.map(({ after, count, every }) => after + count * every);
  return lengths.reduce((sum, length) => sum + length, 0) + 1;
}

export function plannedSends({ traffic }: Scenario): PlannedSend[] {
  const sends: PlannedSend[] = [];
  let at = 0;
  for (const { after, count, every, options } of traffic) {
    at += after;
    for (let index = 0; index < count; index += 1) {
      const id = `m${sends.length}`;
      const sticky = options.stickyKeys === undefined ? {} : { stickyKey: `key-${index % options.stickyKeys}` };
      sends.push({ id, at, options, ...sticky });
      at += every;
    }
  }
  return sends;
}

export function nameOf(place: number): string {
  return `p${place}`;
}
