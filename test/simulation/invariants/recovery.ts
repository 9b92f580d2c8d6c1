import { groupsOf } from "./candidates.ts";
import type { Invariant } from "./invariant.ts";

/** The bound is stated where the calm begins: see `calmBefore`. */
export const recovery: Invariant = {
  name: "no state absorbs: once faults end and traffic goes on, everybody is healthy and at full share within the bound",
  sees: ["settled", "health"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what === "settled" && entry.id.startsWith("calm") && entry.result.kind === "foreign") {
        yield `${entry.id} ended with a foreign error`;
      }
      if (entry.what !== "health" || !entry.final) return;
      const groups = groupsOf(replay);
      const { providers } = replay.scenario;
      const proving = providers.reduce((sum, { prove = 0 }) => sum + prove, 0);
      const first = providers.filter((_, place) => groups[place] === 0);
      const total = first.reduce((sum, { weight }) => sum + weight, 0);
      for (const [place, { provider, state, isolated, throttledUntil, share }] of entry.report.entries()) {
        if (state !== "healthy") yield `${provider} is still ${state}`;
        if (isolated || throttledUntil) yield `${provider} is still out`;
        const { weight = 0, prove = 0 } = providers[place] ?? {};
        const full = groups[place] === 0 ? (Math.max(0, 1 - proving) * weight) / total : prove;
        if (Math.abs(share - full) > 1e-9) yield `${provider} has the share ${share}, not ${full}`;
      }
    },
  }),
};

export const openPeriods: Invariant = {
  name: "no provider is out longer than maxOpenFor, jittered",
  sees: ["health"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what !== "health") return;
      for (const provider of replay.providersOf(entry.mailer)) {
        const longest = provider.breaker.maxOpenFor;
        const { pause, openUntil } = provider.model;
        if (pause.until - entry.at > longest + 1) yield `${provider.name} is throttled until ${pause.until}`;
        if (openUntil.most - entry.at > longest * 1.2 + 1) yield `${provider.name} is down until ${openUntil.most}`;
      }
    },
  }),
};
