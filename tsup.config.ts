import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    ses: "src/providers/ses/index.ts",
    sendgrid: "src/providers/sendgrid/index.ts",
    mailgun: "src/providers/mailgun/index.ts",
    mailjet: "src/providers/mailjet/index.ts",
    testing: "src/testing/index.ts",
  },
  // The ESM entries share chunks. The CJS entries each hold all they need, which is harmless: no module keeps state, and
  // errors are recognised by registered symbols.
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  removeNodeProtocol: false,
  // tsup itself sets "baseUrl", which TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
  sourcemap: true,
  clean: true,
});
