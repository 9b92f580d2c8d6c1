import { join } from "node:path";
import ts from "typescript";
import { project } from "../package/consumer.ts";
import { pathOf, type Snippet } from "./pages.ts";
import { declarations } from "./surroundings.ts";

/** What the compiler has to say to snippets, with the line in their page; all in one program, since the types are what takes time. */
export function faultsOf(code: readonly Snippet[]): readonly string[] {
  const surroundings = join(project, "docs/surroundings.ts");
  const files = new Map([[surroundings, declarations]]);
  const placeOf = new Map<string, Snippet>();
  for (const snippet of code) {
    const path = pathOf(snippet);
    if (files.has(path)) throw new Error(`Two snippets are called ${path}`);
    // A module, whatever it holds.
    files.set(path, `${snippet.code}\nexport {};`);
    placeOf.set(path, snippet);
  }
  const { config } = ts.readConfigFile(join(project, "tsconfig.json"), ts.sys.readFile);
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(config, ts.sys, project).options,
    // An extract may be a label to the compiler, and name what it does not use.
    allowUnusedLabels: true,
    noUnusedLocals: false,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((path) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(path)).map(({ start = 0, messageText }) => {
      const within = files.get(path)?.slice(0, start).split("\n").length ?? 1;
      const snippet = placeOf.get(path);
      const place = snippet ? `${snippet.page}:${snippet.line + within - 1}` : "surroundings";
      return `${place}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    }),
  );
}
