import { fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { reportOf, runBatch } from "./property.ts";

/**
 * npm run simulate -- --seed S --runs N     the same runs for the same seed, on as many processes as there are cores
 * npm run simulate -- --seed S --path P     one failure again, as it was printed
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    runs: { type: "string", default: "1000" },
    path: { type: "string" },
    workers: { type: "string" },
    batch: { type: "boolean", default: false },
    first: { type: "boolean", default: false },
  },
});

/** Seeds that fast-check tells apart. */
const seeds = 2 ** 31;

const seed = values.seed === undefined ? randomInt(seeds) : Number(values.seed);
const runs = Number(values.runs);
if (!Number.isInteger(seed) || !Number.isInteger(runs) || runs < 1)
  throw new Error("--seed and --runs take whole numbers");

if (values.batch || values.path !== undefined) await runOne();
else await runAll();

/** One batch, in this process. */
async function runOne(): Promise<void> {
  const failure = await runBatch({ seed, runs, path: values.path, first: values.first });
  if (failure) console.log(reportOf(failure));
  process.exitCode = failure ? 1 : 0;
}

/** Batch number k has the seed S + k, whichever process it falls to. */
async function runAll(): Promise<void> {
  const size = 250;
  const batches = Array.from({ length: Math.ceil(runs / size) }, (_, index) => ({
    seed: (seed + index) % seeds,
    runs: Math.min(size, runs - index * size),
  }));
  const began = performance.now();
  console.log(`Simulating ${runs} runs: npm run simulate -- --seed ${seed} --runs ${runs}`);
  let failed = 0;
  const work = async (): Promise<void> => {
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      if (!(await inChild(batch.seed, batch.runs))) failed += 1;
    }
  };
  const workers = Number(values.workers ?? availableParallelism());
  await Promise.all(Array.from({ length: workers }, work));
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(failed === 0 ? `No violation in ${runs} runs, ${seconds} s` : `${failed} batches failed, ${seconds} s`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function inChild(batchSeed: number, batchRuns: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = fork(
      fileURLToPath(import.meta.url),
      ["--batch", "--seed", String(batchSeed), "--runs", String(batchRuns)],
      { stdio: "inherit" },
    );
    child.once("error", reject);
    child.once("exit", (code) => resolve(code === 0));
  });
}
