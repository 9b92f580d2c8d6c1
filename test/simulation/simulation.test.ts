import { randomInt } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { day, scenario } from "./arbitraries.ts";
import { reportOf, runBatch, violationsOf } from "./property.ts";
import { simulate } from "./simulate.ts";
import type { Scenario } from "./world/scenario.ts";
import { traceOf } from "./world/trace.ts";

async function expectNoViolation(seed: number, runs: number): Promise<void> {
  const failure = await runBatch({ seed, runs });
  if (failure) expect.fail(reportOf(failure));
}

describe("under faults of every kind no invariant is violated", () => {
  it.each([1, 2, 3, 4])("in the runs of seed %d", { timeout: 120_000 }, (seed) => expectNoViolation(seed, 100));

  const fresh = randomInt(2 ** 31);
  it(`in the runs of a fresh seed: npm run simulate -- --seed ${fresh} --runs 150`, { timeout: 120_000 }, () =>
    expectNoViolation(fresh, 150),
  );

  it("in whole days of traffic", { timeout: 120_000 }, async () => {
    for (const each of fc.sample(day, { seed: 1, numRuns: 10 })) expect(await violationsOf(each)).toEqual([]);
  });
});

describe("a simulation", () => {
  it("takes the same course for the same seed, event for event", async () => {
    for (const each of fc.sample(scenario, { seed: 4, numRuns: 20 })) {
      const [first, second] = [traceOf(await simulate(each)), traceOf(await simulate(each))];
      expect(first.length).toBeGreaterThan(10);
      expect(second).toEqual(first);
    }
  });

  it("takes another course for another seed", async () => {
    const [one] = fc.sample(scenario, { seed: 4, numRuns: 1 });
    if (!one) throw new Error("There is no scenario");
    const other = { ...one, seed: one.seed + 1 };
    expect(traceOf(await simulate(other))).not.toEqual(traceOf(await simulate(one)));
  });

  it("leaves the clocks, the timers and the chance of this process as they were", async () => {
    const before = [Date, setTimeout, clearTimeout, Math.random, performance.now, process.emitWarning];
    const [one] = fc.sample(scenario, { seed: 5, numRuns: 1 });
    if (one) await simulate(one);
    expect([Date, setTimeout, clearTimeout, Math.random, performance.now, process.emitWarning]).toEqual(before);
  });
});

it("processes that send once share the load by weight", { timeout: 60_000 }, async () => {
  const weights = [5, 3, 2];
  const fleet: Scenario = {
    seed: 1,
    mailer: { onUnknown: "failover", deadline: 30_000, retry: {}, breaker: {} },
    providers: weights.map((weight) => ({
      joins: true,
      weight,
      labels: [],
      cannotCarry: [],
      latency: [5, 50],
      deaf: false,
      faults: [],
    })),
    everywhere: [],
    process: "one-send",
    traffic: [{ after: 0, count: 2_000, every: 100, options: {} }],
    disturbances: [],
  };

  const entries = await simulate(fleet);

  const picks = weights.map(
    (_, place) =>
      entries
        .filter(({ what }) => what === "begun")
        .filter((each) => "provider" in each && each.provider === `p${place}`).length,
  );
  // Five standard deviations of a binomial distribution.
  for (const [place, weight] of weights.entries()) {
    const share = weight / 10;
    expect(Math.abs((picks[place] ?? 0) - 2_000 * share)).toBeLessThan(5 * Math.sqrt(2_000 * share * (1 - share)));
  }
});
