import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

const project = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "campaign-example-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function list(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

function readers(count: number): readonly string[] {
  return ["to,firstName", ...Array.from({ length: count }, (_, index) => `reader${index}@example.org,Reader`)];
}

/** Runs the example in a process of its own, whose output is no terminal. */
async function campaign(args: readonly string[], meanwhile?: (child: ChildProcess) => Promise<unknown>) {
  const child = spawn(process.execPath, ["--import", "tsx", "examples/campaign.ts", ...args], {
    cwd: project,
    env: { ...process.env, TMPDIR: folder },
  });
  const exit = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal)),
  );
  const told = Promise.all([text(child.stdout), text(child.stderr), exit]);
  await meanwhile?.(child);
  const [stdout, stderr, code] = await told;
  return { lines: stdout.split("\n").filter(Boolean), stderr, code };
}

/** Waits until a batch is on its way and something is settled. */
async function underWay(file: string): Promise<void> {
  await vi.waitUntil(
    () => {
      if (!existsSync(file)) return false;
      const { inFlight, counts } = JSON.parse(readFileSync(file, "utf8"));
      return inFlight.length > 0 && counts.accepted > 0;
    },
    { timeout: 15_000, interval: 5 },
  );
}

describe("the campaign example", () => {
  it("sends a sample to everybody and ends with 0", async () => {
    const { lines, stderr, code } = await campaign(["--recipients", "120"]);

    expect(lines[0]).toMatch(/^120 recipients in .*\.csv$/);
    expect(lines).toContain("accepted        120");
    expect(lines.at(-1)).toBe("in the inboxes, since this start: 120 mails, to 120 people");
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("names the rows that were refused, sends to the others and ends with 1", async () => {
    const { lines, code } = await campaign([
      "--file",
      list(
        "refused.csv",
        "to,firstName",
        "ada@example.org,Ada",
        "nobody,Bob",
        '"""Doe, Jane"" <jane@example.org>",Jane',
      ),
    ]);

    expect(lines.filter((line) => line.startsWith("refused"))).toEqual(["refused           1  rows 2"]);
    expect(code).toBe(1);
  });

  it("goes on after SIGKILL, sends to nobody twice and says who is unknown", async () => {
    const file = list("killed.csv", ...readers(2_000));
    const first = await campaign(["--file", file], async (child) => {
      await underWay(`${file}.checkpoint.json`);
      child.kill("SIGKILL");
    });
    const { counts } = JSON.parse(readFileSync(`${file}.checkpoint.json`, "utf8"));
    const second = await campaign(["--file", file]);

    expect(first.code).toBe("SIGKILL");
    const [, done, onTheirWay] = /^Going on: ([\d,]+) are done, ([\d,]+) were/m.exec(second.lines.join("\n")) ?? [];
    expect(numberIn(done)).toBe(counts.accepted);
    const unknown = numberIn(onTheirWay);
    expect(unknown).toBeGreaterThan(0);
    const table = second.lines.join("\n");
    expect(numberIn(/^unknown +([\d,]+) {2}rows \d/m.exec(table)?.[1])).toBe(unknown);
    expect(numberIn(/^accepted +([\d,]+)$/m.exec(table)?.[1])).toBe(2_000 - unknown);
    expect(numberIn(/: ([\d,]+) mails/.exec(table)?.[1])).toBe(2_000 - unknown - counts.accepted);
    expect(second.code).toBe(1);
  });

  it("stops in good order at Ctrl-C, and goes on the next time with nobody unknown", async () => {
    const file = list("stopped.csv", ...readers(2_000));
    const checkpoint = join(folder, "stopped.json");
    const args = ["--file", file, "--checkpoint", checkpoint];
    const first = await campaign(args, async (child) => {
      await underWay(checkpoint);
      child.kill("SIGINT");
    });
    const second = await campaign(args);

    expect(first.lines.at(-1)).toBe("Stopped. The same command goes on.");
    expect(first.code).toBe(1);
    expect(second.lines).toContain("accepted      2,000");
    expect(second.code).toBe(0);
  });

  it("refuses to go on with a list that was changed, and ends with 1", async () => {
    const file = list("changed.csv", ...readers(3));
    await campaign(["--file", file]);
    list("changed.csv", "to,firstName", "eve@example.org,Eve", ...readers(3).slice(1));
    const { stderr, code } = await campaign(["--file", file]);

    expect(stderr).toContain("are not those that the checkpoint knows");
    expect(stderr).not.toMatch(/^\s+at |example\.org/m);
    expect(code).toBe(1);
  });

  it("breaks two providers on request, and leaves nobody out", async () => {
    const { lines } = await campaign(["--recipients", "600", "--outage"]);

    expect(lines.map((line) => line.slice(10))).toContain("▶ SES and Mailjet answer 503 for 4 s");
    expect(lines).toContain("not tried         0");
  });

  it.each([
    ["a file that does not exist", ["--file", "missing.csv"], "Cannot read missing.csv: ENOENT"],
    ["an option that does not exist", ["--flie", "x.csv"], "Unknown option '--flie'"],
    ["a number that is none", ["--recipients", "many"], "--recipients is no number from 1."],
  ])("sends nothing and ends with 2 for %s", async (_, args, words) => {
    const { lines, stderr, code } = await campaign(args);

    expect(lines).toEqual([]);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  it("sends nothing and ends with 2 for a list without addresses", async () => {
    const { stderr, code } = await campaign(["--file", list("names.csv", "name", "Ada")]);

    expect(stderr).toMatch(/^Cannot read .*names\.csv: it has no column "to"$/m);
    expect(code).toBe(2);
  });
});

function numberIn(words: string | undefined): number {
  return Number(words?.replaceAll(",", ""));
}
