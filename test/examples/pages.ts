import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { project } from "../package/consumer.ts";

/** A page of the documentation. */
export interface Page {
  /** From the project's folder: `docs/usage.md`. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of a page. */
export interface Snippet {
  readonly page: string;
  /** Number of its first line in the page. */
  readonly line: number;
  readonly code: string;
}

export function page(path: string): Page {
  return { path, text: readFileSync(join(project, path), "utf8") };
}

/** The README and all of docs, so that a new page is covered by itself. */
export const pages: readonly Page[] = [
  "README.md",
  ...readdirSync(join(project, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => `docs/${path.replaceAll("\\", "/")}`)
    .sort(),
].map(page);

/** Those beside it that have commands and links, and no code. */
export const sidePages: readonly Page[] = ["CONTRIBUTING.md", "SECURITY.md"].map(page);

export function snippets(language: string, from: readonly Page[] = pages): readonly Snippet[] {
  // A block in a list is indented as the list is.
  const fenced = new RegExp(`^( *)\`\`\`${language}\\n(.*?)^\\1\`\`\`$`, "gms");
  return from.flatMap(({ path, text }) =>
    [...text.matchAll(fenced)].map(({ index, 2: code = "" }) => ({
      page: path,
      line: text.slice(0, index).split("\n").length + 1,
      code,
    })),
  );
}

/** The name that a whole program gives itself in its first line: `// first.mjs`. */
export function fileNameOf({ code }: Snippet): string | undefined {
  return /^\/\/ (\S+\.m?[jt]s)\n/.exec(code)?.[1];
}

/** Where a snippet would stand as a file, so that its imports lead where they should. */
export function pathOf(snippet: Snippet): string {
  const name = fileNameOf(snippet);
  const own =
    name?.replace(/\.mjs$/, ".ts") ?? `${snippet.page.split("/").at(-1)?.replace(".md", "")}.${snippet.line}.ts`;
  return join(project, dirname(snippet.page), own);
}

/** The part of a page below a heading, to the next heading of its rank or a higher one. */
export function section({ path, text }: Page, heading: string): string {
  const start = text.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`${path} has no heading ${heading}`);
  const rank = heading.indexOf(" ");
  const rest = text.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${rank}} `, "m"));
  return end === -1 ? rest : rest.slice(0, end);
}
