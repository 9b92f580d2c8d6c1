import { beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { createMailer, type ProviderHealth } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  fakeTime,
  healthOf,
  heldProvider,
  pass,
  send,
  sendMany,
  settled,
  standby,
  start,
  stateOf,
  times,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

function mailerOf<const N extends string>(...names: readonly N[]) {
  return createMailer({ providers: names.map((name) => memoryProvider({ name })) });
}

describe("health() tells of each provider", () => {
  it("in their order of priority, all fields, before anything was sent", () => {
    const mailer = createMailer({
      providers: [[memoryProvider({ name: "a" }), memoryProvider({ name: "b" })], memoryProvider({ name: "c" })],
    });
    const fresh = {
      state: "healthy",
      since: new Date(start),
      isolated: false,
      failureRate: 0,
      slowRate: 0,
      p50: 0,
      p95: 0,
      inFlight: 0,
      queued: 0,
    };

    expect(mailer.health()).toEqual([
      { provider: "a", share: 0.5, ...fresh },
      { provider: "b", share: 0.5, ...fresh },
      { provider: "c", share: 0, ...fresh },
    ]);
  });

  it("names are typed", () => {
    const mailer = mailerOf("a", "b");

    expectTypeOf(mailer.health()).toEqualTypeOf<readonly ProviderHealth<"a" | "b">[]>();
  });

  it("what it gave stays as it was, and cannot be changed", async () => {
    const mailer = mailerOf("a");
    const [before] = mailer.health();

    await pass(10);
    await send(mailer);

    expect(before).not.toHaveProperty("lastAccepted");
    expect(Object.isFrozen(before)).toBe(true);
  });
});

describe("state and since", () => {
  it("since is the moment of the change of state, not of the last look", async () => {
    const primary = memoryProvider({ name: "primary", script: ["accepted", "suspended"] });
    const mailer = createMailer({ providers: [primary, standby()] });
    await pass(1_000);
    await send(mailer);
    expect(healthOf(mailer, "primary").since).toEqual(new Date(start));

    await pass(1_000);
    await send(mailer);
    await pass(5_000);

    expect(healthOf(mailer, "primary")).toMatchObject({ state: "down", since: new Date(start + 2_000) });
  });
});

describe("openUntil and throttledUntil", () => {
  it("are dates, there only while they apply", async () => {
    const primary = memoryProvider({ name: "primary", script: ["suspended"] });
    const other = memoryProvider({ name: "other", script: [{ reason: "throttled", retryAfter: 2_500 }] });
    const mailer = createMailer({ providers: [primary, other, standby()] });

    await send(mailer);

    expect(healthOf(mailer, "primary").openUntil).toEqual(new Date(start + 15_000));
    expect(healthOf(mailer, "primary")).not.toHaveProperty("throttledUntil");
    expect(healthOf(mailer, "other").throttledUntil).toEqual(new Date(start + 2_500));
    expect(healthOf(mailer, "other")).not.toHaveProperty("openUntil");
    await pass(15_000);
    await send(mailer);
    expect(stateOf(mailer, "primary")).toBe("recovering");
    expect(healthOf(mailer, "primary")).not.toHaveProperty("openUntil");
    expect(healthOf(mailer, "other")).not.toHaveProperty("throttledUntil");
  });
});

describe("share: of the traffic, by what each can take now", () => {
  it("is divided by weight in the first place of the order, and none for standbys until they are needed", async () => {
    const mailer = createMailer({
      providers: [
        [{ provider: memoryProvider({ name: "a" }), weight: 3 }, memoryProvider({ name: "b" })],
        [memoryProvider({ name: "c" }), { provider: memoryProvider({ name: "d" }), weight: 4 }],
        memoryProvider({ name: "e" }),
      ],
    });
    const shares = () => mailer.health().map(({ share }) => share);

    expect(shares()).toEqual([0.75, 0.25, 0, 0, 0]);
    const noA = mailer.isolate("a");
    expect(shares()).toEqual([0, 1, 0, 0, 0]);
    const noB = mailer.isolate("b");
    expect(shares()).toEqual([0, 0, 0.2, 0.8, 0]);
    mailer.isolate("c");
    mailer.isolate("d");
    expect(shares()).toEqual([0, 0, 0, 0, 1]);
    mailer.isolate("e");
    expect(shares()).toEqual([0, 0, 0, 0, 0]);
    noB[Symbol.dispose]();
    noA[Symbol.dispose]();
    expect(shares()).toEqual([0.75, 0.25, 0, 0, 0]);
  });

  it.each([
    ["down", "suspended"],
    ["throttled", "throttled"],
  ] as const)("one that is %s has none, and its group has the rest", async (_, outcome) => {
    const a = memoryProvider({ name: "a", script: [outcome] });
    const mailer = createMailer({ providers: [[a, memoryProvider({ name: "b" })], standby()] });
    while (a.attempts === 0) await send(mailer);

    expect(mailer.health().map(({ share }) => share)).toEqual([0, 1, 0]);
  });

  it("a probing one has none", async () => {
    const primary = memoryProvider({ name: "primary", script: ["suspended", "hang"] });
    const mailer = createMailer({ providers: [primary, standby()] });
    await send(mailer);
    await pass(15_000);
    const probing = send(mailer);
    await settled();

    expect(healthOf(mailer, "primary")).toMatchObject({ state: "probing", share: 0 });
    expect(healthOf(mailer, "standby").share).toBe(1);
    await pass(5_000);
    await probing;
  });

  it("is where the messages really go", async () => {
    const mailer = createMailer({
      providers: [[{ provider: memoryProvider({ name: "a" }), weight: 3 }, memoryProvider({ name: "b" })]],
    });

    const endings = await sendMany(mailer, 400);

    expect(endings.filter((ending) => ending.ok && ending.receipt.provider === "a")).toHaveLength(300);
  });
});

describe("failureRate, slowRate, p50 and p95: of the attempts in the window", () => {
  it("rates are of all that counted, latencies of those that were accepted", async () => {
    const durations = Array.from({ length: 20 }, (_, index) => (index + 1) * 100);
    const script = [
      ...durations.map((after) => ({ accepted: true, after }) as const),
      ...times(5, { reason: "unavailable", after: 9_000 }),
    ];
    const primary = memoryProvider({ name: "primary", script });
    const mailer = createMailer({
      providers: [primary, standby()],
      breaker: { slowAttempt: 1_600, slowRate: 0.9, degradedRate: 0.9, consecutiveFailures: 10 },
    });

    const sending = script.map(() => send(mailer));
    await pass(9_000);
    await Promise.all(sending);

    const { failureRate, slowRate, p50, p95 } = healthOf(mailer, "primary");
    expect({ failureRate, slowRate }).toEqual({ failureRate: 5 / 25, slowRate: 4 / 25 });
    expect({ p50, p95 }).toEqual({ p50: 1_000, p95: 1_900 });
  });
});

describe("p50 and p95", () => {
  it("are the same in whatever order the attempts took so long, and know nothing of failures", async () => {
    const accepted = [300, 100, 200].map((after) => ({ accepted: true, after }) as const);
    const primary = memoryProvider({ name: "primary", script: [...accepted, { reason: "unavailable", after: 50 }] });
    const mailer = createMailer({ providers: [primary, standby()] });

    for (let sent = 0; sent < 4; sent += 1) {
      const sending = send(mailer);
      await pass(300);
      await sending;
    }

    expect(healthOf(mailer, "primary")).toMatchObject({ p50: 200, p95: 300, failureRate: 0.25 });
  });
});

describe("inFlight and queued", () => {
  it("inFlight counts the attempts under way at this provider", async () => {
    const primary = heldProvider("primary");
    const mailer = createMailer({ providers: [primary, standby()] });
    const sending = times(3, "accepted").map(() => send(mailer));
    await settled();

    expect(healthOf(mailer, "primary").inFlight).toBe(3);
    expect(healthOf(mailer, "standby").inFlight).toBe(0);
    primary.held[0]?.end("accepted");
    await settled();
    expect(healthOf(mailer, "primary").inFlight).toBe(2);
    primary.held[1]?.end("accepted");
    primary.held[2]?.end(new Error("broken"));
    await Promise.all(sending);
    expect(healthOf(mailer, "primary").inFlight).toBe(0);
  });

  it("queued counts the sends that wait for the provider's throttle, also those that it throttled themselves", async () => {
    const only = memoryProvider({ name: "only", script: [{ reason: "throttled", retryAfter: 5_000 }] });
    const mailer = createMailer({ providers: [only] });
    const throttled = send(mailer);
    await settled();
    expect(healthOf(mailer, "only").queued).toBe(1);
    const others = [send(mailer), send(mailer)];
    await settled();
    expect(healthOf(mailer, "only")).toMatchObject({ queued: 3, inFlight: 0 });

    await pass(5_001);
    await Promise.all([throttled, ...others]);

    expect(healthOf(mailer, "only").queued).toBe(0);
  });

  it("queued counts down when a waiting send is aborted", async () => {
    const only = memoryProvider({ name: "only", script: [{ reason: "throttled", retryAfter: 5_000 }] });
    const mailer = createMailer({ providers: [only], retry: { maxRounds: 1 } });
    await send(mailer);
    const caller = new AbortController();
    const waiting = send(mailer, { signal: caller.signal });
    await settled();
    expect(healthOf(mailer, "only").queued).toBe(1);

    caller.abort();
    await waiting;

    expect(healthOf(mailer, "only").queued).toBe(0);
  });
});

describe("lastFailure and lastAccepted", () => {
  it("the latest failure with its moment, of whatever kind", async () => {
    const primary = memoryProvider({
      name: "primary",
      script: [
        "rejected",
        { reason: "throttled", retryAfter: 100, status: 429, code: "slow-down", detail: "too many requests" },
      ],
    });
    const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });
    await send(mailer);
    expect(healthOf(mailer, "primary").lastFailure).toMatchObject({ reason: "rejected", at: new Date(start) });
    await pass(500);
    await send(mailer);

    expect(healthOf(mailer, "primary").lastFailure).toEqual({
      reason: "throttled",
      scope: "provider",
      sent: "no",
      status: 429,
      code: "slow-down",
      detail: "too many requests",
      retryAfter: 100,
      at: new Date(start + 500),
    });
    expect(healthOf(mailer, "standby")).not.toHaveProperty("lastFailure");
    expect(healthOf(mailer, "standby").lastAccepted).toEqual(new Date(start + 500));
  });

  it("stays when later messages are accepted", async () => {
    const primary = memoryProvider({ name: "primary", script: ["unavailable"] });
    const mailer = createMailer({ providers: [primary, standby()] });
    await send(mailer);
    await pass(1_000);
    await send(mailer);

    const { lastFailure, lastAccepted } = healthOf(mailer, "primary");
    expect(lastFailure?.at).toEqual(new Date(start));
    expect(lastAccepted).toEqual(new Date(start + 1_000));
  });
});
