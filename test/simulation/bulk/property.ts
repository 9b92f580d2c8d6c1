import * as fc from "fast-check";
import type { Batch } from "../property.ts";
import { bulkScenario } from "./scenario.ts";
import { simulateBulk } from "./simulate.ts";

/** Simpler scenarios that are tried once one has failed. */
const mostShrinks = 300;

/** Runs scenarios that fast-check generates from a seed; empty, or what somebody needs to mend the simplest failure. */
export async function bulkReportOf({ seed, runs, path, first = false }: Batch): Promise<string> {
  let shrunk = 0;
  const property = fc.asyncProperty(bulkScenario, async (each) => {
    if (shrunk >= mostShrinks) return true;
    const holds = (await simulateBulk(each)).violations.length === 0;
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
  if (!found) return "";
  const { trace, violations } = await simulateBulk(found);
  const replay = `Replay it: npm run simulate -- --bulk --seed ${seed} --path ${details.counterexamplePath ?? ""}`;
  return [...trace, "", JSON.stringify(found), "", ...violations, "", replay].join("\n");
}
