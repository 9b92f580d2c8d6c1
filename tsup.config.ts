import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig, type Options } from "tsup";

/**
 * Small packages that become part of the modules: to find and read a file of its own for each would take longer than
 * all else that an import of this package does. opossum and p-retry stay outside: users choose their versions.
 */
const bundled: readonly string[] = ["deepmerge-ts", "email-addresses", "mrmime"];

/** The licence of each goes along with its code, as it asks for. */
const withLicences: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "licences",
  setup({ onLoad }) {
    onLoad({ filter: new RegExp(`/node_modules/(?:${bundled.join("|")})/.*\\.m?js$`) }, ({ path }) => {
      const [, root = "", name = ""] = /^(.*\/node_modules\/([^/]+))\//.exec(path) ?? [];
      return {
        contents: `${readFileSync(path, "utf8")}\n/*! ${name}:\n${licenceIn(root)}*/\n`,
        resolveDir: dirname(path),
      };
    });
  },
};

/**
 * Says of what a module makes once, at its beginning, that nobody misses it who does not use it. esbuild says so by itself
 * of a Map or a Set, but not of these: a bundle with `isSteadyMailError` alone would hold the parser of addresses.
 */
const withPurity: NonNullable<Options["plugins"]>[number] = {
  name: "purity",
  renderChunk(code, { path }) {
    if (!path.endsWith(".js")) return;
    const pure = "/* @__PURE__ */";
    return {
      code: code
        .replaceAll(/^(var [\w$]+ = )(Object\.freeze|new RegExp)\(/gm, `$1${pure} $2(`)
        .replaceAll(/^(var [\w$]+ = )(__toESM)\((require_\w+)\(/gm, `$1${pure} $2(${pure} $3(`),
    };
  },
};

function licenceIn(root: string): string {
  const file = readdirSync(root).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) throw new Error(`${root} has no licence`);
  return readFileSync(join(root, file), "utf8");
}

export default defineConfig({
  entry: {
    index: "src/index.ts",
    ses: "src/providers/ses/index.ts",
    sendgrid: "src/providers/sendgrid/index.ts",
    mailgun: "src/providers/mailgun/index.ts",
    mailjet: "src/providers/mailjet/index.ts",
    smtp: "src/providers/smtp/index.ts",
    nodemailer: "src/nodemailer/index.ts",
    testing: "src/testing/index.ts",
  },
  // The ESM entries share chunks. The CJS entries each hold all they need, which is harmless: no module keeps state that
  // two of them would have to share, and errors are recognised by registered symbols.
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  noExternal: [...bundled],
  esbuildPlugins: [withLicences],
  plugins: [withPurity],
  removeNodeProtocol: false,
  // tsup itself sets "baseUrl", which TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
  sourcemap: true,
  clean: true,
});
