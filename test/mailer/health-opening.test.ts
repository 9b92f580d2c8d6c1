import { beforeEach, describe, expect, it, vi } from "vitest";
import { type BreakerOptions, createMailer, type Mailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { fakeTime, healthOf, jitter, pass, send, sendMany, standby, stateOf, times } from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

function mailerWith(breaker: BreakerOptions = {}) {
  const primary = memoryProvider({ name: "primary", script: times(100, "suspended") });
  const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 }, breaker });
  return { mailer, primary };
}

function openFor(mailer: Mailer<"primary" | "standby">): number {
  const { openUntil } = healthOf(mailer, "primary");
  if (!openUntil) throw new Error("The primary is not down");
  return openUntil.getTime() - Date.now();
}

/** Opens, and probes in vain as soon as that may be: the periods in their order. */
async function periods(mailer: Mailer<"primary" | "standby">, count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    await send(mailer);
    found.push(openFor(mailer));
    await pass(openFor(mailer));
  }
  return found;
}

describe("the open period is doubled at each opening in a row, up to maxOpenFor", () => {
  it("15 s, doubled up to 300 s, where the options say nothing", async () => {
    const { mailer } = mailerWith();

    expect(await periods(mailer, 7)).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  it("as openFor and maxOpenFor say", async () => {
    const { mailer } = mailerWith({ openFor: 100, maxOpenFor: 500 });

    expect(await periods(mailer, 5)).toEqual([100, 200, 400, 500, 500]);
  });

  it("does not overflow after very many openings", async () => {
    const { mailer, primary } = mailerWith({ openFor: 1, maxOpenFor: 10 });
    primary.script(() => "suspended");

    expect((await periods(mailer, 1_200)).at(-1)).toBe(10);
  });

  it("an opening while it recovers is one more in the row", async () => {
    const { mailer, primary } = mailerWith();
    primary.script("suspended", "accepted", "suspended");
    await send(mailer);
    await pass(15_000);
    await send(mailer);
    expect(stateOf(mailer, "primary")).toBe("recovering");

    await send(mailer);

    expect(openFor(mailer)).toBe(30_000);
  });

  it("the row ends when it is healthy", async () => {
    const { mailer, primary } = mailerWith();
    primary.script("suspended", "suspended", "accepted", "suspended");
    await periods(mailer, 2);
    await send(mailer);
    await pass(30_000);
    expect(stateOf(mailer, "primary")).toBe("healthy");

    await send(mailer);

    expect(openFor(mailer)).toBe(15_000);
  });

  it("the row ends when it is healthy by way of degraded", async () => {
    const { mailer, primary } = mailerWith();
    primary.script("suspended", "suspended", "accepted", "unavailable", ...times(4, "accepted"), "suspended");
    await periods(mailer, 2);
    await sendMany(mailer, 6);
    expect(stateOf(mailer, "primary")).toBe("degraded");
    await pass(60_001);
    expect(stateOf(mailer, "primary")).toBe("healthy");

    await send(mailer);

    expect(openFor(mailer)).toBe(15_000);
  });

  it("a fault that is told again while down lengthens nothing", async () => {
    const primary = memoryProvider({ name: "primary", script: times(10, { reason: "suspended", after: 10 }) });
    const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });

    const sending = Array.from({ length: 10 }, () => send(mailer));
    await pass(10);
    await Promise.all(sending);

    expect(primary.attempts).toBe(10);
    expect(openFor(mailer)).toBe(15_000);
  });
});

describe("the open period is jittered by 20 %", () => {
  const lowest = 0;
  const highest = 1 - Number.EPSILON;

  it.each([
    [lowest, [12_000, 24_000, 48_000]],
    [0.5, [15_000, 30_000, 60_000]],
    [highest, [18_000, 36_000, 72_000]],
  ])("where chance gives %d", async (chance, expected) => {
    jitter(chance);
    const { mailer } = mailerWith();

    const found = await periods(mailer, 3);

    expect(found.map(Math.round)).toEqual(expected);
  });

  it("where it has reached maxOpenFor too, lest all processes probe in step", async () => {
    const { mailer } = mailerWith({ openFor: 1_000, maxOpenFor: 4_000 });
    await periods(mailer, 3);

    jitter(lowest);
    const [shortest = 0] = await periods(mailer, 1);
    jitter(highest);
    const [longest = 0] = await periods(mailer, 1);

    expect(shortest).toBeGreaterThanOrEqual(3_200);
    expect(longest).toBeLessThanOrEqual(4_800);
    expect(shortest).toBeLessThan(longest);
  });
});
