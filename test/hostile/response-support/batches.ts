import fc, { type RunDetails } from "fast-check";
import { beforeAll, expect } from "vitest";
import { espNames } from "../../contract/support/esps.ts";
import { espNamed } from "../../providers/esps.ts";

/** The SDKs are there before time stands still, in which they could not be loaded. To be called at the top of a file. */
export function loadSdks(): void {
  beforeAll(async () => {
    await Promise.all(espNames.map((name) => espNamed(name).create("http://127.0.0.1").load?.()));
  });
}

/** So many run side by side. */
const batch = 25;

/** Checks so many generated cases, in batches; a failure tells of the cases alone that failed, and of the seed. */
export async function checkAll<T>(
  count: number,
  cases: fc.Arbitrary<T>,
  check: (cases: readonly T[]) => Promise<void>,
): Promise<void> {
  let checked = 0;
  const property = fc.asyncProperty(fc.array(cases, { minLength: batch, maxLength: batch }), async (some) => {
    await check(some);
    checked += some.length;
  });
  await fc.assert<[T[]]>(property, { numRuns: count / batch, endOnFailure: true, asyncReporter: report });
  expect(checked).toBe(count);
}

/** The cases themselves may be of megabytes. */
async function report<T>({ failed, seed, counterexamplePath, errorInstance }: RunDetails<T>): Promise<void> {
  if (!failed) return;
  const said = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  throw new Error(`{ seed: ${seed}, path: "${counterexamplePath}" }\n${said}`, { cause: errorInstance });
}
