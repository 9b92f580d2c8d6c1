import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { manifest, project } from "../package/consumer.ts";
import { faultsOf } from "./compile.ts";
import { fileNameOf, type Page, page, pages, section, sidePages, snippets } from "./pages.ts";
import { promisedBy, run } from "./run.ts";

const allPages = [...pages, ...sidePages];

describe("the documentation", () => {
  it("has TypeScript that compiles, strictly; and would be told of some that does not", { timeout: 120_000 }, () => {
    const code = snippets("ts");
    expect(code.length).toBeGreaterThan(50);
    const wrong = { page: "docs/wrong.md", line: 7, code: '\nmailer.isolate("postmark");' };

    expect(faultsOf([...code, wrong])).toEqual([expect.stringMatching(/^docs\/wrong\.md:8: .*"postmark"/)]);
  });

  it("has TypeScript that runs and prints what it says; and would be told of some that does not", {
    timeout: 120_000,
  }, async () => {
    const wrong = { page: "docs/wrong.md", line: 7, code: 'console.log("a"); // "b"\nthrow new Error("no");' };
    const runs = await run([...snippets("ts"), wrong]);
    expect(runs.length).toBeGreaterThan(50);

    const faults = runs.flatMap(({ snippet, printed, error }) => {
      const place = `${snippet.page}:${snippet.line}`;
      const promised = promisedBy(snippet);
      const isPrinted = promised.length === 0 || promised.join("\n") === printed.join("\n");
      return [...(error ? [`${place}: ${error}`] : []), ...(isPrinted ? [] : [`${place} printed ${printed}`])];
    });
    expect(faults).toEqual([expect.stringMatching(/^docs\/wrong\.md:7: Error: no/), "docs/wrong.md:7 printed a"]);
  });

  it("has commands that exist", () => {
    const unknown = snippets("sh", allPages).flatMap(({ page, line, code }) =>
      code
        .split("\n")
        .flatMap((row) => row.replace(/#.*$/, "").split("&&"))
        .map((command) => command.trim())
        .filter((command) => command !== "" && !isKnown(command))
        .map((command) => `${page}:${line}: ${command}`),
    );

    expect(unknown).toEqual([]);
    for (const sdk of Object.keys(manifest().peerDependencies)) {
      expect(snippets("sh").some(({ code }) => code.includes(sdk))).toBe(true);
    }
  });

  it("has links that lead somewhere", () => {
    const broken = allPages.flatMap((from) =>
      [...from.text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(({ 1: target = "" }) => target)
        .filter((target) => !/^https:/.test(target) && !leadsSomewhere(from, target))
        .map((target) => `${from.path}: ${target}`),
    );

    expect(broken).toEqual([]);
  });

  it("has an index that names every page", () => {
    const index = page("docs/README.md").text;

    for (const { path } of pages.filter(({ path }) => path.startsWith("docs/") && path !== "docs/README.md")) {
      expect(index).toContain(`(${path.slice("docs/".length)})`);
    }
  });

  it("says of each part of src and of test what it is", () => {
    const { text } = page("CONTRIBUTING.md");
    const foldersOf = (path: string) =>
      readdirSync(join(project, path), { withFileTypes: true }).flatMap((each) =>
        each.isDirectory() ? each.name : [],
      );

    for (const part of foldersOf("src")) expect(text).toContain(`\`${part}/\``);
    for (const part of foldersOf("test")) expect(text).toContain(`\`${part}\``);
  });

  it("keeps its prose to one width", () => {
    const wide = [...pages, page("SECURITY.md")].flatMap(({ path, text }) =>
      text
        .replaceAll(/^```mermaid.*?^```$/gms, "")
        .split("\n")
        .filter(
          (line) =>
            line.length > 125 &&
            !line.startsWith("|") &&
            !/^\[?\S*https:\S+$/.test(line.trim().split(" ").at(-1) ?? ""),
        )
        .map((line) => `${path}: ${line}`),
    );

    expect(wide).toEqual([]);
  });

  it("has a diagram of the health states with the changes that the table below it has, and no others", () => {
    const health = page("docs/health-and-events.md");
    const states = ["healthy", "degraded", "down", "probing", "recovering"];
    const drawn = [...section(health, "## States").matchAll(/^ {2}(\w+) --> (\w+):/gm)].map(
      ([, from, to]) => `${from} → ${to}`,
    );
    const told = [...section(health, "## When a state changes").matchAll(/^\| (.+?) +\| `(\w+)` +\|/gm)].flatMap(
      ([, from = "", to]) => {
        const named = [...from.matchAll(/`(\w+)`/g)].map(([, state = ""]) => state);
        // A probe comes back by a row of its own.
        const others = states.filter((state) => !named.includes(state) && state !== "probing");
        return (from.startsWith("all but") ? others : named).map((state) => `${state} → ${to}`);
      },
    );

    expect(drawn.sort()).toEqual([...new Set(told)].sort());
  });
});

const known: readonly RegExp[] = [/^npm ci$/, /^npm test$/, /^npx vitest run test\/\w+$/];

function isKnown(command: string): boolean {
  if (known.some((form) => form.test(command))) return true;
  const { scripts, peerDependencies } = manifest();
  const [, script] = /^npm run ([\w:]+)/.exec(command) ?? [];
  if (script !== undefined) return Object.hasOwn(scripts, script);
  const [, packages] = /^npm install (.*)$/.exec(command) ?? [];
  if (packages !== undefined) {
    return packages.split(" ").every((name) => name === "steadymail" || Object.hasOwn(peerDependencies, name));
  }
  const [, program = ""] = /^(?:npx tsx|node) (\S+)/.exec(command) ?? [];
  return (
    program !== "" &&
    (existsSync(join(project, program)) || snippets("ts").some((each) => fileNameOf(each) === program))
  );
}

function leadsSomewhere(from: Page, target: string): boolean {
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from.path : join(dirname(from.path), file);
  if (!existsSync(join(project, path))) return false;
  return anchor === undefined || anchorsOf(page(path)).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf({ text }: Page): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(({ 1: heading = "" }) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
