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

/** Runs scenarios that fast-check generates from a seed; a failure comes shrunk to its simplest. */
export async function runBatch({ seed, runs, path, first = false }: Batch): Promise<Failure | undefined> {
  let shrunk = 0;
  const property = fc.asyncProperty(scenario, async (each) => {
    if (shrunk >= mostShrinks) return true;
    const holds = (await violationsOf(each)).length === 0;
    if (!holds || shrunk > 0) shrunk += 1;
    return holds;
  });
  const details = await fc.check(property, {
    seed,
    numRuns: runs,
    endOnFailure: first,
    ...(path === undefined ? {} : { path }),
  });
  const [found] = details.counterexample ?? [];
  if (!found) return undefined;
  return { ...(await explain(found)), seed, path: details.counterexamplePath ?? "" };
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
