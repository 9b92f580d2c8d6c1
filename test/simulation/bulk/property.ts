import { type Batch, simplestFailure } from "../property.ts";
import { bulkScenario } from "./scenario.ts";
import { simulateBulk } from "./simulate.ts";

/** Runs scenarios that fast-check generates from a seed; empty, or what somebody needs to mend the simplest failure. */
export async function bulkReportOf(batch: Batch): Promise<string> {
  const failure = await simplestFailure(
    bulkScenario,
    async (each) => (await simulateBulk(each)).violations.length === 0,
    batch,
  );
  if (!failure) return "";
  const { found, path } = failure;
  const { trace, violations } = await simulateBulk(found);
  const replay = `Replay it: npm run simulate -- --bulk --seed ${batch.seed} --path ${path}`;
  return [...trace, "", JSON.stringify(found), "", ...violations, "", replay].join("\n");
}
