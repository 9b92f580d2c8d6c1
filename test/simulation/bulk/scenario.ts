import * as fc from "fast-check";
import type { OnUnknown } from "../../../src/index.ts";
import { disturbance, fault, mailer, provider } from "../arbitraries.ts";
import { drills } from "../drills.ts";
import { oneIn } from "../quantities.ts";
import type { Disturbance, Fault, MailerSetup, ProviderSetup } from "../world/scenario.ts";

/** One simulated run of bulk work as plain data; the same scenario always takes the same course. */
export interface BulkScenario {
  readonly seed: number;
  readonly mailer: MailerSetup;
  readonly providers: readonly BulkProviderSetup[];
  readonly everywhere: readonly Fault[];
  /** The time in which faults and disturbances befall it, ms. */
  readonly duration: number;
  readonly disturbances: readonly Disturbance[];
  /** The process dies, and a new one goes on at once; in thousandths of the duration. */
  readonly deaths: readonly number[];
  readonly campaigns: readonly CampaignSetup[];
  readonly streams: readonly StreamSetup[];
  /** A single send every so many ms. */
  readonly singlesEvery?: number | undefined;
}

export interface BulkProviderSetup extends ProviderSetup {
  /** Recipients in one request; undefined: it has no batch. */
  readonly batch?: number | undefined;
  /** Whether it says something of each recipient, or one thing of all. */
  readonly answers: "each" | "whole";
}

export interface CampaignSetup {
  readonly recipients: number;
  readonly onUnknown: OnUnknown;
  readonly spill: "none" | "all";
  readonly concurrency: number;
  /** ms from one recipient to the next; 0: all are there at once. */
  readonly every: number;
  /** ms that the consumer takes for each result. */
  readonly digests: number;
  /** One recipient in so many is refused by every provider; 0: none. */
  readonly poison: number;
  /** Addresses are given twice. */
  readonly repeats: boolean;
  /** ms after which it is paused, and for how long. */
  readonly pause?: readonly [after: number, length: number] | undefined;
  /** ms after which it is cancelled. */
  readonly cancel?: number | undefined;
}

export interface StreamSetup {
  readonly messages: number;
  readonly concurrency: number;
  readonly every: number;
  readonly digests: number;
  readonly onUnknown: OnUnknown;
  readonly abort?: number | undefined;
}

const onUnknown = fc.constantFrom<OnUnknown>("stop", "stop", "failover");
const milliseconds = (max: number) => fc.oneof(fc.constant(0), fc.integer({ min: 1, max }));

const campaign: fc.Arbitrary<CampaignSetup> = fc.record({
  recipients: fc.integer({ min: 1, max: 60 }),
  onUnknown,
  spill: fc.constantFrom("none" as const, "all" as const),
  concurrency: fc.integer({ min: 1, max: 5 }),
  every: milliseconds(2_000),
  digests: milliseconds(500),
  poison: fc.constantFrom(0, 0, 0, 2, 7),
  repeats: fc.boolean(),
  pause: oneIn(4, fc.tuple(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 1, max: 120_000 }))),
  cancel: oneIn(6, fc.integer({ min: 0, max: 60_000 })),
});

const stream: fc.Arbitrary<StreamSetup> = fc.record({
  messages: fc.integer({ min: 1, max: 40 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
  every: milliseconds(1_000),
  digests: milliseconds(200),
  onUnknown,
  abort: oneIn(5, fc.integer({ min: 0, max: 30_000 })),
});

const bulkProvider: fc.Arbitrary<BulkProviderSetup> = fc
  .tuple(
    provider,
    fc.record({ batch: fc.constantFrom(undefined, 2, 5, 20, 100), answers: fc.constantFrom("each", "whole") }),
  )
  .map(([single, batch]) => ({ ...single, ...batch, prove: undefined }));

const undrilled: fc.Arbitrary<BulkScenario> = fc.record({
  seed: fc.noShrink(fc.nat()),
  mailer,
  providers: fc.array(bulkProvider, { minLength: 1, maxLength: 4 }),
  everywhere: fc.oneof({ weight: 3, arbitrary: fc.constant<Fault[]>([]) }, fc.array(fault, { maxLength: 1 })),
  duration: fc.integer({ min: 10_000, max: 600_000 }),
  disturbances: fc.array(disturbance, { maxLength: 4 }),
  deaths: fc.oneof(
    { weight: 2, arbitrary: fc.constant<number[]>([]) },
    fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 3 }),
  ),
  campaigns: fc.array(campaign, { minLength: 1, maxLength: 2 }),
  streams: fc.array(stream, { maxLength: 2 }),
  singlesEvery: oneIn(2, fc.integer({ min: 100, max: 20_000 })),
});

/** Drills are drawn after all else, so that a seed gives what it gave before there were any. */
export const bulkScenario: fc.Arbitrary<BulkScenario> = fc.tuple(undrilled, drills).map(([given, more]) => ({
  ...given,
  disturbances: [...given.disturbances, ...more].map((each) =>
    "provider" in each ? { ...each, provider: each.provider % given.providers.length } : each,
  ),
}));
