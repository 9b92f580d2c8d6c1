import { defineConfig } from "vitest/config";

/** The tests that judge mutants: fast, through the mailer alone, and in one thread that loads the sources once. */
export default defineConfig({
  test: {
    include: ["test/mailer/**/*.test.ts", "test/bulk/limits.test.ts"],
    isolate: false,
    restoreMocks: true,
    // A mutant that waits for ever is found by then.
    testTimeout: 10_000,
  },
});
