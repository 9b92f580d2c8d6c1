import type { CampaignState } from "../../../src/index.ts";
import { Dice } from "../engine/dice.ts";
import { replace, settled, VirtualClock } from "../engine/virtual-clock.ts";
import { nameOf, plannedDrill } from "../world/scenario.ts";
import { Ledger, type MailRecord } from "./ledger.ts";
import { BulkProcess } from "./process.ts";
import type { BulkScenario } from "./scenario.ts";

/** All bulk work is done within this after the last fault, ms: open periods, slow starts, rates and slow consumers. */
const bound = 6 * 60 * 60 * 1_000;

const mostTurns = 500_000;

/** Lets a scenario take its course on virtual time; gives all that was wrong, and what happened. */
export async function simulateBulk(scenario: BulkScenario): Promise<Ledger> {
  const run = new BulkSimulation(scenario);
  const restore = run.install();
  try {
    await run.live();
  } finally {
    restore();
  }
  run.judge();
  return run.ledger;
}

class BulkSimulation {
  readonly ledger = new Ledger();
  readonly #scenario: BulkScenario;
  readonly #clock = new VirtualClock();
  readonly #states = new Map<number, CampaignState>();
  #current: BulkProcess | undefined;
  #generation = 0;
  #turns = 0;

  constructor(scenario: BulkScenario) {
    this.#scenario = scenario;
  }

  install(): () => void {
    const dice = new Dice(this.#scenario.seed);
    const onRejection = (reason: unknown) => this.#violated(`a rejection that nobody handles: ${String(reason)}`);
    const restorers = [
      this.#clock.install(),
      replace(Math, "random", () => dice.next()),
      replace(Error, "stackTraceLimit", 4),
      replace(process, "emitWarning", (warning: unknown) => {
        if (!/is down|failed by itself/.test(String(warning))) this.#violated(`the warning ${String(warning)}`);
      }),
    ];
    process.on("unhandledRejection", onRejection);
    return () => {
      process.off("unhandledRejection", onRejection);
      for (const restore of restorers) restore();
    };
  }

  async live(): Promise<void> {
    const { duration, streams, singlesEvery, deaths, disturbances } = this.#scenario;
    this.#beginProcess();
    for (const [number, setup] of streams.entries()) this.#process.stream(number, setup);
    for (let number = 0; singlesEvery !== undefined && number * singlesEvery < duration; number += 1) {
      this.#plan(number * singlesEvery, () => this.#process.single(number));
    }
    for (const at of deaths) this.#plan((at * duration) / 1_000, () => this.#die());
    const momentOf = (thousandths: number) => Math.round((thousandths * duration) / 1_000);
    for (const each of disturbances) {
      const at = momentOf(each.at);
      if (each.do === "freeze") this.#clock.inWorld(at, () => this.#clock.freeze(each.for));
      else if (each.do === "step-wall-clock") this.#clock.inWorld(at, () => this.#clock.stepWallClock(each.by));
      else if (each.do === "look") this.#plan(at, () => this.#process.look());
      else if (each.do === "drill") {
        this.#plan(at, () => {
          const left = momentOf(each.until) - this.#clock.now;
          const giveUp = this.#process.drill(nameOf(each.provider), plannedDrill(each, left));
          if (each.givenUpAt !== undefined) this.#plan(momentOf(each.givenUpAt), giveUp);
        });
      } else {
        this.#plan(at, () => {
          const restore = this.#process.isolate(nameOf(each.provider));
          this.#plan(momentOf(each.until), restore);
        });
      }
    }
    await settled();
    await this.#goOn(() => this.#clock.now < duration || this.#process.pending > 0, duration + bound);
    if (this.#process.pending > 0) this.#violated(`${this.#process.pending} campaigns, streams or sends never end`);
    await this.#end();
  }

  /** Judges every mail by what providers have of it. */
  judge(): void {
    for (const mail of this.ledger.mails.values()) {
      for (const fault of faultsOf(mail, this.#scenario, this.#generation > 0)) this.#violated(`${mail.key}: ${fault}`);
    }
    if (this.#generation > 0) return;
    this.#scenario.campaigns.forEach(({ recipients, cancel }, number) => {
      for (let index = 0; index < recipients && cancel === undefined; index += 1) {
        const key = `campaign-${number}-${index}`;
        if (this.ledger.mail(key).reports.length === 0) this.#violated(`${key} is never reported`);
      }
    });
  }

  async #end(): Promise<void> {
    // What was on its way to a provider when its caller had given up still arrives.
    const end = this.#clock.now + 30_000;
    this.#clock.inWorld(end, () => {});
    await this.#goOn(() => this.#clock.now < end, end);
    const { holding } = this.#clock.timers;
    if (holding > 0 && this.#generation === 0) this.#violated(`${holding} timers that keep the process from ending`);
    let closed = false;
    void this.#process.close().then(() => {
      closed = true;
    });
    await settled();
    await this.#goOn(() => !closed, this.#clock.now + 60_000);
    if (!closed) this.#violated("the mailer never closes");
  }

  async #goOn(isToGoOn: () => boolean, limit: number): Promise<void> {
    while (isToGoOn()) {
      this.#turns += 1;
      if (this.#turns > mostTurns) {
        this.#violated("a loop that never ends");
        return;
      }
      const fired = this.#clock.next(limit);
      if (fired === "none") return;
      if (fired === "process") await settled();
    }
  }

  #die(): void {
    this.ledger.note(this.#clock.now, "the process dies");
    this.#process.die();
    this.#generation += 1;
    this.#beginProcess();
  }

  /** With a mailer of its own, and the campaigns as the last process left them. */
  #beginProcess(): void {
    this.#current = new BulkProcess(this.#scenario, this.#clock, this.ledger, this.#generation);
    for (const [number, setup] of this.#scenario.campaigns.entries()) {
      this.#current.campaign(number, setup, this.#states);
    }
  }

  get #process(): BulkProcess {
    if (!this.#current) throw new Error("There is no process yet");
    return this.#current;
  }

  #plan(at: number, run: () => void): void {
    this.#clock.inProcess(Math.round(at), run);
  }

  #violated(what: string): void {
    this.ledger.violated(this.#clock.now, what);
  }
}

function* faultsOf({ key, stored, reports }: MailRecord, scenario: BulkScenario, died: boolean): Generator<string> {
  const [, what, number] = /^(campaign|stream)-(\d+)-/.exec(key) ?? [];
  const setups = what === "campaign" ? scenario.campaigns : what === "stream" ? scenario.streams : [];
  const onUnknown = setups[Number(number)]?.onUnknown ?? scenario.mailer.onUnknown;
  const where = stored.map(({ provider }) => provider).join(" and ");
  if (stored.length > (onUnknown === "stop" ? 1 : 2)) yield `under ${onUnknown}, it is at ${where}`;
  if (reports.length > 1) yield `it is reported ${reports.length} times`;
  for (const { outcome, receipt, kind } of reports) {
    if (outcome === "not-sent" && stored.length > 0) yield `it is said not to be sent (${kind}), and is at ${where}`;
    if (!receipt) continue;
    const there = stored.some((each) => each.provider === receipt.provider && each.id === receipt.providerMessageId);
    if (!there) yield `it is said to be at ${receipt.provider}, and is at ${where || "nobody's"}`;
    if (stored.length > 1 && receipt.duplicate !== "possible") yield `it is at ${where}, and its receipt knows nothing`;
  }
  // Who died before the report may have known.
  if (reports.length === 0 && stored.length > 0 && !died) yield `it is at ${where}, and nobody was told`;
}
