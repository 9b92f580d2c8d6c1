import type { Attempt } from "../../../src/index.ts";
import type { Entry } from "../world/journal.ts";
import type { Scenario } from "../world/scenario.ts";
import { BudgetModel } from "./budget-model.ts";
import { isByTime } from "./health-model.ts";
import { type Begun, ProviderRecord, type SendRecord } from "./records.ts";

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

  /** Times in which a drill may have been on, by provider. */
  readonly #drills: readonly { readonly provider: string; readonly from: number; readonly to: number }[];

  constructor(scenario: Scenario, entries: readonly Entry[]) {
    this.scenario = scenario;
    this.#entries = entries;
    this.#drills = entries.flatMap((entry) =>
      entry.what === "drilled" ? [{ provider: entry.provider, from: entry.at, to: entry.at + entry.drill.for }] : [],
    );
  }

  /** Whether a drill may be on at a provider in a time. */
  isDrilled(provider: string, from: number, to: number): boolean {
    return this.#drills.some((drill) => drill.provider === provider && drill.from <= to && from <= drill.to);
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
  endsInTurn({ id, provider }: Begun, now: Entry): boolean {
    return this.#restOfTurn(now).some(
      (later) => later.what === "attempt" && later.id === id && later.attempt.provider === provider,
    );
  }

  /** Whether a send is going to begin an attempt at this moment. */
  beginsInTurn({ id }: SendRecord, now: Entry): boolean {
    return this.#restOfTurn(now).some((later) => later.what === "begun" && later.id === id);
  }

  /** What else one timer brought about. */
  #restOfTurn({ place, turn }: Entry): Entry[] {
    const rest: Entry[] = [];
    for (let index = place + 1; ; index += 1) {
      const later = this.#entries[index];
      if (later?.turn !== turn) return rest;
      rest.push(later);
    }
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

  #beginAttempt({ id, mailer, provider: name, at, place, timeout: told }: Entry & { what: "begun" }): void {
    const provider = this.providerOf(mailer, name);
    const { state, period } = provider;
    const send = this.sendOf(id);
    const isDrilled = told === undefined;
    const timeout = told ?? Math.min(provider.fullTime(state), send.deadline - at);
    const budget = this.budgetOf(mailer);
    const repeats = send.begun.some((earlier) => earlier.provider === name);
    const overBudget = repeats && !budget.isLeftAt(at);
    if (repeats) budget.countRepeat(at);
    const begun: Begun = {
      id,
      provider: name,
      at,
      place,
      timeout,
      isDrilled,
      state,
      period,
      overBudget,
      reusedConnection: false,
    };
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

  #settleNext(now: Entry, provider: ProviderRecord): void {
    for (const later of this.#restOfTurn(now)) {
      if (later.what !== "attempt" || later.mailer !== now.mailer || later.attempt.provider !== provider.name) continue;
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
    provider.model.settle({
      id,
      attempt,
      at,
      kind,
      shortened: timeout < provider.fullTime(state),
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
