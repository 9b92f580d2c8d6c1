import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const project = fileURLToPath(new URL("../../../", import.meta.url));

/** A function as it would be uploaded. */
export interface Bundle extends AsyncDisposable {
  readonly handler: string;
  readonly runtime: string;
  /** Bytes. */
  readonly size: number;
  readonly gzipped: number;
  /** Bytes of it, by where they come from: a folder of the project, or a package. */
  readonly parts: ReadonlyMap<string, number>;
}

/** Bundles `examples/lambda/handler.ts`, as its comment says, into a folder that goes when it is disposed. */
export async function bundleHandler(): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), "steadymail-lambda-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  const { metafile } = await build({
    absWorkingDir: project,
    entryPoints: { handler: "examples/lambda/handler.ts", runtime: "examples/driving/lambda/runtime.ts" },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "esm",
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
    metafile: true,
    logLevel: "error",
  });
  const handler = join(folder, "handler.mjs");
  const code = await readFile(handler);
  const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === "examples/lambda/handler.ts");
  const parts = new Map<string, number>();
  for (const [file, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const origin = originOf(file);
    parts.set(origin, (parts.get(origin) ?? 0) + bytesInOutput);
  }
  return {
    handler,
    runtime: join(folder, "runtime.mjs"),
    size: code.length,
    gzipped: gzipSync(code).length,
    parts,
    async [Symbol.asyncDispose]() {
      process.off("exit", remove);
      await rm(folder, { recursive: true });
    },
  };
}

function originOf(file: string): string {
  const [, path] = /.*node_modules\/(.*)/.exec(file) ?? [];
  if (path === undefined) return file.split("/", 1).join();
  return path
    .split("/")
    .slice(0, path.startsWith("@") ? 2 : 1)
    .join("/");
}
