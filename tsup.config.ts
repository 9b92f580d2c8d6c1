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
  format: ["esm", "cjs"],
  target: "node20",
  platform: "node",
  dts: true,
  // Code shared by the entries lives in one chunk, so that no entry carries a copy of its own.
  splitting: true,
  sourcemap: true,
  clean: true,
});
