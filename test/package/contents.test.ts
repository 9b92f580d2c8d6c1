import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { manifest, project } from "./consumer.ts";

describe("the package as it is published", () => {
  let published: readonly string[];

  beforeAll(async () => {
    // Its scripts would build dist anew, under the other tests.
    const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
    const { stdout } = await promisify(execFile)("npm", args, { cwd: project });
    published = filesIn(JSON.parse(stdout));
  });

  it("holds dist, README, LICENSE, CHANGELOG and package.json, and nothing else", () => {
    const beside = published.filter((path) => !path.startsWith("dist/"));

    expect(beside.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    expect(published.filter((path) => path.startsWith("dist/") && !/\.(c?js|d\.c?ts)(\.map)?$/.test(path))).toEqual([]);
  });

  it("holds every file that its exports name", () => {
    const targets = targetsIn(manifest().exports).map((target) => target.replace("./", ""));

    expect(targets).toHaveLength(25);
    expect(published).toEqual(expect.arrayContaining(targets));
  });

  it("tells nothing of the machine that built it", () => {
    const texts = built(/./).map(({ name, text }) => ({ name, text: text.toLowerCase() }));

    for (const trace of [project, `file://${project}`, `${homedir()}/`]) {
      expect(texts.filter(({ text }) => text.includes(trace.toLowerCase())).map(({ name }) => name)).toEqual([]);
    }
  });

  it("has a source map for each module, with relative paths and the sources inside", () => {
    const modules = built(/\.c?js$/);
    expect(modules.length).toBeGreaterThan(12);

    for (const { name, text } of modules) {
      expect(text.trimEnd().split("\n").at(-1)).toBe(`//# sourceMappingURL=${name}.map`);
      const { sources, sourcesContent, sourceRoot = "" } = JSON.parse(readFileSync(dist(`${name}.map`), "utf8"));
      for (const source of sources) expect(source).toMatch(/^\.\.\/(src|node_modules\/[\w.-]+)\//);
      expect(sourcesContent).toHaveLength(sources.length);
      expect(sourceRoot).toBe("");
    }
  });
});

it("the lockfile names no place to download from", () => {
  expect(readFileSync(join(project, "package-lock.json"), "utf8")).not.toMatch(/"resolved": *"\w+:/);
});

function dist(name: string): string {
  return join(project, "dist", name);
}

function built(names: RegExp) {
  const found = readdirSync(dist("")).filter((name) => names.test(name));
  return found.map((name) => ({ name, text: readFileSync(dist(name), "utf8") }));
}

/** npm prints an array of packages, or an object of them by name, as its version has it. */
function filesIn(report: object): readonly string[] {
  const [{ files }] = Object.values(report);
  return files.map(({ path }: { path: string }) => path);
}

function targetsIn(exports: unknown): readonly string[] {
  if (typeof exports === "string") return [exports];
  return typeof exports === "object" && exports !== null ? Object.values(exports).flatMap(targetsIn) : [];
}
