/** Writes the public interface of each entry to `etc`, from what is in dist. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kept, reportsIn, writeReports } from "./reports.ts";

const folder = mkdtempSync(join(tmpdir(), "steadymail-api-"));
try {
  writeReports(folder);
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept);
  for (const [name, report] of Object.entries(reportsIn(folder))) writeFileSync(join(kept, name), report);
} finally {
  rmSync(folder, { recursive: true });
}
