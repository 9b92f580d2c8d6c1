import { fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bulkReportOf } from "./bulk/property.ts";
import { type Batch, reportOf, runBatch } from "./property.ts";

/**
 * npm run simulate -- --seed S --runs N     the same runs for the same seed, on as many processes as there are cores
 * npm run simulate -- --seed S --path P     one failure again, as it was printed
 * npm run simulate -- --bulk …              campaigns and streams instead of single sends
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    runs: { type: "string", default: "1000" },
    path: { type: "string" },
    workers: { type: "string" },
    first: { type: "boolean", default: false },
    bulk: { type: "boolean", default: false },
  },
});

/** Seeds that fast-check tells apart. */
const seeds = 2 ** 31;
const runsPerBatch = 250;

const seed = values.seed === undefined ? randomInt(seeds) : Number(values.seed);
const runs = Number(values.runs);
const workers = Number(values.workers ?? availableParallelism());
if (![seed, runs, workers].every((number) => Number.isInteger(number) && number >= 0)) {
  throw new Error("--seed, --runs and --workers take whole numbers");
}

if (process.send) process.on("message", serve);
else if (values.path !== undefined || values.first) await runHere();
else await runAll();

/** A worker: one batch after another, as they are handed to it. */
async function serve(batch: Batch): Promise<void> {
  process.send?.(await reportFor(batch));
}

async function runHere(): Promise<void> {
  const report = await reportFor({ seed, runs, path: values.path, first: values.first });
  if (report !== "") console.log(report);
  process.exitCode = report === "" ? 0 : 1;
}

/** Empty where nothing was violated. */
async function reportFor(batch: Batch): Promise<string> {
  if (values.bulk) return bulkReportOf(batch);
  const failure = await runBatch(batch);
  return failure ? reportOf(failure) : "";
}

/** Batch number k has the seed S + k, whichever process it falls to. */
async function runAll(): Promise<void> {
  const batches = Array.from({ length: Math.ceil(runs / runsPerBatch) }, (_, index) => ({
    seed: (seed + index) % seeds,
    runs: Math.min(runsPerBatch, runs - index * runsPerBatch),
  }));
  const kind = values.bulk ? "--bulk " : "";
  console.log(`Simulating ${runs} runs: npm run simulate -- ${kind}--seed ${seed} --runs ${runs}`);
  const began = performance.now();
  const failed = await Promise.all(Array.from({ length: workers }, () => work(batches)));
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const failures = failed.reduce((sum, each) => sum + each, 0);
  console.log(
    failures === 0 ? `No violation in ${runs} runs, ${seconds} s` : `${failures} batches failed, ${seconds} s`,
  );
  process.exitCode = failures === 0 ? 0 : 1;
}

/** Takes batches until there are no more; how many failed. */
async function work(batches: Batch[]): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), values.bulk ? ["--bulk"] : []);
  const end = once(child, "exit").then(([code, signal]) => {
    throw new Error(`A worker ended before its time: ${code ?? signal}`);
  });
  let failures = 0;
  for (let batch = batches.shift(); batch; batch = batches.shift()) {
    child.send(batch);
    const answer = once(child, "message").then(([report]) => String(report));
    const report = await Promise.race([answer, end]);
    if (report === "") continue;
    console.log(report);
    failures += 1;
  }
  // Now it may end.
  end.catch(() => {});
  child.disconnect();
  return failures;
}
