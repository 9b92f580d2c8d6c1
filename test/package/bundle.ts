import { build, type Loader } from "esbuild";

export interface BundleOptions {
  readonly format?: "esm" | "cjs";
  readonly loader?: Loader;
  /** Packages that stay outside. */
  readonly external?: readonly string[];
  readonly minify?: boolean;
}

/** esbuild writes an ES module without `require`, which CommonJS packages such as opossum need for Node's own modules. */
const requireInEsm = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

/** What esbuild makes, for Node, of a program in somebody's project. */
export async function bundle(
  folder: string,
  program: string,
  { format = "esm", loader = "js", external = [], minify = false }: BundleOptions = {},
): Promise<{ readonly code: Uint8Array; readonly warnings: readonly string[] }> {
  const { outputFiles, warnings } = await build({
    stdin: { contents: program, resolveDir: folder, loader },
    bundle: true,
    minify,
    platform: "node",
    target: "node20",
    format,
    banner: { js: format === "esm" && !minify ? requireInEsm : "" },
    external: [...external],
    // Licences are for people: they are no code.
    legalComments: "none",
    write: false,
    logLevel: "silent",
  });
  const [{ contents: code } = { contents: new Uint8Array() }] = outputFiles;
  return { code, warnings: warnings.map(({ text }) => text) };
}
