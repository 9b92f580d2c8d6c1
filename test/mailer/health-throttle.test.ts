import { beforeEach, describe, expect, it, vi } from "vitest";
import { type BreakerOptions, createMailer } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import {
  changesOf,
  fakeTime,
  healthOf,
  pass,
  resultOf,
  send,
  settled,
  standby,
  stateOf,
  times,
  triesOf,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

function mailerWith(script: readonly Outcome[], breaker: BreakerOptions = {}) {
  const primary = memoryProvider({ name: "primary", script });
  const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 }, breaker });
  const pause = () => {
    const { throttledUntil } = healthOf(mailer, "primary");
    return throttledUntil ? throttledUntil.getTime() - Date.now() : 0;
  };
  return { mailer, primary, pause };
}

describe("a throttled provider is out until the time that it asks for", () => {
  it("it is passed over until then, and takes the first message at that moment", async () => {
    const { mailer, pause } = mailerWith([{ reason: "throttled", retryAfter: 7_000 }]);

    expect(triesOf(await send(mailer))).toEqual(["primary throttled", "standby accepted"]);
    expect(pause()).toBe(7_000);
    await pass(6_999);
    expect(triesOf(await send(mailer))).toEqual(["standby accepted"]);
    await pass(1);
    expect(triesOf(await send(mailer))).toEqual(["primary accepted"]);
  });

  it("without a time it is out for 1 s, doubled at each throttle in a row up to 60 s", async () => {
    const { mailer, pause } = mailerWith(times(9, "throttled"));
    const pauses: number[] = [];
    while (pauses.length < 9) {
      await send(mailer);
      pauses.push(pause());
      await pass(pause());
    }

    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it("an acceptance ends the row", async () => {
    const { mailer, pause } = mailerWith(["throttled", "throttled", "accepted", "throttled"]);
    await send(mailer);
    await pass(pause());
    await send(mailer);
    await pass(pause());
    await send(mailer);

    await send(mailer);

    expect(pause()).toBe(1_000);
  });

  it.each([
    [300_000, {}],
    [4_000, { maxOpenFor: 4_000 }],
  ])("never longer than maxOpenFor: %i ms where it asks for a day", async (expected, breaker) => {
    const { mailer, pause } = mailerWith([{ reason: "throttled", retryAfter: 86_400_000 }], breaker);

    await send(mailer);

    expect(pause()).toBe(expected);
  });

  it("never longer than maxOpenFor without a time either", async () => {
    const { mailer, pause } = mailerWith(times(3, "throttled"), { maxOpenFor: 1_500 });
    await send(mailer);
    await pass(1_000);

    await send(mailer);

    expect(pause()).toBe(1_500);
  });

  it("answers to requests that were under way together are one throttle", async () => {
    const { mailer, pause } = mailerWith(times(5, { reason: "throttled", after: 10 }));
    const changes = changesOf(mailer);
    const sending = times(5, "accepted").map(() => send(mailer));
    await pass(10);
    await Promise.all(sending);

    expect(pause()).toBe(1_000);
    expect(changes).toEqual(["healthy → throttled (throttled)"]);
  });

  it("of several times asked for the latest counts", async () => {
    const { mailer, pause } = mailerWith([
      { reason: "throttled", after: 10, retryAfter: 5_000 },
      { reason: "throttled", after: 10, retryAfter: 9_000 },
      { reason: "throttled", after: 10, retryAfter: 2_000 },
    ]);
    const sending = times(3, "accepted").map(() => send(mailer));
    await pass(10);
    await Promise.all(sending);

    expect(pause()).toBe(9_000);
  });

  it.each([0, -5_000, Number.NaN])(
    "a time of %d asks for nothing, and spoils no later throttle",
    async (retryAfter) => {
      const { mailer, pause } = mailerWith([
        { reason: "throttled", retryAfter },
        { reason: "throttled", retryAfter: 5_000 },
      ]);

      expect(resultOf(await send(mailer))).toBe("standby");
      await pass(1_000);
      expect(resultOf(await send(mailer))).toBe("standby");

      expect(pause()).toBe(5_000);
    },
  );

  it("is an overlay: the state under it stays, and is there when it passes", async () => {
    const { mailer, primary } = mailerWith(["unavailable", ...times(4, "accepted")]);
    for (let sent = 0; sent < 5; sent += 1) await send(mailer);
    expect(stateOf(mailer, "primary")).toBe("degraded");
    const changes = changesOf(mailer);
    primary.script({ reason: "throttled", retryAfter: 2_000 });

    await send(mailer);
    expect(healthOf(mailer, "primary")).toMatchObject({ state: "degraded", share: 0 });
    await pass(2_000);

    expect(healthOf(mailer, "primary")).toMatchObject({ state: "degraded", share: 1 });
    expect(changes).toEqual(["degraded → throttled (throttled)", "throttled → degraded (throttle-passed)"]);
  });
});

describe("when nobody else can be tried, a send waits for the end of a throttle", () => {
  it("it is sent then", async () => {
    const only = memoryProvider({ name: "only", script: [{ reason: "throttled", retryAfter: 5_000 }] });
    const mailer = createMailer({ providers: [only] });

    const throttled = send(mailer);
    await settled();
    const waiting = send(mailer);
    await pass(4_999);
    expect(only.inbox).toHaveLength(0);
    await pass(2);

    expect(triesOf(await throttled)).toEqual(["only throttled", "only accepted"]);
    expect(triesOf(await waiting)).toEqual(["only accepted"]);
  });

  it("where its deadline comes first, it ends at once as unavailable with the time to come back", async () => {
    const only = memoryProvider({ name: "only", script: [{ reason: "throttled", retryAfter: 40_000 }] });
    const mailer = createMailer({ providers: [only], retry: { maxRounds: 1 } });
    await send(mailer);

    const ending = await send(mailer);

    expect(resultOf(ending)).toBe("unavailable");
    expect(ending.ok ? undefined : ending.error.retryAt).toEqual(new Date(Date.now() + 40_000));
  });

  it("of several the earliest counts", async () => {
    const first = memoryProvider({ name: "first", script: [{ reason: "throttled", retryAfter: 9_000 }] });
    const second = memoryProvider({ name: "second", script: [{ reason: "throttled", retryAfter: 3_000 }] });
    const mailer = createMailer({ providers: [first, second], retry: { maxRounds: 1 } });
    await send(mailer);

    const waiting = send(mailer);
    await pass(3_000);

    expect(triesOf(await waiting)).toEqual(["second accepted"]);
  });

  it("no timer is left and nothing is queued when they are through", async () => {
    const only = memoryProvider({ name: "only", script: [{ reason: "throttled", retryAfter: 5_000 }] });
    const mailer = createMailer({ providers: [only] });
    const sending = times(10, "accepted").map(() => send(mailer));
    await settled();
    expect(vi.getTimerCount()).toBeGreaterThan(0);

    await pass(5_001);
    await Promise.all(sending);

    expect(healthOf(mailer, "only")).toMatchObject({ queued: 0, inFlight: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });
});
