import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { Consumer } from "../package/consumer.ts";
import { fileNameOf, type Snippet } from "./pages.ts";
import { program, simulated, simulators } from "./surroundings.ts";

/** What came of a snippet. */
export interface Run {
  readonly snippet: Snippet;
  readonly printed: readonly string[];
  readonly error?: string;
}

/**
 * Runs snippets one after the other, in one process of a project into which the built package is installed. Adapters and
 * SDKs that they import are the real ones, and talk to simulators.
 */
export async function run(code: readonly Snippet[]): Promise<readonly Run[]> {
  using consumer = new Consumer();
  mkdirSync(join(consumer.folder, "simulated"));
  for (const [name, source] of Object.entries(simulated)) consumer.write(`simulated/${fileOf(name)}`, source);
  consumer.write("simulated/esps.mjs", simulators);
  const files = new Map(code.map((snippet, index) => [moduleName(snippet, index), snippet]));
  for (const [file, snippet] of files) consumer.write(file, javaScriptOf(snippet));
  const { stderr, code: exitCode } = await consumer.run("main.mjs", program, [...files.keys()]);
  if (exitCode !== 0) throw new Error(`The snippets ended with ${exitCode}:\n${stderr}`);
  const results: readonly (Omit<Run, "snippet"> & { readonly file: string })[] = JSON.parse(
    readFileSync(join(consumer.folder, "results.json"), "utf8"),
  );
  return results.flatMap(({ file, ...result }) => {
    const snippet = files.get(file);
    return snippet ? [{ snippet, ...result }] : [];
  });
}

function moduleName(snippet: Snippet, index: number): string {
  return fileNameOf(snippet)?.replace(/\.ts$/, ".mjs") ?? `snippet-${index}.mjs`;
}

function fileOf(module: string): string {
  return `${module.replace("@", "").replaceAll(/[/.]/g, "-")}.mjs`;
}

/** With imports that lead to what is simulated, and to other snippets. */
function javaScriptOf({ code }: Snippet): string {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  return outputText
    .replaceAll(/(\bfrom )"([^"]+)"/g, (whole: string, from: string, module: string) =>
      Object.hasOwn(simulated, module) ? `${from}"./simulated/${fileOf(module)}"` : whole,
    )
    .replaceAll(/(\bfrom "\.\/[\w-]+)\.ts"/g, '$1.mjs"');
}

/** What a snippet says that it prints: the comments behind its `console.log`. */
export function promisedBy({ code }: Snippet): readonly string[] {
  return [...code.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$/gm)].map(({ 1: words = "" }) =>
    words.replaceAll('"', ""),
  );
}
