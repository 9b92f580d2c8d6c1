import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { heapAfterCollection, leaksBetween } from "./footprint.ts";
import { isLeakName, leakNames, plantedLeak } from "./leaks.ts";
import { Random } from "./random.ts";
import { Soak } from "./soak.ts";
import { progressLine, summary } from "./summary.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Caches, compiled code and windows fill up first. */
const warmUp = { share: 0.5, atMost: 50_000 };
const steps = 20;

const { values } = parseArgs({
  options: {
    sends: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    leak: { type: "string" },
  },
});
const sends = Number(values.sends);
const seed = Number(values.seed);
if (!Number.isInteger(sends) || sends < steps) throw new RangeError(`--sends must be an integer from ${steps}`);
if (!Number.isInteger(seed)) throw new RangeError("--seed must be an integer");
const { leak } = values;
if (leak !== undefined && !isLeakName(leak)) throw new RangeError(`--leak must be one of ${leakNames.join(", ")}`);

// Optimised code lives on the heap, and is made again and again in the course of hours: that would hide what leaks.
setFlagsFromString("--no-opt");
// Listeners that throw, and providers that go down, warn; very many warnings would be all that one sees.
let warnings = 0;
process.removeAllListeners("warning");
process.on("warning", () => {
  warnings += 1;
});
Math.random = new Random(seed).next;

const clock = performance.now.bind(performance);
const began = clock();
const time = new VirtualTime();
const soak = new Soak(time, seed, plantedLeak(leak));

await soak.run(Math.min(warmUp.atMost, Math.ceil(sends * warmUp.share)));
const before = await soak.footprint();
console.log(`Warm after ${((clock() - began) / 1_000).toFixed(1)} s, with ${soak.sent} sends. Now ${sends} more.`);

const warm = clock();
const warmAt = time.now;
for (let step = 1; step <= steps; step += 1) {
  const done = Math.floor((sends * (step - 1)) / steps);
  const goal = Math.floor((sends * step) / steps);
  await soak.run(goal - done);
  console.log(progressLine(goal, clock() - warm, await heapAfterCollection()));
}
const after = await soak.footprint();
await soak.close();

const problems = [...leaksBetween(before, after), ...soak.faults, ...soak.neverHappened];
console.log(summary({ soak, before, after, warnings, problems, virtualTime: time.now - warmAt }));
// A timer that leaked would keep the process from ending by itself.
process.exit(problems.length === 0 ? 0 : 1);
