import { getEventListeners } from "node:events";
import {
  type Campaign,
  type CampaignState,
  createMailer,
  isSteadyMailError,
  type Mailer,
  type Route,
} from "../../../src/index.ts";
import type { VirtualClock } from "../engine/virtual-clock.ts";
import type { PlannedDrill } from "../world/scenario.ts";
import { BatchProvider, type Begun, type BulkWorld } from "./batch-provider.ts";
import type { Ledger } from "./ledger.ts";
import type { BulkScenario, CampaignSetup, StreamSetup } from "./scenario.ts";

/** A process with a mailer, whose campaigns and streams it looks after until it dies. */
export class BulkProcess {
  readonly #scenario: BulkScenario;
  readonly #clock: VirtualClock;
  readonly #ledger: Ledger;
  readonly #mailer: Mailer;
  readonly #groups: number[] = [];
  readonly #inFlight = new Map<string, number>();
  readonly #begun = new Map<string, number[]>();
  #alive = true;
  #pending = 0;

  constructor(scenario: BulkScenario, clock: VirtualClock, ledger: Ledger, generation: number) {
    this.#scenario = scenario;
    this.#clock = clock;
    this.#ledger = ledger;
    const world: BulkWorld = {
      scenario,
      clock,
      ledger,
      lives: () => this.#alive,
      isPoison: (key) => this.#isPoison(key),
      onBegin: (begun) => this.#onBegin(begun),
    };
    const providers = scenario.providers.map((setup, place) => new BatchProvider(place, setup, world, generation));
    this.#mailer = createMailer({ ...mailerOptions(scenario), providers: this.#grouped(providers) });
    this.#listen();
  }

  get pending(): number {
    return this.#pending;
  }

  die(): void {
    this.#alive = false;
    this.#pending = 0;
  }

  isolate(provider: string): () => void {
    const handle = this.#mailer.isolate(provider);
    return () => handle[Symbol.dispose]();
  }

  drill(provider: string, { fault, ...options }: PlannedDrill): () => void {
    this.#ledger.note(this.#clock.now, `a drill of ${fault} at ${provider} for ${options.for} ms`);
    const handle = this.#mailer.drill(provider, fault, options);
    return () => handle[Symbol.dispose]();
  }

  look(): void {
    this.#mailer.health();
  }

  close(): Promise<void> {
    return this.#mailer.close();
  }

  single(number: number): void {
    const key = `single-mail-${number}`;
    this.#track(async () => {
      const outcome = await outcomeOf(this.#mailer.send({ ...letter, to: `${key}@example.org` }));
      if (this.#alive) this.#ledger.mail(key.replace("single-", "")).reports.push(outcome);
    });
  }

  /** @param states what survives a death, by campaign */
  campaign(number: number, setup: CampaignSetup, states: Map<number, CampaignState>): void {
    const campaign = this.#mailer.sendBulk(
      {
        message: { ...letter, subject: "For {{name}}", unsubscribe: false },
        recipients: this.#recipients(number, setup),
      },
      {
        onUnknown: setup.onUnknown,
        spill: setup.spill,
        concurrency: setup.concurrency,
        id: `campaign-${number}`,
        checkpoint: {
          load: async () => states.get(number),
          save: async (state) => {
            await this.#wait(2);
            if (!this.#alive) return new Promise(() => {});
            states.set(number, state);
          },
        },
      },
    );
    this.#interfere(campaign, setup);
    this.#track(async () => {
      for await (const { index, ...report } of campaign) {
        if (!this.#alive) return new Promise(() => {});
        const key = `campaign-${number}-${index}`;
        const { outcome } = report;
        this.#ledger.note(this.#clock.now, `${key} is reported ${outcome}`);
        const told = report.outcome === "accepted" ? { receipt: report.receipt } : { kind: report.error.kind };
        this.#ledger.mail(key).reports.push({ outcome, ...told });
        if (setup.digests > 0) await this.#wait(setup.digests);
      }
      const { pending, state } = campaign.progress;
      if (this.#alive && state === "finished" && pending > 0) {
        this.#violated(`campaign ${number} is finished with ${pending} pending`);
      }
    });
  }

  stream(number: number, setup: StreamSetup): void {
    const caller = new AbortController();
    if (setup.abort !== undefined) this.#later(setup.abort, () => caller.abort());
    let read = 0;
    let reported = 0;
    const { every, messages, concurrency, onUnknown } = setup;
    const wait = () => (every > 0 ? this.#wait(every) : undefined);
    const source = async function* (violated: (what: string) => void) {
      for (; read < messages; ) {
        await wait();
        read += 1;
        if (read - reported > concurrency) violated(`stream ${number} has ${read - reported} messages read ahead`);
        yield { ...letter, to: `stream-${number}-${read - 1}@example.org` };
      }
    };
    const results = this.#mailer.sendMany(
      source((what) => this.#violated(what)),
      { concurrency, onUnknown, signal: caller.signal },
    );
    this.#track(async () => {
      for await (const result of results) {
        if (!this.#alive) return new Promise(() => {});
        reported += 1;
        const told = result.outcome === "accepted" ? { receipt: result.receipt } : { kind: result.error.kind };
        this.#ledger.mail(`stream-${number}-${result.index}`).reports.push({ outcome: result.outcome, ...told });
        if (setup.digests > 0) await this.#wait(setup.digests);
      }
      if (!this.#alive) return;
      if (reported < messages && !caller.signal.aborted) this.#violated(`stream ${number} ended after ${reported}`);
      const left = getEventListeners(caller.signal, "abort").length;
      if (left > 0) this.#violated(`stream ${number} left ${left} listeners of its signal`);
    });
  }

  async *#recipients(number: number, { recipients, every, repeats }: CampaignSetup) {
    for (let index = 0; index < recipients; index += 1) {
      if (every > 0) await this.#wait(every);
      const way = index % 9 === 8 ? "single-" : "";
      // The same mailbox, in other letters, must not stand in one batch.
      const name = `${way}campaign-${number}-${index}`;
      yield { to: `${repeats && index % 5 === 4 ? name.toUpperCase() : name}@example.org`, variables: { name: index } };
    }
  }

  #interfere(campaign: Campaign, { pause, cancel }: CampaignSetup): void {
    if (cancel !== undefined) this.#later(cancel, () => campaign.cancel());
    if (!pause) return;
    this.#later(pause[0], () => campaign.pause());
    this.#later(pause[0] + pause[1], () => campaign.resume());
  }

  #isPoison(key: string): boolean {
    const [, number, index] = /^campaign-(\d+)-(\d+)$/.exec(key) ?? [];
    const poison = this.#scenario.campaigns[Number(number)]?.poison ?? 0;
    return poison > 0 && Number(index) % poison === 1;
  }

  #onBegin({ provider, place, keys, batch }: Begun): () => void {
    const { concurrency, rate, batch: limit } = this.#scenario.providers[place] ?? {};
    const now = this.#clock.now;
    this.#ledger.note(now, `${provider} is asked to send ${keys.join(", ")}`);
    if (batch && keys.length > (limit ?? 0))
      this.#violated(`${provider} is given ${keys.length} in a batch of ${limit}`);
    if (new Set(keys).size < keys.length) this.#violated(`one batch for ${provider} has somebody twice`);
    this.#lookAtHealth(provider, keys);
    this.#lookAtSpill(place, keys);
    const inFlight = (this.#inFlight.get(provider) ?? 0) + 1;
    this.#inFlight.set(provider, inFlight);
    if (concurrency !== undefined && inFlight > concurrency)
      this.#violated(`${inFlight} requests at once at ${provider}`);
    const begun = [...(this.#begun.get(provider) ?? []), ...keys.map(() => now)];
    const recent = rate ? begun.filter((at) => at > now - rate.interval) : [];
    if (rate && recent.length > rate.limit) {
      this.#violated(`${provider} has ${recent.length} mails in ${rate.interval} ms, over its rate of ${rate.limit}`);
    }
    this.#begun.set(provider, recent);
    let ended = false;
    return () => {
      if (!ended) this.#inFlight.set(provider, (this.#inFlight.get(provider) ?? 0) - 1);
      ended = true;
    };
  }

  #lookAtHealth(provider: string, keys: readonly string[]): void {
    const health = this.#mailer.health().find((each) => each.provider === provider);
    if (!health) return;
    const { state, isolated, throttledUntil, drill } = health;
    const isCampaign = keys.some((key) => key.startsWith("campaign"));
    if (isolated) this.#violated(`${keys} go to ${provider}, which is isolated`);
    if (drill) this.#violated(`${keys} go to ${provider}, which is under a drill of ${drill.fault}`);
    if (throttledUntil) this.#violated(`${keys} go to ${provider}, which is throttled`);
    if (isCampaign && state === "down") this.#violated(`${keys} go to ${provider}, which is down`);
    if (state === "probing" && keys.length > 1) this.#violated(`${keys.length} mails at once probe ${provider}`);
  }

  /** A campaign that does not spill over uses the first group alone. */
  #lookAtSpill(place: number, keys: readonly string[]): void {
    for (const key of keys) {
      const [, number] = /^campaign-(\d+)-/.exec(key) ?? [];
      const setup = this.#scenario.campaigns[Number(number)];
      if (setup?.spill === "none" && this.#groups[place] !== 0) this.#violated(`${key} spills over to p${place}`);
    }
  }

  #grouped(providers: readonly BatchProvider[]): Route[][] {
    const groups: Route[][] = [];
    for (const [place, provider] of providers.entries()) {
      const setup = this.#scenario.providers[place];
      if (!setup) continue;
      const { weight, timeout, concurrency, rate, breaker } = setup;
      const route = { provider, weight, timeout, concurrency, rate, breaker };
      const last = groups.at(-1);
      if (setup.joins && last) last.push(route);
      else groups.push([route]);
      this.#groups.push(groups.length - 1);
    }
    return groups;
  }

  #listen(): void {
    const { ledger, clock } = { ledger: this.#ledger, clock: this.#clock };
    let paused = 0;
    this.#mailer
      .on("provider:changed", ({ provider, from, to, reason }) =>
        ledger.note(clock.now, `${provider} ${from} → ${to} (${reason})`),
      )
      .on("campaign:paused", ({ id, reason }) => {
        paused += 1;
        ledger.note(clock.now, `${id} pauses: ${reason} (${paused})`);
      })
      .on("campaign:resumed", ({ id }) => ledger.note(clock.now, `${id} goes on`))
      .on("attempt", ({ id, attempt, recipients = 1 }) => {
        const how = attempt.outcome === "accepted" ? "" : ` ${attempt.failure.reason}`;
        // Ids of messages of a stream are random.
        const whose = id.startsWith("campaign") ? id : "one mail";
        ledger.note(clock.now, `${whose}: ${attempt.outcome}${how} of ${recipients} at ${attempt.provider}`);
      });
  }

  #violated(what: string): void {
    if (this.#alive) this.#ledger.violated(this.#clock.now, what);
  }

  #track(work: () => Promise<void>): void {
    this.#pending += 1;
    const done = (): void => {
      if (this.#alive) this.#pending -= 1;
    };
    work().then(done, (error: unknown) => {
      this.#violated(`it ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      done();
    });
  }

  #later(after: number, run: () => void): void {
    this.#clock.inProcess(this.#clock.now + after, () => {
      if (this.#alive) run();
    });
  }

  #wait(duration: number): Promise<void> {
    return new Promise((resolve) => this.#later(duration, resolve));
  }
}

const letter = { from: "Shop <orders@example.com>", subject: "News", text: "There is something new." };

function mailerOptions({ mailer: { queueLimit, ...options } }: BulkScenario) {
  return queueLimit === undefined ? options : { ...options, queue: { limit: queueLimit } };
}

async function outcomeOf(sending: ReturnType<Mailer["send"]>) {
  try {
    return { outcome: "accepted", receipt: await sending } as const;
  } catch (error) {
    if (!isSteadyMailError(error)) throw error;
    return { outcome: error.sent === "maybe" ? "unknown" : "not-sent", kind: error.kind } as const;
  }
}
