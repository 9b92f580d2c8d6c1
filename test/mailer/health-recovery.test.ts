import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  changesOf,
  down,
  failing,
  fakeTime,
  healthOf,
  pass,
  recovering,
  resultOf,
  scripted,
  send,
  sendMany,
  stateOf,
  times,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

describe("probing → recovering: the probe was accepted, or proved that the provider works", () => {
  it("by an acceptance", async () => {
    const { mailer } = await down();
    await pass(15_000);
    const changes = changesOf(mailer);

    await send(mailer);

    expect(changes).toEqual(["down → probing (open-period-passed)", "probing → recovering (probe-accepted)"]);
  });

  it.each(["rejected", "invalid", "too-large", "unsupported", "not-found"] as const)(
    "by an answer about the message alone: %s",
    async (reason) => {
      const { mailer, primary } = await down();
      await pass(15_000);
      primary.script(reason);

      await send(mailer);

      expect(stateOf(mailer, "primary")).toBe("recovering");
    },
  );
});

describe("probing → down: the probe failed", () => {
  it.each(["unreachable", "unavailable", "response-lost", "timeout", "bad-response", "server-error"] as const)(
    "by %s; the open period doubles",
    async (reason) => {
      const { mailer, primary } = await down();
      await pass(15_000);
      primary.script(reason);
      const changes = changesOf(mailer);

      const ending = await send(mailer);

      expect(changes).toEqual(["down → probing (open-period-passed)", "probing → down (probe-failed)"]);
      expect(resultOf(ending)).toBe("standby");
      expect(healthOf(mailer, "primary").openUntil).toEqual(new Date(Date.now() + 30_000));
    },
  );
});

describe("recovering → healthy: slowStart has passed; the weight grows from 10 %", () => {
  it("is recovering until just before, healthy then", async () => {
    const { mailer } = await recovering();
    const changes = changesOf(mailer);

    await pass(29_999);
    expect(stateOf(mailer, "primary")).toBe("recovering");
    await pass(1);

    expect(stateOf(mailer, "primary")).toBe("healthy");
    expect(changes).toEqual(["recovering → healthy (slow-start-passed)"]);
  });

  it("slowStart is what the options say", async () => {
    const { mailer } = await recovering({ slowStart: 1_000 });

    await pass(999);
    expect(stateOf(mailer, "primary")).toBe("recovering");
    await pass(1);
    expect(stateOf(mailer, "primary")).toBe("healthy");
  });

  async function oneOfTwoRecovering() {
    const back = memoryProvider({ name: "back", script: ["suspended"] });
    const other = memoryProvider({ name: "other" });
    const mailer = createMailer({ providers: [[back, other]], retry: { maxRounds: 1 } });
    while (stateOf(mailer, "back") === "healthy") await send(mailer);
    await pass(15_000);
    await send(mailer);
    expect(stateOf(mailer, "back")).toBe("recovering");
    return mailer;
  }

  it("its share in health() grows in proportion to the time, from that of a tenth of its weight", async () => {
    const mailer = await oneOfTwoRecovering();
    const share = () => healthOf(mailer, "back").share;
    const ofWeight = (weight: number) => weight / (weight + 1);

    expect(share()).toBeCloseTo(ofWeight(0.1));
    await pass(3_000);
    expect(share()).toBeCloseTo(ofWeight(0.1));
    await pass(12_000);
    expect(share()).toBeCloseTo(ofWeight(0.5));
    await pass(12_000);
    expect(share()).toBeCloseTo(ofWeight(0.9));
    await pass(3_000);
    expect(share()).toBeCloseTo(0.5);
  });

  it("has that share already when it says that it recovers", async () => {
    const back = memoryProvider({ name: "back", script: ["suspended"] });
    const mailer = createMailer({ providers: [[back, memoryProvider({ name: "other" })]], retry: { maxRounds: 1 } });
    const shares: number[] = [];
    mailer.on("provider:recovering", () => shares.push(healthOf(mailer, "back").share));
    while (stateOf(mailer, "back") === "healthy") await send(mailer);
    await pass(15_000);

    await send(mailer);

    expect(shares).toEqual([expect.closeTo(0.1 / 1.1)]);
  });

  it.each([
    [0, 10],
    [15_000, 37],
    [30_000, 55],
  ])("after %i ms it is picked for %i of 110 messages", async (since, expected) => {
    const mailer = await oneOfTwoRecovering();
    await pass(since);

    const picks = (await sendMany(mailer, 110)).map(resultOf);

    const picked = picks.filter((name) => name === "back").length;
    expect(Math.abs(picked - expected)).toBeLessThanOrEqual(1);
  });

  it("alone in its place of the order it has all the traffic: nobody before it can send", async () => {
    const { mailer } = await recovering();

    expect(healthOf(mailer, "primary").share).toBe(1);
    expect((await sendMany(mailer, 5)).map(resultOf)).toEqual(times(5, "accepted").map(() => "primary"));
  });

  it("failures of before the opening do not count after the recovery", async () => {
    const { mailer, primary } = await scripted(failing(5), { openFor: 100 });
    await pass(100);
    await send(mailer);
    primary.script("unavailable", "unavailable", "unavailable", "unavailable");

    await sendMany(mailer, 4);

    expect(stateOf(mailer, "primary")).toBe("recovering");
    expect(healthOf(mailer, "primary").failureRate).toBe(1);
  });
});
