import { randomInt } from "node:crypto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { bulkReportOf } from "./property.ts";
import { bulkScenario } from "./scenario.ts";
import { simulateBulk } from "./simulate.ts";

async function expectNoViolation(seed: number, runs: number): Promise<void> {
  const report = await bulkReportOf({ seed, runs });
  if (report !== "") expect.fail(report);
}

it.each([1, 2, 3])("campaigns and streams under faults of every kind, runs of seed %d", { timeout: 120_000 }, (seed) =>
  expectNoViolation(seed, 60),
);

const fresh = randomInt(2 ** 31);
it(
  `campaigns and streams under faults of every kind, runs of a fresh seed: npm run simulate -- --bulk --seed ${fresh} --runs 60`,
  { timeout: 120_000 },
  () => expectNoViolation(fresh, 60),
);

it("takes the same course for the same seed", async () => {
  for (const each of fc.sample(bulkScenario, { seed: 9, numRuns: 10 })) {
    const first = (await simulateBulk(each)).trace;
    expect((await simulateBulk(each)).trace).toEqual(first);
  }
});
