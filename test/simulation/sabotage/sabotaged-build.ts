import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import type { Sabotage } from "./sabotages.ts";

const simulation = fileURLToPath(new URL("..", import.meta.url));
const source = fileURLToPath(new URL("../../../src/", import.meta.url));

/** Bundles the simulation with a library that has the defect; nothing on disk but the bundle changes. */
export async function buildSabotaged(sabotage: Sabotage, outfile: string): Promise<void> {
  const patched = new Set<string>();
  await build({
    entryPoints: [join(simulation, "main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    // What opossum requires is found from an ES module too.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    plugins: [patch(sabotage, patched)],
  });
  if (!patched.has(sabotage.file)) throw new Error(`src/${sabotage.file} is no part of the library`);
}

function patch({ file, replace }: Sabotage, patched: Set<string>): Plugin {
  const target = join(source, file);
  return {
    name: "sabotage",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path !== target) return undefined;
        let contents = await readFile(path, "utf8");
        for (const [text, by] of replace) {
          const pieces = contents.split(text);
          if (pieces.length !== 2) throw new Error(`src/${file} has ${pieces.length - 1} times: ${text}`);
          contents = pieces.join(by);
        }
        patched.add(file);
        return { contents, loader: "ts" };
      });
    },
  };
}
