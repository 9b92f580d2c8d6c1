import { getEventListeners } from "node:events";
import {
  createMailer,
  isSteadyMailError,
  type Mailer,
  type MailerEvents,
  type Message,
  type Provider,
  type Route,
  type SendOptions,
} from "../../../src/index.ts";
import type { VirtualClock } from "../engine/virtual-clock.ts";
import type { Fact, Result } from "./journal.ts";
import { nameOf, type PlannedDrill, type PlannedSend, type Scenario } from "./scenario.ts";

const namedChanges = [
  "provider:degraded",
  "provider:down",
  "provider:probing",
  "provider:recovering",
  "provider:recovered",
  "provider:throttled",
  "provider:unthrottled",
  "provider:isolated",
  "provider:restored",
] as const satisfies readonly (keyof MailerEvents)[];

/** A process with a mailer of its own, which writes down all that its caller sees. */
export class SimulatedProcess {
  readonly #scenario: Scenario;
  readonly #clock: VirtualClock;
  readonly #write: (fact: Fact) => void;
  readonly #mailer: Mailer;
  #pending = 0;

  constructor(scenario: Scenario, clock: VirtualClock, write: (fact: Fact) => void, providers: readonly Provider[]) {
    this.#scenario = scenario;
    this.#clock = clock;
    this.#write = write;
    this.#mailer = createMailer(optionsOf(scenario, providers));
    this.#listen();
  }

  get pending(): number {
    return this.#pending;
  }

  send(planned: PlannedSend): void {
    const { id, options } = planned;
    const deadline = this.#clock.now + (options.deadline ?? this.#scenario.mailer.deadline);
    this.#write({ what: "send", id, planned, deadline });
    const caller = options.abortAfter === undefined ? undefined : new AbortController();
    if (caller && options.abortAfter !== undefined) this.#abortAfter(id, caller, options.abortAfter);
    this.#pending += 1;
    const settle = (result: Result): void => {
      this.#pending -= 1;
      this.#write({ what: "settled", id, result });
      const listeners = caller ? getEventListeners(caller.signal, "abort").length : 0;
      if (listeners > 0) this.#write({ what: "left-behind", thing: `${listeners} listeners of the signal of ${id}` });
    };
    this.#mailer.send(messageOf(planned), sendOptions(planned, this.#clock, caller?.signal)).then(
      (receipt) => settle({ kind: "accepted", receipt }),
      (error: unknown) => settle(isSteadyMailError(error) ? { kind: error.kind, error } : { kind: "foreign", error }),
    );
  }

  look(final = false): void {
    this.#write({ what: "health", report: this.#mailer.health(), final });
  }

  /** Returns what ends it. */
  isolate(provider: string): () => void {
    this.#write({ what: "isolated", provider });
    const handle = this.#mailer.isolate(provider);
    return () => {
      this.#write({ what: "restored", provider });
      handle[Symbol.dispose]();
    };
  }

  /** Returns what takes it back. */
  drill(provider: string, number: number, drill: PlannedDrill): () => void {
    this.#write({ what: "drilled", provider, number, drill });
    const { fault, ...options } = drill;
    const handle = this.#mailer.drill(provider, fault, options);
    return () => {
      this.#write({ what: "drill-given-up", provider, number });
      handle[Symbol.dispose]();
    };
  }

  /** As a user's own listener may behave. */
  #listenBadly(): void {
    const { listener } = this.#scenario;
    if (!listener) return;
    const react = (): void => {
      if (listener === "looks") this.#mailer.health();
      else throw new Error("A listener fails");
    };
    for (const name of ["attempt", "failover", "accepted", "failed", "provider:changed"] as const) {
      this.#mailer.on(name, react);
    }
  }

  async close(): Promise<void> {
    await this.#mailer.close();
    this.#write({ what: "closed" });
  }

  #abortAfter(id: string, caller: AbortController, time: number): void {
    this.#clock.inProcess(this.#clock.now + time, () => {
      this.#write({ what: "caller-aborts", id });
      caller.abort();
    });
  }

  #listen(): void {
    const write = this.#write;
    this.#mailer
      .on("attempt", ({ id, attempt }) => write({ what: "attempt", id, attempt }))
      .on("failover", ({ id, from, to }) => write({ what: "failover", id, from, to }))
      .on("accepted", ({ id }) => write({ what: "told", id, name: "accepted" }))
      .on("failed", ({ id }) => write({ what: "told", id, name: "failed" }))
      .on("provider:changed", (change) => write({ what: "changed", provider: change.provider, change }))
      .on("drill:started", (event) => write({ what: "drill:started", provider: event.provider, event }))
      .on("drill:over", (event) => write({ what: "drill:over", provider: event.provider, event }))
      .on("all-down", (event) => write({ what: "all-down", event }))
      .on("all-down:over", (event) => write({ what: "all-down:over", event }))
      .on("warning", ({ code, provider }) => write({ what: "warning", code, provider }));
    for (const name of namedChanges) {
      this.#mailer.on(name, (change) => write({ what: "named", provider: change.provider, name, change }));
    }
    this.#listenBadly();
  }
}

function optionsOf({ mailer, providers: setups }: Scenario, providers: readonly Provider[]) {
  const groups: Route[][] = [];
  for (const [place, provider] of providers.entries()) {
    const setup = setups[place];
    if (!setup) throw new Error(`There is no provider ${place}`);
    const { weight, labels, timeout, concurrency, rate, prove, breaker } = setup;
    const route = { provider, weight, labels, timeout, concurrency, rate, prove, breaker };
    const last = groups.at(-1);
    if (setup.joins && last) last.push(route);
    else groups.push([route]);
  }
  const { onUnknown, timeout, deadline, retry, queueLimit, breaker } = mailer;
  return {
    providers: groups,
    onUnknown,
    deadline,
    retry,
    breaker,
    ...(timeout === undefined ? {} : { timeout }),
    ...(queueLimit === undefined ? {} : { queue: { limit: queueLimit } }),
  };
}

const letter = {
  from: "Shop <orders@example.com>",
  to: "ada@example.org",
  subject: "Your order",
  text: "It is on its way.",
} satisfies Message;

function messageOf({ options: { fields = [] } }: PlannedSend): Message {
  return {
    ...letter,
    ...(fields.includes("tags") ? { tags: ["order"] } : {}),
    ...(fields.includes("metadata") ? { metadata: { order: "4711" } } : {}),
  };
}

function sendOptions(
  { id, options, stickyKey }: PlannedSend,
  clock: VirtualClock,
  signal: AbortSignal | undefined,
): SendOptions<string> {
  const { onUnknown, deadline, asDate, only, except, require } = options;
  const until = deadline !== undefined && asDate ? new Date(clock.wallTime + deadline) : deadline;
  return {
    id,
    signal,
    onUnknown,
    deadline: until,
    stickyKey,
    only: only?.map(nameOf),
    except: except?.map(nameOf),
    require,
  };
}
