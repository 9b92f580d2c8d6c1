import * as fc from "fast-check";
import { scenario } from "./arbitraries.ts";
import { check } from "./check.ts";
import type { Violation } from "./invariants/invariant.ts";
import { simulate } from "./simulate.ts";
import type { Scenario } from "./world/scenario.ts";
import { traceOf } from "./world/trace.ts";

export interface Failure {
  readonly scenario: Scenario;
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  /** Replays it by fast-check. */
  readonly seed: number;
  readonly path: string;
}

export interface Batch {
  readonly seed: number;
  readonly runs: number;
  /** Replays one failure of that seed. */
  readonly path?: string | undefined;
  /** Ends at the first failure, without looking for a simpler one. */
  readonly first?: boolean;
}

/** Simpler scenarios that are tried once one has failed. */
const mostShrinks = 500;

/** Tries scenarios that fast-check generates from a seed; the simplest that fails, if any does, and the way to it. */
export async function simplestFailure<T>(
  scenarios: fc.Arbitrary<T>,
  isRight: (scenario: T) => Promise<boolean>,
  { seed, runs, path, first = false }: Batch,
): Promise<{ readonly found: T; readonly path: string } | undefined> {
  let shrunk = 0;
  const property = fc.asyncProperty(scenarios, async (each) => {
    if (shrunk >= mostShrinks) return true;
    const holds = await isRight(each);
    if (!holds || shrunk > 0) shrunk += 1;
    return holds;
  });
  const details = await fc.check(property, {
    seed,
    numRuns: runs,
    endOnFailure: first,
    ...(path === undefined ? {} : { path }),
  });
  return details.counterexample
    ? { found: details.counterexample[0], path: details.counterexamplePath ?? "" }
    : undefined;
}

/** Runs scenarios of single sends; a failure comes shrunk to its simplest. */
export async function runBatch(batch: Batch): Promise<Failure | undefined> {
  const failure = await simplestFailure(scenario, async (each) => (await violationsOf(each)).length === 0, batch);
  return failure && { ...(await explain(failure.found)), seed: batch.seed, path: failure.path };
}

export async function violationsOf(each: Scenario): Promise<readonly Violation[]> {
  return check(each, await simulate(each));
}

async function explain(found: Scenario): Promise<Pick<Failure, "scenario" | "violations" | "trace">> {
  const entries = await simulate(found);
  return { scenario: found, violations: check(found, entries), trace: traceOf(entries) };
}

/** What somebody needs to mend a failure. */
export function reportOf({ scenario: found, violations, trace, seed, path }: Failure): string {
  return [
    ...trace,
    "",
    JSON.stringify(found),
    "",
    ...violations.map(({ invariant, at, what }) => `violated at ${at} ms: ${invariant}\n    ${what}`),
    "",
    `Replay it: npm run simulate -- --seed ${seed} --path ${path}`,
  ].join("\n");
}
