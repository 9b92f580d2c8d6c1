import { beforeEach, describe, expect, it, vi } from "vitest";
import { type BreakerOptions, createMailer } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import {
  fakeTime,
  freeze,
  healthOf,
  pass,
  resultOf,
  send,
  sendMany,
  settled,
  standby,
  stateOf,
  times,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

/** Rates alone decide here, and only for going down. */
const byRate = { consecutiveFailures: 1_000, degradedRate: 1, failureRate: 0.5 };

function mailerWith(script: readonly Outcome[], breaker: BreakerOptions = byRate) {
  const primary = memoryProvider({ name: "primary", script });
  const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 }, breaker });
  return { mailer, primary };
}

describe("the window holds what is no older than it", () => {
  it("attempts of up to 30 s ago count, older ones do not", async () => {
    const { mailer } = mailerWith(["unavailable", "accepted"]);
    await send(mailer);
    await pass(15_000);
    await send(mailer);

    await pass(15_000);
    expect(healthOf(mailer, "primary").failureRate).toBe(0.5);
    await pass(1);
    expect(healthOf(mailer, "primary").failureRate).toBe(0);
  });

  it("window is what the options say", async () => {
    const { mailer } = mailerWith(["unavailable"], { ...byRate, window: 100 });
    await send(mailer);

    await pass(100);
    expect(healthOf(mailer, "primary").failureRate).toBe(1);
    await pass(1);
    expect(healthOf(mailer, "primary").failureRate).toBe(0);
  });

  it("minimumAttempts counts those in the window alone", async () => {
    const { mailer } = mailerWith(times(8, "unavailable"));
    await sendMany(mailer, 4);
    await pass(30_001);

    await sendMany(mailer, 4);

    expect(stateOf(mailer, "primary")).toBe("healthy");
  });

  it("a rate is right after many thousands of attempts", async () => {
    let sent = 0;
    const primary = memoryProvider({
      name: "primary",
      script: () => {
        sent += 1;
        return sent % 4 === 0 ? "unavailable" : "accepted";
      },
    });
    const mailer = createMailer({ providers: [primary, standby()], breaker: byRate });
    for (let batch = 0; batch < 60; batch += 1) {
      await sendMany(mailer, 100);
      await pass(1_000);
    }

    expect(healthOf(mailer, "primary").failureRate).toBeCloseTo(0.25, 2);
  });
});

describe("after a freeze no counted attempt is older than the window, although no timer ran meanwhile", () => {
  it("failures of before it take no part in a rate", async () => {
    const { mailer } = mailerWith(times(8, "unavailable"));
    await sendMany(mailer, 4);

    freeze(30_001);

    expect(healthOf(mailer, "primary").failureRate).toBe(0);
    await sendMany(mailer, 4);
    expect(stateOf(mailer, "primary")).toBe("healthy");
  });

  it("slow attempts of before it take no part either", async () => {
    const { mailer } = mailerWith(times(4, { accepted: true, after: 6_000 }));
    const sending = times(4, "accepted").map(() => send(mailer));
    await pass(6_000);
    await Promise.all(sending);
    expect(healthOf(mailer, "primary")).toMatchObject({ slowRate: 1, p50: 6_000, p95: 6_000 });

    freeze(30_001);

    expect(healthOf(mailer, "primary")).toMatchObject({ slowRate: 0, p50: 0, p95: 0 });
  });

  it("the end of a slow start is seen at the first look", async () => {
    const { mailer } = mailerWith(["suspended"]);
    await send(mailer);
    await pass(15_000);
    await send(mailer);
    expect(stateOf(mailer, "primary")).toBe("recovering");

    freeze(3_600_000);

    expect(stateOf(mailer, "primary")).toBe("healthy");
  });

  it("the end of a throttle is seen by the first send", async () => {
    const { mailer } = mailerWith([{ reason: "throttled", retryAfter: 60_000 }]);
    await send(mailer);

    freeze(60_000);

    expect(healthOf(mailer, "primary").throttledUntil).toBeUndefined();
    expect(resultOf(await send(mailer))).toBe("primary");
  });

  it("an attempt that hangs over a freeze ends at the first turn after it, and counts once", async () => {
    const { mailer } = mailerWith(["hang"]);
    const sending = send(mailer);
    await settled();

    freeze(3_600_000);
    await pass(10_000);

    // The whole time of the send has passed too, so nobody else is tried.
    expect(resultOf(await sending)).toBe("unknown");
    expect(healthOf(mailer, "primary").failureRate).toBe(1);
  });
});

describe("durations go by the monotonic clock: a wall clock that is set changes none", () => {
  const day = 86_400_000;

  it.each([day, -day])("by %i ms", async (jump) => {
    const { mailer, primary } = mailerWith(["suspended"]);
    await send(mailer);

    vi.setSystemTime(Date.now() + jump);
    await pass(14_999);
    expect(resultOf(await send(mailer))).toBe("standby");
    await pass(1);
    expect(resultOf(await send(mailer))).toBe("primary");

    vi.setSystemTime(Date.now() + jump);
    await pass(29_999);
    expect(stateOf(mailer, "primary")).toBe("recovering");
    await pass(1);
    expect(stateOf(mailer, "primary")).toBe("healthy");

    primary.script({ reason: "throttled", retryAfter: 5_000 }, "accepted", "unavailable");
    await send(mailer);
    vi.setSystemTime(Date.now() + jump);
    await pass(4_999);
    expect(resultOf(await send(mailer))).toBe("standby");
    await pass(1);
    expect(resultOf(await send(mailer))).toBe("primary");

    await send(mailer);
    vi.setSystemTime(Date.now() + jump);
    expect(healthOf(mailer, "primary").failureRate).toBe(0.5);
  });
});
