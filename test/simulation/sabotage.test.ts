import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSabotaged } from "./sabotage/sabotaged-build.ts";
import { type Sabotage, sabotages } from "./sabotage/sabotages.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "steadymail-sabotage-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Enough for the rarest of the defects, several times over. */
const runs = 1_500;

/** What the simulation says of a library with the defect; it ends at the first failure. */
async function simulateWith(sabotage: Sabotage, name: string) {
  const bundle = join(directory, `${name}.mjs`);
  await buildSabotaged(sabotage, bundle);
  const given = ["--first", "--seed", String(sabotage.seed ?? 1), "--runs", String(runs)];
  return new Promise<{ readonly exitCode: number; readonly output: string }>((resolve) => {
    execFile(process.execPath, [bundle, ...given], { maxBuffer: 64 * 2 ** 20 }, (error, output) =>
      resolve({ exitCode: error ? 1 : 0, output }),
    );
  });
}

describe.concurrent("the simulation finds a library that", () => {
  it.each(sabotages.map((sabotage, index) => ({ ...sabotage, index })))(
    "$name",
    { timeout: 60_000 },
    async (sabotage) => {
      const { exitCode, output } = await simulateWith(sabotage, `sabotage-${sabotage.index}`);
      const violated = output.split("\n").filter((line) => line.startsWith("violated"));
      expect(exitCode, output).toBe(1);
      expect(violated.join("\n")).toMatch(sabotage.breaks);
    },
  );
});
