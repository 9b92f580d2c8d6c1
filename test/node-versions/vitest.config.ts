import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { manifest, peers } from "../package/consumer.ts";

/** Where the packages are that were installed for one version of Node: they take the place of those of this checkout. */
const folder = process.env.STEADYMAIL_PACKAGES ?? "";
const replaced = [...Object.keys(manifest().dependencies), ...peers];

export default defineConfig({
  plugins: [
    {
      name: "packages-of-this-node",
      enforce: "pre",
      resolveId(id) {
        if (!replaced.some((name) => id === name || id.startsWith(`${name}/`))) return;
        return this.resolve(id, join(folder, "importer.js"), { skipSelf: true });
      },
    },
  ],
  test: {
    include: ["test/{mailer,contract,wire,operations}/**/*.test.ts"],
    restoreMocks: true,
    testTimeout: 60_000,
  },
});
