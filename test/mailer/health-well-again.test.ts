import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  changesOf,
  degraded,
  failing,
  fakeTime,
  healthOf,
  pass,
  primaryAndStandby,
  resultOf,
  send,
  sendMany,
  stateOf,
  times,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

describe("degraded: its weight is halved", () => {
  async function oneOfTwoDegraded() {
    const ill = memoryProvider({ name: "ill", script: failing(1) });
    const well = memoryProvider({ name: "well" });
    const mailer = createMailer({ providers: [[ill, well]], retry: { maxRounds: 1 } });
    while (stateOf(mailer, "ill") === "healthy") await send(mailer);
    expect(stateOf(mailer, "ill")).toBe("degraded");
    return { mailer, ill, well };
  }

  it("health() gives it half the share of an equal one", async () => {
    const { mailer } = await oneOfTwoDegraded();

    expect(healthOf(mailer, "ill").share).toBeCloseTo(1 / 3);
    expect(healthOf(mailer, "well").share).toBeCloseTo(2 / 3);
  });

  it("it is picked half as often as an equal one", async () => {
    const { mailer } = await oneOfTwoDegraded();

    const picks = (await sendMany(mailer, 300)).map(resultOf);

    // Exact over a cycle, but the weights changed in the middle of one.
    expect(Math.abs(picks.filter((name) => name === "ill").length - 100)).toBeLessThanOrEqual(1);
  });

  it("a recovering one that degrades never gets more than it had: its weight is halved from where it is", async () => {
    const ill = memoryProvider({ name: "ill", script: ["suspended"] });
    const well = memoryProvider({ name: "well" });
    const mailer = createMailer({ providers: [[ill, well]], retry: { maxRounds: 1 }, breaker: { minimumAttempts: 1 } });
    while (stateOf(mailer, "ill") === "healthy") await send(mailer);
    await pass(15_000);
    await send(mailer);
    expect(stateOf(mailer, "ill")).toBe("recovering");
    const before = healthOf(mailer, "ill").share;
    ill.script("accepted", "accepted", "unavailable");
    while (stateOf(mailer, "ill") === "recovering") await send(mailer);

    expect(stateOf(mailer, "ill")).toBe("degraded");
    expect(healthOf(mailer, "ill").share).toBeLessThanOrEqual(before);
  });
});

describe("degraded → healthy: both rates are under half their threshold for one window", () => {
  it("becomes healthy one window after the failure rate fell under half of degradedRate, not before", async () => {
    const { mailer } = await degraded();
    // 1 of 10 after 5 s is just half of 0.2; 1 of 11 after 6 s is under it.
    const statesBySecond: string[] = [];
    for (let second = 1; second <= 36; second += 1) {
      await pass(1_000);
      await send(mailer);
      statesBySecond.push(stateOf(mailer, "primary"));
    }

    expect(statesBySecond.slice(0, 35)).toEqual(Array.from({ length: 35 }, () => "degraded"));
    expect(statesBySecond.at(35)).toBe("healthy");
  });

  it("stays degraded while the failure rate is between half its threshold and the threshold", async () => {
    const { mailer, primary } = await degraded();
    let sent = 0;
    primary.script(() => {
      sent += 1;
      return sent % 7 === 0 ? "unavailable" : "accepted";
    });

    for (let second = 1; second <= 120; second += 1) {
      await pass(1_000);
      await send(mailer);
      expect(stateOf(mailer, "primary")).toBe("degraded");
    }
  });

  it("stays degraded while the slow rate is between half its threshold and the threshold", async () => {
    const slow = { accepted: true, after: 101 } as const;
    const { mailer, primary } = primaryAndStandby(times(5, slow), { slowAttempt: 100 });
    const sending = times(5, slow).map(() => send(mailer));
    await pass(101);
    await Promise.all(sending);
    expect(stateOf(mailer, "primary")).toBe("degraded");
    let sent = 0;
    primary.script(() => {
      sent += 1;
      return sent % 3 === 0 ? slow : "accepted";
    });

    for (let second = 1; second <= 90; second += 1) {
      const next = send(mailer);
      await pass(1_000);
      await next;
      if (second > 30) expect(healthOf(mailer, "primary").slowRate).toBeCloseTo(1 / 3, 1);
      expect(stateOf(mailer, "primary")).toBe("degraded");
    }
  });

  it("says so although nobody sends", async () => {
    const { mailer } = await degraded();
    const changes = changesOf(mailer);

    await pass(60_001);

    expect(stateOf(mailer, "primary")).toBe("healthy");
    expect(changes).toEqual(["degraded → healthy (rates-recovered)"]);
  });

  it("does not depend on how often somebody looks: without traffic the rate falls when the window has passed", async () => {
    const { mailer } = await degraded();
    const { mailer: watched } = await degraded();

    for (let second = 1; second <= 45; second += 1) {
      await pass(1_000);
      expect(stateOf(watched, "primary")).toBe("degraded");
    }

    // At 45 s the rates are under half their threshold for 15 s: the failure left the window after 30 s.
    expect(stateOf(mailer, "primary")).toBe("degraded");
    await pass(15_001);
    expect(stateOf(watched, "primary")).toBe("healthy");
    expect(stateOf(mailer, "primary")).toBe("healthy");
  });
});
