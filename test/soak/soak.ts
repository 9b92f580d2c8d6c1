import { getEventListeners } from "node:events";
import { isSteadyMailError } from "../../src/index.ts";
import { disturbances } from "./disturbances.ts";
import { endingShares } from "./endings.ts";
import { type Footprint, footprint } from "./footprint.ts";
import { arrangements, build, buildWatched, type House, longestSend, type WatchedHouse } from "./house.ts";
import type { EndedSend } from "./leaks.ts";
import { Random } from "./random.ts";
import { type Call, kindNames, nextCall } from "./traffic.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Sends under way at a time. */
const concurrency = 100;
/** Disturbances that last at a time. */
const lasting = 6;
/** A mailer is created, used for so many sends, and closed in the middle of them. */
const shortLife = 40;
const shortLifeEvery = 997;
const batchEvery = 499;
/** The process freezes for so long. */
const freezeEvery = 20_011;
const freeze = 60_000;
/** No more faults are kept than somebody would read. */
const faultsKept = 10;
/** What a timer may be late, ms. */
const slack = 2;

/** Sends without end through providers that fail in every way, and counts what becomes of it. */
export class Soak {
  /** How sends ended, by the kind of the error. */
  readonly outcomes = new Map<string, number>();
  /** How attempts ended. */
  readonly endings = new Map<string, number>();
  /** How many calls there were, by kind. */
  readonly calls = new Map<string, number>(kindNames.map((name) => [name, 0]));
  /** What must not happen. */
  readonly faults: string[] = [];
  mailersClosed = 0;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #afterSend: (send: EndedSend) => void;
  readonly #houses: readonly WatchedHouse[];
  readonly #shared = new AbortController().signal;
  #batch = new AbortController();
  readonly #abortedBatches: AbortSignal[] = [];
  #begun = 0;
  #pending = 0;
  #lastEnd = 0;
  readonly #undo: (() => void)[] = [];

  /** @param afterSend is told how each send ended, and may leak */
  constructor(time: VirtualTime, seed: number, afterSend: (send: EndedSend) => void) {
    this.#time = time;
    this.#random = new Random(seed);
    this.#afterSend = afterSend;
    this.#houses = arrangements.map((arrangement) => buildWatched(arrangement, this.#random, this.endings));
  }

  /** Sends up to now. */
  get sent(): number {
    return this.#begun;
  }

  /** Kinds of calls and of endings that did not come up: what was not tried proves nothing. */
  get neverHappened(): string[] {
    const names = [...kindNames, ...endingShares.keys()];
    return names.filter((name) => !this.calls.get(name) && !this.endings.get(name)).map((name) => `never: ${name}`);
  }

  /** Makes so many sends, and returns when all have ended. */
  async run(sends: number): Promise<void> {
    const end = this.#begun + sends;
    this.#lastEnd = this.#time.now;
    while (this.#begun < end || this.#pending > 0) {
      while (this.#begun < end && this.#pending < concurrency) this.#go();
      await this.#time.settle();
      if (this.#pending === 0) continue;
      if (this.#time.timers === 0 || this.#time.now - this.#lastEnd > freeze + 10 * longestSend) {
        throw new Error(`${this.#pending} sends never ended`);
      }
      this.#time.step();
    }
    const left = this.#abortedBatches.splice(0).filter((signal) => getEventListeners(signal, "abort").length > 0);
    if (left.length > 0) this.#fault(`listeners were left on ${left.length} aborted signals of batches`);
  }

  /** Lets everything come to rest, as it was at first, and tells what the process then holds. */
  async footprint(): Promise<Footprint> {
    for (const undo of this.#undo.splice(0)) undo();
    await this.#recover();
    this.#checkRest();
    return footprint(this.#time.timers, {
      signals: [this.#shared, this.#batch.signal, ...this.#houses.flatMap((house) => house.signals)],
      emitters: this.#houses.flatMap((house) => house.emitters),
    });
  }

  async close(): Promise<void> {
    for (const house of this.#houses) await this.#closeHouse(house);
    await this.#time.until(() => this.mailersClosed >= this.#houses.length, "every mailer is closed");
  }

  #go(): void {
    this.#begun += 1;
    for (const [every, disturb] of disturbances) {
      if (this.#begun % every === 0) this.#disturb(disturb(this.#random.pick(this.#houses), this.#random));
    }
    if (this.#begun % batchEvery === 0) this.#abortBatch();
    if (this.#begun % shortLifeEvery === 0) this.#liveShortly();
    if (this.#begun % freezeEvery === 0) this.#time.leap(freeze);
    this.#send(this.#random.pick(this.#houses));
  }

  #send({ mailer, names }: House): void {
    const surroundings = {
      names,
      random: this.#random,
      sharedSignal: this.#shared,
      batchSignal: this.#batch.signal,
    };
    const call = nextCall(surroundings);
    const began = this.#time.now;
    this.#pending += 1;
    count(this.calls, call.kind);
    const ended = (outcome: unknown, name: string): void => {
      this.#pending -= 1;
      this.#lastEnd = this.#time.now;
      count(this.outcomes, name);
      this.#checkEnd(call, this.#time.now - began);
      this.#afterSend({ outcome, mailer, sharedSignal: this.#shared });
    };
    mailer.send(call.message, call.options).then(
      (receipt) => ended(receipt, "accepted"),
      (error: unknown) => ended(error, this.#nameOf(error, call.kind)),
    );
  }

  #nameOf(error: unknown, kind: string): string {
    if (isSteadyMailError(error)) return error.kind;
    if (error instanceof RangeError && kind === "options that make no sense") return error.name;
    this.#fault(`a send ("${kind}") rejected with ${String(error)}`);
    return "other errors";
  }

  #checkEnd({ options, signal, end }: Call, duration: number): void {
    end?.();
    if (signal && getEventListeners(signal, "abort").length > 0)
      this.#fault("a listener was left on a caller's signal");
    // A leap of the clock is no fault of the send.
    const deadline = typeof options.deadline === "number" ? options.deadline : longestSend;
    if (duration > Math.max(0, deadline) + slack && duration < freeze) {
      this.#fault(`a send with a deadline of ${deadline} ms took ${duration} ms`);
    }
  }

  #disturb(undo: () => void): void {
    this.#undo.push(undo);
    if (this.#undo.length > lasting) this.#undo.shift()?.();
  }

  #abortBatch(): void {
    this.#abortedBatches.push(this.#batch.signal);
    this.#batch.abort();
    this.#batch = new AbortController();
  }

  #liveShortly(): void {
    const house = build(this.#random.pick(arrangements), this.#random, this.endings);
    for (let sends = 0; sends < shortLife; sends += 1) this.#send(house);
    void this.#closeHouse(house, this.#random.pick([{}, { timeout: 5 }]));
    for (let sends = 0; sends < 3; sends += 1) this.#send(house);
  }

  async #closeHouse({ mailer, providers }: House, options: { timeout?: number } = {}): Promise<void> {
    this.#pending += 1;
    await mailer.close(options);
    this.#pending -= 1;
    this.mailersClosed += 1;
    if (providers.some(({ closed }) => closed !== 1)) this.#fault("a provider was not closed once with its mailer");
  }

  /** All providers work until all are healthy, and no timer is left. */
  async #recover(): Promise<void> {
    const providers = this.#houses.flatMap((house) => house.providers);
    for (const provider of providers) provider.well = true;
    const ill = (): string[] =>
      this.#houses.flatMap(({ mailer }) =>
        mailer.health().flatMap(({ provider, state }) => (state === "healthy" ? [] : [`${provider} ${state}`])),
      );
    for (let tries = 0; tries < 100 && (tries === 0 || ill().length > 0); tries += 1) {
      this.#time.leap(longestSend);
      const sends = this.#houses.flatMap(({ mailer, names }) =>
        names.map((name) =>
          mailer
            .send(
              { from: "orders@example.com", to: "ada@example.org", subject: "Your order", text: "On its way." },
              { only: [name] },
            )
            .catch(() => {}),
        ),
      );
      let done = false;
      void Promise.all(sends).then(() => {
        done = true;
      });
      await this.#time.until(() => done, "the sends after the faults end");
    }
    if (ill().length > 0) this.#fault(`not healthy again although all works: ${ill().join(", ")}`);
    this.#time.leap(10 * longestSend);
    await this.#time.settle();
    for (const provider of providers) provider.well = false;
  }

  #checkRest(): void {
    for (const { mailer } of this.#houses) {
      for (const { provider, inFlight, queued, isolated } of mailer.health()) {
        if (inFlight + queued > 0 || isolated) {
          this.#fault(`at rest ${provider} has ${inFlight} in flight, ${queued} queued${isolated ? ", isolated" : ""}`);
        }
      }
    }
  }

  #fault(what: string): void {
    if (this.faults.length < faultsKept) this.faults.push(what);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
