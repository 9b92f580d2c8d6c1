import type { Attempt, ProviderChange, State } from "../../../src/index.ts";
import { type BreakerSetup, breakerOf, timeoutOf } from "../world/breaker.ts";
import type { Result } from "../world/journal.ts";
import { nameOf, type PhaseOptions, type PlannedSend, type ProviderSetup, type Scenario } from "../world/scenario.ts";
import { HealthModel } from "./health-model.ts";
import { RateModel } from "./rate-model.ts";

/** An attempt as its provider saw it, until the mailer says how it ended. */
export interface Begun {
  readonly id: string;
  readonly provider: string;
  readonly at: number;
  readonly place: number;
  readonly timeout: number;
  /** A drill was on, and no adapter was called. */
  readonly isDrilled: boolean;
  /** What the mailer had told of the provider when it began. */
  readonly state: State;
  readonly period: number;
  reusedConnection: boolean;
  /** It repeats an earlier one, and the retry budget had nothing left. */
  readonly overBudget: boolean;
  attempt?: Attempt;
  endedAt?: number;
}

/** One send, as far as it has come. */
export interface SendRecord {
  readonly id: string;
  readonly mailer: number;
  readonly planned: PlannedSend;
  readonly options: PhaseOptions;
  readonly onUnknown: "failover" | "stop";
  readonly at: number;
  readonly deadline: number;
  /** Providers that were isolated when it was planned, so not for it. */
  readonly isolatedAtFirst: ReadonlySet<string>;
  readonly begun: Begun[];
  readonly attempts: Attempt[];
  readonly stored: { readonly provider: string; readonly messageId: string; readonly at: number }[];
  /** Adapters that answered with a receipt. */
  readonly receipts: { readonly provider: string; readonly at: number }[];
  abortedAt?: number;
  settledAt?: number;
  result?: Result;
}

/** One provider in one process, by what the mailer told. */
export class ProviderRecord {
  readonly name: string;
  readonly place: number;
  readonly setup: ProviderSetup;
  readonly breaker: BreakerSetup;
  readonly timeout: number;
  /** What its health is by the attempts alone. */
  readonly model: HealthModel;
  state: State = "healthy";
  since = 0;
  /** When it came back last. */
  recoveringSince = Number.NEGATIVE_INFINITY;
  isolated = 0;
  /** What its outage is of, as far as that was told. */
  outage: "none" | "drill" | "real" = "none";
  throttleTold = false;
  /** Counts openings and recoveries. */
  period = 0;
  readonly inFlight = new Set<Begun>();
  readonly rate: RateModel | undefined;
  /** The latest attempt was begun without a permit of the rate. */
  overdrawn = false;

  constructor(scenario: Scenario, place: number) {
    const setup = scenario.providers[place];
    if (!setup) throw new Error(`There is no provider ${place}`);
    this.name = nameOf(place);
    this.place = place;
    this.setup = setup;
    this.breaker = breakerOf(scenario, place);
    this.timeout = timeoutOf(scenario, place);
    this.model = new HealthModel(this.breaker);
    this.rate = setup.rate && new RateModel(setup.rate);
  }

  /** It takes mail, limits apart. */
  canSend(now: number): boolean {
    const well = this.state !== "down" && this.state !== "probing";
    return well && this.isolated === 0 && this.model.pause.until <= now;
  }

  /** The time that an attempt may take in a state, ms. */
  fullTime(state: State): number {
    return state === "probing" ? Math.min(this.timeout, this.breaker.slowAttempt) : this.timeout;
  }

  hear({ from, to, drill }: ProviderChange, now: number): void {
    if (from === "throttled" || to === "throttled") this.throttleTold = to === "throttled";
    else if (from !== "isolated" && to !== "isolated") {
      this.state = to;
      this.since = now;
      if (to === "down" || to === "recovering") this.period += 1;
      if (to === "recovering") this.recoveringSince = now;
      if (to === "down") this.outage = drill && this.outage !== "real" ? "drill" : "real";
      else if (to === "recovering") this.outage = "none";
    }
  }
}
