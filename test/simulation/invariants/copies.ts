import type { Invariant } from "./invariant.ts";

/** Ground truth against what the caller was told. */
export const copies: Invariant = {
  name: "a message is taken at most once under stop, at most twice under failover, and a duplicate is on record",
  observe: (replay) => ({
    *conclude() {
      for (const send of replay.sends.values()) {
        const limit = send.onUnknown === "stop" ? 1 : 2;
        const where = send.stored.map(({ provider }) => provider).join(" and ");
        if (send.stored.length > limit) yield `${send.id}, under ${send.onUnknown}, is at ${where}`;
        if (new Set(send.stored.map(({ provider }) => provider)).size < send.stored.length) {
          yield `${send.id} is at one provider twice: ${where}`;
        }
        const unknowns = send.attempts.filter(({ outcome }) => outcome === "unknown").length;
        if (unknowns > (send.onUnknown === "stop" ? 1 : 2)) yield `${send.id} has ${unknowns} unknown attempts`;
        if (send.stored.length > 1 && unknowns === 0) yield `${send.id} is at ${where} without an unknown attempt`;
        if (send.result?.kind !== "accepted") continue;
        const { duplicate } = send.result.receipt;
        if (duplicate !== (unknowns > 0 ? "possible" : "no")) {
          yield `the receipt of ${send.id} says duplicate: ${duplicate} after ${unknowns} unknown attempts`;
        }
      }
    },
  }),
};
