import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, it } from "vitest";
import { entries, manifest, project, runNode } from "./consumer.ts";
import { Tarball } from "./tarball.ts";

let tarball: Tarball;
beforeAll(async () => {
  tarball = await Tarball.pack();
});
afterAll(() => tarball[Symbol.dispose]());

it("publint finds nothing, not even a suggestion", async () => {
  const { buffer } = Uint8Array.from(await readFile(tarball.file));
  const { messages, pkg } = await publint({ pack: { tarball: buffer } });

  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

/** What one entry came to, by one way to resolve it. */
interface Resolution {
  readonly resolutionKind: string;
  readonly resolution?: { readonly fileName: string };
}

interface Analysis {
  readonly entrypoints: Readonly<Record<string, { readonly resolutions: Readonly<Record<string, Resolution>> }>>;
  readonly problems: readonly object[];
}

it("are-the-types-wrong finds nothing in any entry, however it is resolved", { timeout: 60_000 }, async () => {
  const analysis = await typesWrong();

  expect(analysis.problems).toEqual([]);
  for (const entry of entries) {
    const { resolutions } = analysis.entrypoints[entry.replace("steadymail", ".")] ?? { resolutions: {} };
    expect(Object.keys(resolutions), entry).toEqual(["node10", "node16-cjs", "node16-esm", "bundler"]);
    for (const { resolution } of Object.values(resolutions)) expect(resolution?.fileName, entry).toMatch(/\.d\.c?ts$/);
  }
});

async function typesWrong(): Promise<Analysis> {
  const attw = join(project, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
  const { stdout } = await runNode([attw, tarball.file, "--format", "json"], project);
  return JSON.parse(stdout).analysis;
}

it("the old way to find types of an entry, which knows no exports, is told of each", () => {
  const told = Object.keys(manifest().typesVersions["*"] ?? {});

  expect(told.map((name) => `steadymail/${name}`)).toEqual(entries.filter((entry) => entry !== "steadymail"));
});
