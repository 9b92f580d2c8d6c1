/**
 * `npm run mutate` changes the failover in small ways, one at a time, and sees whether a test of `test/mailer` or of a
 * campaign's limits fails: what no test notices is not tested. Part of it: `npm run mutate -- --mutate src/routing/plan.ts`.
 *
 * @type {import("@stryker-mutator/api/core").PartialStrykerOptions}
 */
export default {
  mutate: ["src/delivery/**/*.ts", "src/health/**/*.ts", "src/routing/**/*.ts", "src/limits/**/*.ts"],
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "vitest.mutation.config.ts", related: false },
  coverageAnalysis: "perTest",
  concurrency: 2,
  thresholds: { high: 95, low: 85, break: 85 },
  reporters: ["clear-text", "progress-append-only", "html", "json"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: "reports/mutation/index.html" },
  jsonReporter: { fileName: "reports/mutation/mutation.json" },
  ignorePatterns: ["/dist", "/coverage", "/bench", "/examples"],
};
