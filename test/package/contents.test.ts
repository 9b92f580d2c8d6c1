import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manifest, project } from "./consumer.ts";
import { Tarball } from "./tarball.ts";

describe("the package as it is published", () => {
  let tarball: Tarball;
  let folder: string;

  beforeAll(async () => {
    tarball = await Tarball.pack();
    folder = await tarball.extract();
  });
  afterAll(() => tarball[Symbol.dispose]());

  it("holds dist, README, LICENSE, CHANGELOG and package.json, and nothing else", () => {
    const inDist = tarball.paths.filter((path) => path.startsWith("dist/"));
    const beside = tarball.paths.filter((path) => !path.startsWith("dist/"));

    expect(beside.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    expect(inDist.filter((path) => !/^dist\/[\w-]+(\.c?js|\.c?js\.map|\.d\.c?ts)$/.test(path))).toEqual([]);
  });

  it("holds every file that its manifest names", () => {
    const { exports, main, module, types, typesVersions } = manifest();
    const targets = [...targetsIn(exports), main, module, types, ...targetsIn(typesVersions)];

    expect(targets.length).toBeGreaterThan(25);
    expect(tarball.paths).toEqual(expect.arrayContaining(targets.map((target) => target.replace("./", ""))));
  });

  it("tells nothing of the machine that built it", () => {
    for (const { path, text } of published(/./)) {
      for (const trace of [project, `${homedir()}/`])
        expect(text.toLowerCase(), path).not.toContain(trace.toLowerCase());
    }
  });

  it("has a source map for each module, with relative paths and the sources inside", () => {
    const modules = published(/\.c?js$/);
    expect(modules.length).toBeGreaterThan(12);

    for (const { path, text } of modules) {
      expect(text.trimEnd().split("\n").at(-1)).toBe(`//# sourceMappingURL=${path.replace("dist/", "")}.map`);
      const {
        sources,
        sourcesContent,
        sourceRoot = "",
      } = JSON.parse(readFileSync(join(folder, `${path}.map`), "utf8"));
      // No test, no example: what is not in src has no business in the modules.
      for (const source of sources) expect(source).toMatch(/^\.\.\/(src|node_modules\/[\w.-]+)\//);
      expect(sourcesContent).toHaveLength(sources.length);
      expect(sourceRoot).toBe("");
    }
  });

  function published(paths: RegExp) {
    const found = tarball.paths.filter((path) => paths.test(path));
    return found.map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
  }
});

it("the lockfile names no place to download from", () => {
  expect(readFileSync(join(project, "package-lock.json"), "utf8")).not.toMatch(/"resolved": *"\w+:/);
});

function targetsIn(exports: unknown): readonly string[] {
  if (typeof exports === "string") return [exports];
  return typeof exports === "object" && exports !== null ? Object.values(exports).flatMap(targetsIn) : [];
}
