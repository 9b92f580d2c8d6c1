import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));

/** Runs the soak in a process of its own, which has a heap and timers of its own. */
async function soak(...options: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, ["--expose-gc", "--import", "tsx", main, ...options]);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, output: out + errors };
}

/** Several processes share the cores of the machine. */
describe.concurrent("the soak", { timeout: 60_000 }, () => {
  it("finds nothing left behind by 20,000 sends through providers that fail in every way", async () => {
    const { code, output } = await soak("--sends", "20000");

    expect(output).toContain("Passed: nothing was left behind.");
    expect(code).toBe(0);
  });

  it.each([
    { leak: "memory", found: /the heap changed by \d/ },
    { leak: "timer", found: /timers: 250 before, 750 after/ },
    { leak: "resource", found: /active resources: .*250 Timeout before, .*750 Timeout after/ },
    { leak: "signal-listener", found: /signal listeners: 250 before, 750 after/ },
    { leak: "mailer-listener", found: /emitter listeners: \d+ before, \d+ after/ },
    { leak: "process-listener", found: /process listeners: \d+ before, \d+ after/ },
  ])("fails where each send leaves something behind: $leak", async ({ leak, found }) => {
    const { code, output } = await soak("--sends", "500", "--leak", leak);

    expect(output).toMatch(found);
    expect(code).toBe(1);
  });
});
