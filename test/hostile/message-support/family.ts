import fc from "fast-check";
import { expect, it } from "vitest";
import { espNames } from "../../contract/support/esps.ts";
import type { Desk, Verdict } from "./desk.ts";
import type { Candidate } from "./letter.ts";

/** How many messages each family has: 10,000 in all. */
export const shares = {
  addresses: 2_000,
  texts: 2_000,
  labels: 2_000,
  attachments: 1_500,
  objects: 1_500,
  options: 1_000,
} as const;

export type Family = keyof typeof shares;

/** A message for one ESP; every tenth goes to all four. */
const destinations = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...espNames).map((name) => [name]) },
  { weight: 1, arbitrary: fc.constant(espNames) },
);

/** Has a family of messages judged, each of which takes its time at most: a hang fails with the message that hung. */
export function judgeFamily(family: Family, desk: Desk, candidates: fc.Arbitrary<Candidate>): void {
  const count = shares[family];
  it(`${count} hostile messages arrive as they are or are refused with a clear error: ${family}`, {
    timeout: 300_000,
  }, async () => {
    const tally: Record<Verdict, number> = { accepted: 0, invalid: 0, unsupported: 0, rejected: 0 };
    const property = fc.asyncProperty(candidates, destinations, async (candidate, names) => {
      const verdicts: Verdict[] = [];
      for (const name of names) verdicts.push(await desk.judge(candidate, name));
      tally[verdicts.find((verdict) => verdict === "accepted") ?? verdicts[0] ?? "invalid"] += 1;
    });
    await fc.assert(property, { numRuns: count, timeout: 30_000 });
    const { accepted, invalid, unsupported, rejected } = tally;
    expect(accepted + invalid + unsupported + rejected).toBe(count);
    // Nonsense alone would prove little, and so would mail alone.
    expect(accepted).toBeGreaterThan(count / 5);
    expect(invalid).toBeGreaterThan(count / 5);
  });
}
