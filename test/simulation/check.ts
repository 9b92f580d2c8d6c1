import { allDown } from "./invariants/all-down.ts";
import { copies } from "./invariants/copies.ts";
import { allowedOnly, courseOfAttempts } from "./invariants/course-of-attempts.ts";
import { drills, marks } from "./invariants/drills.ts";
import { deadlines, givesUp, leftovers, promise } from "./invariants/endings.ts";
import { forbiddenAttempts, probes } from "./invariants/forbidden-attempts.ts";
import { healthByAttempts, healthReports, replayedEvents } from "./invariants/health.ts";
import type { Invariant, Violation } from "./invariants/invariant.ts";
import { fairness, limits, queue, retryBudget } from "./invariants/limits.ts";
import { openPeriods, recovery } from "./invariants/recovery.ts";
import { Replay } from "./invariants/replay.ts";
import { priority, proofs, shares, stickiness } from "./invariants/routing.ts";
import { verdicts } from "./invariants/verdicts.ts";
import type { Entry } from "./world/journal.ts";
import type { Scenario } from "./world/scenario.ts";

export const invariants: readonly Invariant[] = [
  copies,
  verdicts,
  promise,
  givesUp,
  deadlines,
  leftovers,
  courseOfAttempts,
  allowedOnly,
  forbiddenAttempts,
  probes,
  limits,
  retryBudget,
  queue,
  fairness,
  healthByAttempts,
  healthReports,
  replayedEvents,
  allDown,
  drills,
  marks,
  recovery,
  openPeriods,
  priority,
  proofs,
  stickiness,
  shares,
];

/** Holds a run against all invariants. */
export function check(scenario: Scenario, entries: readonly Entry[]): Violation[] {
  const replay = new Replay(scenario, entries);
  const violations: Violation[] = [];
  const observers = invariants.map((invariant) => ({ ...invariant, observer: invariant.observe(replay) }));
  const watching = new Map<Entry["what"], typeof observers>();
  for (const observer of observers) {
    for (const what of observer.sees ?? []) watching.set(what, [...(watching.get(what) ?? []), observer]);
  }
  for (const entry of entries) {
    replay.apply(entry);
    for (const { name, observer } of watching.get(entry.what) ?? []) {
      for (const what of observer.see?.(entry) ?? []) violations.push({ invariant: name, at: entry.at, what });
    }
  }
  const end = entries.at(-1)?.at ?? 0;
  for (const { name, observer } of observers) {
    for (const what of observer.conclude?.() ?? []) violations.push({ invariant: name, at: end, what });
  }
  return violations;
}
