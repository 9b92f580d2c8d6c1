import { Dice } from "./engine/dice.ts";
import { replace, settled, VirtualClock } from "./engine/virtual-clock.ts";
import { calmBefore, calmSends, longestWindow } from "./world/calm.ts";
import { type Entry, type Fact, Journal } from "./world/journal.ts";
import { ModelProvider } from "./world/model-provider.ts";
import { SimulatedProcess } from "./world/process.ts";
import {
  type Disturbance,
  type Drill,
  durationOf,
  nameOf,
  type PlannedSend,
  plannedDrill,
  plannedSends,
  type Scenario,
} from "./world/scenario.ts";

/** Lets a scenario take its course on virtual time; gives everything that happened. */
export async function simulate(scenario: Scenario): Promise<readonly Entry[]> {
  const run = new Simulation(scenario);
  const restore = run.install();
  try {
    await run.live();
  } finally {
    restore();
  }
  return run.entries;
}

/** No scenario needs so many, not even a day of traffic. */
const mostTurns = 1_000_000;

class Simulation {
  readonly #scenario: Scenario;
  readonly #clock = new VirtualClock();
  readonly #journal = new Journal();
  readonly #planned: readonly PlannedSend[];
  readonly #sends = new Map<string, PlannedSend>();
  readonly #processOf = new Map<string, number>();
  readonly #providers: readonly ModelProvider[];
  readonly #processes: SimulatedProcess[] = [];
  /** What is planned and has not happened. */
  #ahead = 0;
  #drills = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#planned = plannedSends(scenario);
    const world = {
      scenario,
      clock: this.#clock,
      write: (fact: Fact) => this.#write(fact),
      sendOf: (id: string) => this.#sends.get(id),
    };
    this.#providers = scenario.providers.map((_, place) => new ModelProvider(place, world));
  }

  get entries(): readonly Entry[] {
    return this.#journal.whole();
  }

  install(): () => void {
    const dice = new Dice(this.#scenario.seed);
    const onRejection = (reason: unknown) => this.#leftBehind(`a rejection that nobody handles: ${String(reason)}`);
    const restorers = [
      this.#clock.install((date) => this.#journal.noteDate(date, this.#clock.now)),
      replace(Math, "random", () => dice.next()),
      // Stacks of errors that are part of the play would take a good part of the time.
      replace(Error, "stackTraceLimit", 2),
      replace(process, "emitWarning", (warning: unknown) => this.#onWarning(String(warning))),
    ];
    process.on("unhandledRejection", onRejection);
    return () => {
      process.off("unhandledRejection", onRejection);
      for (const restore of restorers) restore();
    };
  }

  async live(): Promise<void> {
    const single = this.#scenario.process === "one-send";
    if (!single) this.#newProcess();
    for (const send of this.#planned) this.#plan(send.at, () => this.#send(send));
    for (const disturbance of this.#scenario.disturbances) this.#planDisturbance(disturbance);
    await this.#goOn(durationOf(this.#scenario));
    if (!single) await this.#calmDown();
    for (const each of this.#processes) await this.#end(each);
  }

  /** Time goes on until everything that was planned is done, or should be long since. */
  async #goOn(until: number): Promise<void> {
    const longest = Math.max(
      this.#scenario.mailer.deadline,
      ...this.#planned.map(({ options }) => options.deadline ?? 0),
    );
    const frozen = this.#scenario.disturbances.map((each) => (each.do === "freeze" ? each.for : 0));
    const limit = until + longest + frozen.reduce((sum, time) => sum + time, 0) + 10_000;
    while (this.#ahead > 0 || this.#processes.some(({ pending }) => pending > 0)) {
      if (!(await this.#step(limit))) return;
    }
  }

  async #step(limit: number): Promise<boolean> {
    this.#journal.turn += 1;
    if (this.#journal.turn > mostTurns) {
      this.#leftBehind("a loop that never ends");
      return false;
    }
    const fired = this.#clock.next(limit);
    if (fired === "process") await settled();
    return fired !== "none";
  }

  /** Faults are over and traffic goes on. */
  async #calmDown(): Promise<void> {
    await this.#wait(durationOf(this.#scenario) - this.#clock.now);
    await this.#forget();
    const [only] = this.#processes;
    only?.look();
    const report = this.#journal.entries.findLast((entry) => entry.what === "health");
    if (report?.what !== "health") return;
    const calm = calmBefore(this.#scenario, report.report, this.#clock);
    const recoversUntil = this.#clock.now + calm.duration;
    this.#write({ what: "calm", recoversUntil });
    for (const send of calmSends(calm, this.#clock.now)) this.#plan(send.at, () => this.#send(send));
    await this.#goOn(recoversUntil);
    await this.#wait(recoversUntil - this.#clock.now);
    only?.look(true);
  }

  /** One window of traffic, in which what was seen before may still have its effect. */
  async #forget(): Promise<void> {
    const window = longestWindow(this.#scenario);
    const sends = calmSends({ name: "first-calm", duration: window, every: window / 4 }, this.#clock.now);
    for (const send of sends) this.#plan(send.at, () => this.#send(send));
    const end = this.#clock.now + window;
    await this.#goOn(end);
    await this.#wait(end - this.#clock.now);
  }

  async #wait(duration: number): Promise<void> {
    if (duration <= 0) return;
    this.#plan(this.#clock.now + duration, () => {});
    while (this.#ahead > 0 && (await this.#step(Number.POSITIVE_INFINITY)));
  }

  #send(send: PlannedSend): void {
    this.#sends.set(send.id, send);
    if (this.#scenario.process === "one-send") this.#newProcess();
    this.#processOf.set(send.id, this.#processes.length - 1);
    this.#processes.at(-1)?.send(send);
  }

  #newProcess(): void {
    const mailer = this.#processes.length;
    const write = (fact: Fact) => this.#journal.write(this.#clock.now, mailer, fact);
    this.#processes.push(new SimulatedProcess(this.#scenario, this.#clock, write, this.#providers));
  }

  #planDisturbance(disturbance: Disturbance): void {
    const at = this.#momentOf(disturbance.at);
    const single = this.#scenario.process === "one-send";
    if (disturbance.do === "freeze") this.#clock.inWorld(at, () => this.#freeze(disturbance.for));
    else if (disturbance.do === "step-wall-clock") this.#clock.inWorld(at, () => this.#stepWallClock(disturbance.by));
    else if (single) return;
    else if (disturbance.do === "look") this.#plan(at, () => this.#processes.at(-1)?.look());
    else if (disturbance.do === "drill") this.#plan(at, () => this.#drill(disturbance));
    else this.#plan(at, () => this.#isolate(disturbance.provider, this.#momentOf(disturbance.until)));
  }

  #momentOf(thousandths: number): number {
    return Math.round((thousandths * durationOf(this.#scenario)) / 1000);
  }

  #freeze(duration: number): void {
    this.#write({ what: "frozen", for: duration });
    this.#clock.freeze(duration);
  }

  #stepWallClock(by: number): void {
    this.#write({ what: "wall-clock-stepped", by });
    this.#clock.stepWallClock(by);
  }

  #isolate(place: number, until: number): void {
    const restore = this.#processes.at(-1)?.isolate(nameOf(place));
    this.#plan(until, () => restore?.());
  }

  #drill(drill: Drill): void {
    this.#drills += 1;
    const { provider, until, givenUpAt } = drill;
    const planned = plannedDrill(drill, this.#momentOf(until) - this.#clock.now);
    const giveUp = this.#processes.at(-1)?.drill(nameOf(provider), this.#drills, planned);
    if (givenUpAt !== undefined) this.#plan(this.#momentOf(givenUpAt), () => giveUp?.());
  }

  #plan(at: number, run: () => void): void {
    this.#ahead += 1;
    this.#clock.inProcess(at, () => {
      this.#ahead -= 1;
      run();
    });
  }

  async #end(simulated: SimulatedProcess): Promise<void> {
    // The tick that a timed-out adapter has to say how far it got.
    await this.#wait(1);
    const { holding } = this.#clock.timers;
    if (holding > 0) this.#leftBehind(`${holding} timers that keep the process from ending`);
    let closed = false;
    void simulated.close().then(() => {
      closed = true;
    });
    await settled();
    const limit = this.#clock.now + 60_000;
    while (!closed && (await this.#step(limit)));
    if (!closed) this.#leftBehind("a mailer that never closes");
  }

  #onWarning(warning: string): void {
    const expected = this.#scenario.listener === "throws" && warning.startsWith("A listener");
    if (!expected) this.#leftBehind(`the warning "${warning}"`);
  }

  #leftBehind(thing: string): void {
    this.#write({ what: "left-behind", thing });
  }

  #write(fact: Fact): void {
    const process = "id" in fact ? this.#processOf.get(fact.id) : undefined;
    this.#journal.write(this.#clock.now, process ?? 0, fact);
  }
}
