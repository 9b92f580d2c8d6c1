import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { kept, reportsIn, writeReports } from "./api/reports.ts";

it("the public interface is what etc/*.api.md says; after a change that is meant: npm run api", {
  timeout: 60_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "steadymail-api-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeReports(folder);

  expect(reportsIn(kept)).toEqual(reportsIn(folder));
});
