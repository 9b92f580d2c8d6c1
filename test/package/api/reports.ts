import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { entries, project } from "../consumer.ts";

/** Where the public interface is kept, one report an entry: whoever changes one changes the other. */
export const kept = join(project, "etc");

const names = entries.map((entry) => entry.split("/")[1] ?? "index");

/** Writes what the declarations in dist come to, without their comments: only what a user's program can depend on. */
export function writeReports(folder: string): void {
  const configs = names.map((name) => configOf(name, folder));
  const [first] = configs;
  if (!first) return;
  const compilerState = CompilerState.create(first);
  for (const config of configs) {
    const { succeeded } = Extractor.invoke(config, {
      compilerState,
      localBuild: true,
      messageCallback: (message) => {
        // That a report is new or has changed is for the caller to say.
        if (message.messageId.startsWith("console-")) message.logLevel = ExtractorLogLevel.None;
      },
    });
    if (!succeeded) throw new Error(`no report of ${config.mainEntryPointFilePath}`);
  }
  rmSync(join(folder, "temp"), { recursive: true });
}

/** The reports in a folder, by their names. */
export function reportsIn(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".api.md"));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

function configOf(name: string, folder: string): ExtractorConfig {
  const silent = { default: { logLevel: ExtractorLogLevel.None } };
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: project,
      mainEntryPointFilePath: declarationsOf(name),
      newlineKind: "lf",
      compiler: { overrideTsconfig: { compilerOptions, files: names.map(declarationsOf) } },
      apiReport: {
        enabled: true,
        reportFolder: folder,
        reportTempFolder: join(folder, "temp"),
        reportFileName: `${name}.api.md`,
        // Types that no entry exports by name, and that users meet all the same.
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: silent,
        tsdocMessageReporting: silent,
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(project, "package.json"),
  });
}

function declarationsOf(name: string): string {
  return join(project, "dist", `${name}.d.ts`);
}

const compilerOptions = {
  strict: true,
  skipLibCheck: true,
  target: "ES2023",
  lib: ["ES2023", "ESNext.Disposable"],
  module: "NodeNext",
  types: ["node"],
  typeRoots: [join(project, "node_modules", "@types")],
};
