import { EventEmitter } from "node:events";
import { createMailer, type Mailer, type MailerOptions } from "../../src/index.ts";
import { CountingProvider } from "./counting-provider.ts";
import type { Random } from "./random.ts";

/** A mailer with its providers. */
export interface House {
  readonly mailer: Mailer;
  readonly providers: readonly CountingProvider[];
  readonly names: readonly string[];
}

/** A mailer, and what of it can hold listeners. */
export interface WatchedHouse extends House {
  /** Event emitters that came into being with the mailer. */
  readonly emitters: readonly EventEmitter[];
  /** Signals that came into being with the mailer. */
  readonly signals: readonly AbortSignal[];
}

type Provide = (name: string) => CountingProvider;
type Arrangement = (provide: Provide) => Omit<MailerOptions, "timeout" | "deadline" | "breaker">;

/** Periods are short, so that providers go down and come back very often. */
const common = {
  timeout: 200,
  deadline: 2_000,
  breaker: { openFor: 300, maxOpenFor: 2_000, window: 1_000, slowStart: 500, slowAttempt: 100 },
} as const satisfies Partial<MailerOptions>;

/** The longest that a send may take by the mailer's own deadline, ms. */
export const { deadline: longestSend } = common;

/** Groups that share the load, and standbys. */
const failover: Arrangement = (provide) => ({
  providers: [
    [{ provider: provide("heavy"), weight: 3 }, provide("light")],
    { provider: provide("standby"), labels: ["eu"], prove: 0.01 },
    provide("untagged"),
  ],
});

/** Nobody to fail over to: rounds, waits and last resorts. */
const alone: Arrangement = (provide) => ({
  providers: [provide("only")],
  retry: { minDelay: 10, maxDelay: 100 },
});

/** More mail than the limits let through at times: waiting in line, a full queue, a retry budget used up. */
const limited: Arrangement = (provide) => ({
  providers: [
    { provider: provide("narrow"), concurrency: 5, labels: ["eu"] },
    { provider: provide("rated"), rate: { limit: 40, interval: 100 } },
    { provider: provide("narrow-rated"), concurrency: 5, rate: { limit: 20, interval: 100 } },
  ],
  queue: { limit: 20 },
  retry: { minDelay: 10, maxDelay: 100, budget: 0.1 },
});

/** As often as each is to be used. */
export const arrangements: readonly Arrangement[] = [failover, failover, failover, alone, limited];

export function build(arrangement: Arrangement, random: Random, ended: Map<string, number>): House {
  const providers: CountingProvider[] = [];
  const provide: Provide = (name) => {
    const provider = new CountingProvider(name, random, ended);
    providers.push(provider);
    return provider;
  };
  const mailer = createMailer({ ...common, ...arrangement(provide) });
  return { mailer, providers, names: providers.map(({ name }) => name) };
}

/** Builds while it is noted which emitters are listened to and which abort controllers are created. */
export function buildWatched(...given: Parameters<typeof build>): WatchedHouse {
  const emitters = new Set<EventEmitter>();
  const signals: AbortSignal[] = [];
  const { on } = EventEmitter.prototype;
  const { AbortController: Original } = globalThis;
  EventEmitter.prototype.on = function (this: EventEmitter, ...listening) {
    emitters.add(this);
    return on.apply(this, listening);
  };
  globalThis.AbortController = class extends Original {
    constructor() {
      super();
      signals.push(this.signal);
    }
  };
  try {
    return { ...build(...given), emitters: [...emitters], signals };
  } finally {
    EventEmitter.prototype.on = on;
    globalThis.AbortController = Original;
  }
}
