import { candidatesOf, usefulTime } from "./candidates.ts";
import type { Invariant } from "./invariant.ts";
import type { ProviderRecord, SendRecord } from "./records.ts";
import type { Replay } from "./replay.ts";

export const limits: Invariant = {
  name: "no attempt over the concurrency or the rate of its provider",
  sees: ["begun"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what !== "begun") return;
      const { id } = entry;
      const provider = replay.providerOf(entry.mailer, entry.provider);
      const { concurrency, rate } = provider.setup;
      if (concurrency !== undefined) {
        const inFlight = [...provider.inFlight].filter((begun) => !replay.endsInTurn(begun, entry));
        if (inFlight.length > concurrency) yield `${id} is number ${inFlight.length} at ${provider.name}`;
      }
      if (provider.overdrawn) yield `${id} goes to ${provider.name} over ${rate?.limit} in ${rate?.interval} ms`;
    },
  }),
};

export const retryBudget: Invariant = {
  name: "repeats stay within the retry budget",
  sees: ["begun"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what !== "begun") return;
      if (replay.underWay(entry.id, entry.provider)?.overBudget) {
        yield `${entry.id} goes to ${entry.provider} again, though the retry budget is spent`;
      }
    },
  }),
};

export const queue: Invariant = {
  name: "as many sends wait as the queue has places, in their order, and the next one is refused",
  sees: ["health", "settled"],
  observe: (replay) => ({
    *see(entry) {
      const limit = replay.scenario.mailer.queueLimit ?? 1_000;
      if (entry.what === "health") {
        for (const { provider, queued } of entry.report) {
          if (queued > limit) yield `${queued} sends wait for ${provider}, not ${limit}`;
        }
      }
      if (entry.what !== "settled" || entry.result.kind !== "overloaded") return;
      const waiting = [...replay.sends.values()].filter(
        (send) =>
          send.mailer === entry.mailer &&
          send.settledAt === undefined &&
          // Who goes on at this very moment may have waited until now.
          send.begun.every((begun) => begun.attempt !== undefined || begun.at === entry.at),
      );
      if (waiting.length < limit) yield `${entry.id} is refused while ${waiting.length} of ${limit} wait`;
    },
  }),
};

export const fairness: Invariant = {
  name: "whoever waits for a limit or a throttle of the one provider that may take it goes before who was sent later",
  sees: ["begun"],
  observe: (replay) => ({
    *see(entry) {
      const send = entry.what === "begun" ? replay.sendOf(entry.id) : undefined;
      const provider = send && onlyCandidate(replay, send);
      if (!send || !provider || send.begun.length > 1) return;
      for (const other of replay.sends.values()) {
        if (other === send) return;
        const waits = other.mailer === send.mailer && other.settledAt === undefined && other.begun.length === 0;
        // Who waits for a verdict on one that is down stands in no line.
        const inLine = waits && provider.since <= other.at && provider.state !== "down";
        if (!inLine || other.at === send.at || other.deadline - entry.at < usefulTime(other)) continue;
        if (onlyCandidate(replay, other) === provider && !replay.beginsInTurn(other, entry)) {
          yield `${send.id} goes to ${provider.name} before ${other.id}, which waits for it since ${other.at}`;
        }
      }
    },
  }),
};

function onlyCandidate(replay: Replay, send: SendRecord): ProviderRecord | undefined {
  const [first, ...others] = candidatesOf(replay, send);
  return others.length === 0 ? first : undefined;
}
