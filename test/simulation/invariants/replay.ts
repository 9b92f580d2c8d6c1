import type { Attempt, ProviderChange, State } from "../../../src/index.ts";
import { type BreakerSetup, breakerOf, timeoutOf } from "../world/breaker.ts";
import type { Entry, Result } from "../world/journal.ts";
import { nameOf, type PhaseOptions, type PlannedSend, type ProviderSetup, type Scenario } from "../world/scenario.ts";
import { BudgetModel } from "./budget-model.ts";
import { HealthModel, isByTime } from "./health-model.ts";
import { RateModel } from "./rate-model.ts";

/** An attempt as its provider saw it, until the mailer says how it ended. */
export interface Begun {
  readonly id: string;
  readonly provider: string;
  readonly at: number;
  readonly place: number;
  readonly timeout: number;
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

  hear({ from, to }: ProviderChange, now: number): void {
    if (from === "throttled" || to === "throttled") this.throttleTold = to === "throttled";
    else if (from !== "isolated" && to !== "isolated") {
      this.state = to;
      this.since = now;
      if (to === "down" || to === "recovering") this.period += 1;
      if (to === "recovering") this.recoveringSince = now;
    }
  }
}

/** The course of a run as it is read entry by entry: what is known at each moment. */
export class Replay {
  readonly scenario: Scenario;
  readonly #entries: readonly Entry[];
  readonly sends = new Map<string, SendRecord>();
  readonly #processes = new Map<number, readonly ProviderRecord[]>();
  /** Times in which the process did not run. */
  readonly freezes: { readonly from: number; readonly to: number }[] = [];

  readonly #budgets = new Map<number, BudgetModel>();
  readonly #settled = new Set<Attempt>();
  #turn = 0;
  /** How far the wall clock was set. */
  wallStep = 0;

  constructor(scenario: Scenario, entries: readonly Entry[]) {
    this.scenario = scenario;
    this.#entries = entries;
  }

  providersOf(mailer: number): readonly ProviderRecord[] {
    const known = this.#processes.get(mailer);
    if (known) return known;
    const fresh = this.scenario.providers.map((_, place) => new ProviderRecord(this.scenario, place));
    this.#processes.set(mailer, fresh);
    return fresh;
  }

  providerOf(mailer: number, name: string): ProviderRecord {
    const found = this.providersOf(mailer).find((provider) => provider.name === name);
    if (!found) throw new Error(`There is no provider ${name}`);
    return found;
  }

  budgetOf(mailer: number): BudgetModel {
    const budget = this.#budgets.get(mailer) ?? new BudgetModel(this.scenario.mailer.retry.budget);
    this.#budgets.set(mailer, budget);
    return budget;
  }

  sendOf(id: string): SendRecord {
    const found = this.sends.get(id);
    if (!found) throw new Error(`There is no send ${id}`);
    return found;
  }

  /** The attempt under way of a send at a provider. */
  underWay(id: string, provider: string): Begun | undefined {
    return this.sendOf(id).begun.find((begun) => begun.provider === provider && begun.endedAt === undefined);
  }

  /** Whether an attempt is over at this moment, though its event is still to come. */
  endsInTurn({ id, provider }: Begun, { place, turn }: Entry): boolean {
    for (let index = place + 1; this.#entries[index]?.turn === turn; index += 1) {
      const later = this.#entries[index];
      if (later?.what === "attempt" && later.id === id && later.attempt.provider === provider) return true;
    }
    return false;
  }

  apply(entry: Entry): void {
    if (entry.turn !== this.#turn) this.#endTurn(entry.turn);
    switch (entry.what) {
      case "send":
        this.#begin(entry);
        break;
      case "begun":
        this.#beginAttempt(entry);
        break;
      case "attempt":
        this.#endAttempt(entry);
        break;
      case "stored":
        this.sendOf(entry.id).stored.push(entry);
        break;
      case "answered":
        this.#answer(entry);
        break;
      case "settled":
        this.sendOf(entry.id).settledAt = entry.at;
        this.sendOf(entry.id).result = entry.result;
        break;
      case "caller-aborts":
        this.sendOf(entry.id).abortedAt = entry.at;
        break;
      case "isolated":
        this.providerOf(entry.mailer, entry.provider).isolated += 1;
        break;
      case "restored":
        this.providerOf(entry.mailer, entry.provider).isolated -= 1;
        break;
      case "changed":
        this.#hear(entry);
        break;
      case "wall-clock-stepped":
        this.wallStep += entry.by;
        break;
      case "frozen":
        this.freezes.push({ from: entry.at, to: entry.at + entry.for });
        break;
    }
  }

  #begin({ id, mailer, planned, at, deadline }: Entry & { what: "send" }): void {
    const { options } = planned;
    this.budgetOf(mailer).countSend(at);
    const isolated = this.providersOf(mailer).filter((provider) => provider.isolated > 0);
    this.sends.set(id, {
      id,
      mailer,
      planned,
      options,
      onUnknown: options.onUnknown ?? this.scenario.mailer.onUnknown,
      at,
      deadline,
      isolatedAtFirst: new Set(isolated.map(({ name }) => name)),
      begun: [],
      attempts: [],
      stored: [],
      receipts: [],
    });
  }

  #answer(entry: Entry & { what: "answered" }): void {
    if (entry.say === "receipt") this.sendOf(entry.id).receipts.push(entry);
    const begun = this.underWay(entry.id, entry.provider);
    if (begun) begun.reusedConnection = entry.reusedConnection;
  }

  #beginAttempt({ id, mailer, provider: name, at, place, timeout }: Entry & { what: "begun" }): void {
    const provider = this.providerOf(mailer, name);
    const { state, period } = provider;
    const send = this.sendOf(id);
    const budget = this.budgetOf(mailer);
    const repeats = send.begun.some((earlier) => earlier.provider === name);
    const overBudget = repeats && !budget.isLeftAt(at);
    if (repeats) budget.countRepeat(at);
    const begun: Begun = { id, provider: name, at, place, timeout, state, period, overBudget, reusedConnection: false };
    send.begun.push(begun);
    provider.inFlight.add(begun);
    provider.overdrawn = provider.rate !== undefined && provider.rate.leftAt(at) < 1;
    provider.rate?.take(at);
  }

  #endAttempt({ id, mailer, attempt, at }: Entry & { what: "attempt" }): void {
    this.sendOf(id).attempts.push(attempt);
    const begun = this.underWay(id, attempt.provider);
    if (!begun) return;
    const provider = this.providerOf(mailer, attempt.provider);
    this.#settle(provider, begun, attempt, at);
    begun.attempt = attempt;
    begun.endedAt = at;
    provider.inFlight.delete(begun);
    if (attempt.outcome !== "accepted" && attempt.failure.reason === "throttled") provider.rate?.drain(at);
  }

  /** A change that an attempt brings about is told a moment before the attempt itself. */
  #hear(entry: Entry & { what: "changed" }): void {
    const provider = this.providerOf(entry.mailer, entry.provider);
    if (!isByTime(entry.change)) this.#settleNext(entry, provider);
    provider.model.hear(entry.change, entry.at);
    provider.hear(entry.change, entry.at);
  }

  #settleNext({ place, turn, mailer }: Entry, provider: ProviderRecord): void {
    for (let index = place + 1; this.#entries[index]?.turn === turn; index += 1) {
      const later = this.#entries[index];
      if (later?.what !== "attempt" || later.mailer !== mailer || later.attempt.provider !== provider.name) continue;
      const begun = this.underWay(later.id, provider.name);
      if (begun && !this.#settled.has(later.attempt)) {
        this.#settle(provider, begun, later.attempt, later.at);
        return;
      }
    }
  }

  #settle(provider: ProviderRecord, begun: Begun, attempt: Attempt, at: number): void {
    if (this.#settled.has(attempt)) return;
    this.#settled.add(attempt);
    const { state, period, timeout, id } = begun;
    const kind = state === "probing" ? "probe" : state === "down" ? "last-resort" : "regular";
    const full = kind === "probe" ? Math.min(provider.timeout, provider.breaker.slowAttempt) : provider.timeout;
    provider.model.settle({
      id,
      attempt,
      at,
      kind,
      shortened: timeout < full,
      stale: period !== provider.period,
      limit: timeout,
      reusedConnection: begun.reusedConnection,
    });
  }

  #endTurn(turn: number): void {
    this.#turn = turn;
    for (const providers of this.#processes.values()) for (const { model } of providers) model.endTurn();
  }
}
