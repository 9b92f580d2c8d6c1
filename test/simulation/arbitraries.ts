import * as fc from "fast-check";
import type { BreakerOptions, RetryOptions } from "../../src/index.ts";
import { drills } from "./drills.ts";
import { oneIn, retryAfter, seconds, share, thousandth } from "./quantities.ts";
import type {
  Disturbance,
  Fault,
  FaultKind,
  MailerSetup,
  MessageReason,
  Phase,
  PhaseOptions,
  ProviderSetup,
  RogueWay,
  Scenario,
} from "./world/scenario.ts";

const faultKind: fc.Arbitrary<FaultKind> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<FaultKind>({ kind: "refuses" }) },
  fc.constant<FaultKind>({ kind: "stalls-connecting" }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stalls" as const), stores: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("brown-out" as const), share, retryAfter }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("slow" as const), by: fc.integer({ min: 200, max: 15_000 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("throttles" as const), retryAfter }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("account" as const),
      reason: fc.constantFrom("authentication" as const, "suspended" as const, "sender" as const, "quota" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("loses-responses" as const), share, reusedConnection: fc.boolean() }),
  },
  fc.record({ kind: fc.constant("answers-nonsense" as const), stores: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("flaps" as const), period: seconds(1, 40) }) },
  fc.constant<FaultKind>({ kind: "calls-invalid" }),
  fc.record({
    kind: fc.constant("rogue" as const),
    way: fc.constantFrom<RogueWay>("throws-plain-error", "no-receipt", "aborts-by-itself", "fails-before-request"),
  }),
);

export const fault: fc.Arbitrary<Fault> = fc
  .tuple(faultKind, thousandth, thousandth)
  .map(([kind, one, other]) => ({ ...kind, from: Math.min(one, other), to: Math.max(one, other) }));

/** Mostly the defaults; else such that much happens in a short time. */
const breaker: fc.Arbitrary<BreakerOptions> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<BreakerOptions>({}) },
  fc.record(
    {
      failureRate: fc.constantFrom(0, 0.3, 0.8, 1),
      openFor: seconds(1, 60),
      slowAttempt: seconds(1, 8),
      minimumAttempts: fc.integer({ min: 1, max: 10 }),
      consecutiveFailures: fc.integer({ min: 1, max: 8 }),
      window: seconds(1, 60),
      slowRate: share,
      degradedRate: share,
      slowStart: fc.oneof(fc.constant(0), seconds(1, 60)),
      maxOpenFor: seconds(1, 120),
    },
    { requiredKeys: [] },
  ),
);

export const provider: fc.Arbitrary<ProviderSetup> = fc.record({
  joins: fc.boolean(),
  weight: fc.integer({ min: 1, max: 5 }),
  labels: fc.constantFrom<string[]>([], [], ["eu"], ["eu", "bulk"]),
  timeout: oneIn(4, seconds(2, 15)),
  concurrency: oneIn(5, fc.integer({ min: 1, max: 3 })),
  rate: oneIn(5, fc.record({ limit: fc.integer({ min: 1, max: 5 }), interval: fc.integer({ min: 100, max: 5_000 }) })),
  prove: oneIn(8, fc.constantFrom(0.05, 0.2, 0.5, 1)),
  breaker: oneIn(4, breaker),
  cannotCarry: fc.constantFrom<("tags" | "metadata")[]>([], [], [], ["tags"], ["metadata"], ["tags", "metadata"]),
  latency: fc.constantFrom<[number, number]>([5, 50], [20, 200], [100, 800], [1, 1]),
  deaf: fc.integer({ min: 0, max: 5 }).map((number) => number === 5),
  faults: fc.array(fault, { maxLength: 3 }),
});

const retry: fc.Arbitrary<RetryOptions> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<RetryOptions>({}) },
  fc.record(
    {
      maxRounds: fc.integer({ min: 1, max: 5 }),
      minDelay: fc.integer({ min: 0, max: 2_000 }),
      maxDelay: fc.integer({ min: 0, max: 10_000 }),
      budget: fc.constantFrom(0, 0.2, 1),
    },
    { requiredKeys: [] },
  ),
);

export const mailer: fc.Arbitrary<MailerSetup> = fc
  .record({
    onUnknown: fc.constantFrom("failover" as const, "failover" as const, "stop" as const),
    timeout: oneIn(2, seconds(2, 10)),
    deadline: fc.oneof(fc.constant(30_000), seconds(8, 60)),
    retry,
    queueLimit: oneIn(2, fc.integer({ min: 0, max: 8 })),
    breaker,
  })
  // A time-out that only the deadline brings about is nobody's fault.
  .map(({ timeout, ...rest }) => ({ ...rest, timeout: timeout && Math.min(timeout, rest.deadline / 2) }));

const places = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 });

/** What a phase may have of its own; the first are the more frequent ones. */
const peculiarities: readonly fc.Arbitrary<PhaseOptions>[] = [
  fc.constantFrom("failover" as const, "stop" as const).map((onUnknown) => ({ onUnknown })),
  fc.integer({ min: 1, max: 5 }).map((stickyKeys) => ({ stickyKeys })),
  fc.oneof(fc.integer({ min: 0, max: 300 }), seconds(0, 20)).map((abortAfter) => ({ abortAfter })),
  fc
    .tuple(fc.oneof(fc.integer({ min: 1, max: 1_000 }), seconds(1, 40)), fc.boolean())
    .map(([deadline, asDate]) => ({ deadline, asDate })),
  places.map((only) => ({ only })),
  places.map((except) => ({ except })),
  fc.constantFrom(["eu"], ["bulk", "eu"]).map((require) => ({ require })),
  fc.constantFrom<PhaseOptions>({ fields: ["tags"] }, { fields: ["metadata"] }, { fields: ["tags", "metadata"] }),
  fc
    .record({
      reason: fc.constantFrom<MessageReason>("rejected", "invalid", "invalid", "too-large", "unsupported", "not-found"),
      by: fc.oneof(fc.constant("all" as const), fc.integer({ min: 0, max: 5 })),
    })
    .map((refusal) => ({ refusal })),
];
const peculiar = fc.oneof(...peculiarities.map((arbitrary, index) => ({ weight: index < 4 ? 2 : 1, arbitrary })));

const phaseOptions: fc.Arbitrary<PhaseOptions> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<PhaseOptions>({}) },
  { weight: 3, arbitrary: peculiar },
  { weight: 2, arbitrary: fc.tuple(peculiar, peculiar).map(([one, other]) => ({ ...one, ...other })) },
);

const phase: fc.Arbitrary<Phase> = fc.record({
  after: fc.oneof(fc.constant(0), seconds(0, 5), seconds(5, 90)),
  count: fc.integer({ min: 1, max: 15 }),
  every: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 }), seconds(1, 10)),
  options: phaseOptions,
});

export const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(thousandth, thousandth, fc.integer({ min: 0, max: 5 })).map(
      ([one, other, place]): Disturbance => ({
        do: "isolate",
        at: Math.min(one, other),
        until: Math.max(one, other),
        provider: place,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("freeze" as const),
      at: thousandth,
      for: fc.oneof(seconds(0, 20), seconds(20, 900)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("look" as const), at: thousandth }) },
  fc.record({
    do: fc.constant("step-wall-clock" as const),
    at: thousandth,
    by: fc.integer({ min: -3_600_000, max: 3_600_000 }),
  }),
);

/** Drawn after all else, so that a seed gives what it gave before there were drills. */
function withDrills(given: Scenario, more: readonly Disturbance[]): Scenario {
  return coherent({ ...given, disturbances: [...given.disturbances, ...more] });
}

const undrilled: fc.Arbitrary<Scenario> = fc
  .record({
    seed: fc.noShrink(fc.nat()),
    mailer,
    providers: fc.array(provider, { minLength: 2, maxLength: 6, size: "+1" }),
    everywhere: fc.oneof({ weight: 4, arbitrary: fc.constant<Fault[]>([]) }, fc.array(fault, { maxLength: 1 })),
    process: fc.constantFrom(...Array<"long-lived">(9).fill("long-lived"), "one-send" as const),
    traffic: fc.array(phase, { minLength: 1, maxLength: 6, size: "+1" }),
    disturbances: fc.array(disturbance, { maxLength: 5 }),
    listener: oneIn(5, fc.constantFrom("throws" as const, "looks" as const)),
  })
  .map(coherent);

/** Minutes of traffic. */
export const scenario: fc.Arbitrary<Scenario> = fc
  .tuple(undrilled, drills)
  .map(([given, more]) => withDrills(given, more));

/** Names only providers that exist; the first group is no standby to be proven. */
function coherent(given: Scenario): Scenario {
  const count = given.providers.length;
  const place = (number: number): number => number % count;
  const placesOf = (numbers: readonly number[]): number[] => [...new Set(numbers.map(place))];
  const standbys = given.providers.findIndex((each, index) => index > 0 && !each.joins);
  return {
    ...given,
    providers: given.providers.map((setup, index) => ({
      ...setup,
      prove: standbys !== -1 && index >= standbys ? setup.prove : undefined,
    })),
    traffic: given.traffic.map(({ options: { only, except, refusal, ...options }, ...each }) => ({
      ...each,
      options: {
        ...options,
        only: only && placesOf(only),
        except: except && placesOf(except),
        refusal: refusal && { ...refusal, by: refusal.by === "all" ? refusal.by : place(refusal.by) },
      },
    })),
    disturbances: given.disturbances.map((each) =>
      "provider" in each ? { ...each, provider: place(each.provider) } : each,
    ),
  };
}

/** Twenty-four hours of it: mails every minute, and bursts between. */
export const day: fc.Arbitrary<Scenario> = fc
  .tuple(
    undrilled,
    fc.array(phaseOptions, { minLength: 24, maxLength: 24 }),
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 24, maxLength: 24 }),
    drills,
  )
  .map(([base, options, bursts, more]) => {
    const whole: Scenario = {
      ...base,
      process: "long-lived",
      traffic: options.flatMap((each, hour): Phase[] => [
        { after: 0, count: 59, every: 60_000, options: each },
        { after: 60_000, count: bursts[hour] ?? 1, every: 0, options: {} },
      ]),
    };
    return withDrills(whole, more);
  });
