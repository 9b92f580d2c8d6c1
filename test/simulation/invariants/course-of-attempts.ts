import { isAllowed } from "./candidates.ts";
import type { Invariant } from "./invariant.ts";
import type { SendRecord } from "./records.ts";

export const courseOfAttempts: Invariant = {
  name: "a message never goes where it was refused or may be, and stops where it has to",
  sees: ["begun"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what !== "begun") return;
      const send = replay.sendOf(entry.id);
      const others = send.begun.slice(0, -1);
      const open = others.find(({ attempt }) => attempt === undefined);
      if (open) yield `${entry.id} goes to ${entry.provider} while its attempt at ${open.provider} is under way`;
      yield* faultsOf(send, entry.provider);
      const { timeout = 0 } = entry;
      if (timeout > send.deadline - entry.at + 1e-6) yield `the attempt of ${entry.id} may outlast its deadline`;
    },
    *conclude() {
      for (const send of replay.sends.values()) {
        for (const attempt of send.attempts) {
          const made = send.begun.some((begun) => begun.attempt === attempt);
          const hindered = attempt.outcome === "not-sent" && attempt.failure.scope === "none";
          if (!made && !hindered)
            yield `an attempt of ${send.id} at ${attempt.provider} is on record and was never made`;
        }
        const rounds = send.attempts.map(({ round }) => round);
        if (rounds.some((round, index) => round < (rounds[index - 1] ?? 1))) yield `the rounds of ${send.id} go back`;
        const tries = new Set(send.attempts.map(({ provider, round }) => `${provider} ${round}`));
        if (tries.size < send.attempts.length) yield `${send.id} was tried twice at one provider in one round`;
        const maxRounds = replay.scenario.mailer.retry.maxRounds ?? 3;
        if (rounds.some((round) => round > maxRounds)) yield `${send.id} had more than ${maxRounds} rounds`;
      }
    },
  }),
};

function* faultsOf(send: SendRecord, provider: string): Generator<string> {
  const { id, attempts } = send;
  const unknowns = attempts.filter(({ outcome }) => outcome === "unknown");
  if (unknowns.length > 0 && send.onUnknown === "stop") yield `${id} goes on to ${provider} under stop`;
  if (unknowns.length > 1) yield `${id} goes on to ${provider} after two unknown attempts`;
  if (send.abortedAt !== undefined) yield `${id} goes to ${provider} after its caller gave up`;
  if (send.result) yield `${id} goes to ${provider} after it was settled`;
  for (const attempt of attempts) {
    if (attempt.outcome === "accepted") yield `${id} goes to ${provider} after ${attempt.provider} accepted it`;
    else if (attempt.failure.reason === "rejected") yield `${id} goes to ${provider} after it was rejected`;
    if (attempt.provider !== provider) continue;
    if (attempt.outcome === "unknown") yield `${id} goes back to ${provider}, which may have it`;
    else if (attempt.outcome === "not-sent" && attempt.failure.scope === "message") {
      yield `${id} goes back to ${provider}, which refused it (${attempt.failure.reason})`;
    }
  }
  const invalid = attempts.filter((each) => each.outcome !== "accepted" && each.failure.reason === "invalid");
  if (invalid.length > 1) yield `${id} goes to ${provider} after two called it malformed`;
}

export const allowedOnly: Invariant = {
  name: "no attempt at a provider that the send does not allow, or that cannot carry it",
  sees: ["begun"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what !== "begun") return;
      const send = replay.sendOf(entry.id);
      const provider = replay.providerOf(entry.mailer, entry.provider);
      if (!isAllowed(send, provider)) yield `${entry.id} goes to ${entry.provider}, which it does not allow`;
      const { fields = [] } = send.options;
      if (fields.includes("metadata") && provider.setup.cannotCarry.includes("metadata")) {
        yield `${entry.id} goes to ${entry.provider}, which cannot carry it`;
      }
      if (send.isolatedAtFirst.has(entry.provider)) yield `${entry.id} goes to ${entry.provider}, which was isolated`;
    },
  }),
};
