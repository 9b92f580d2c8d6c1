import { isSound } from "../world/model-provider.ts";
import { candidatesOf, isDone, isUnlimited, pauseOf, usefulTime } from "./candidates.ts";
import type { Invariant } from "./invariant.ts";
import type { ProviderRecord, SendRecord } from "./records.ts";
import type { Replay } from "./replay.ts";

/** A time-out and what its adapter has to say need a turn of the event loop, ms. */
const tick = 1;

export const deadlines: Invariant = {
  name: "each send settles by its deadline plus one tick",
  sees: ["settled"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what !== "settled") return;
      const { deadline } = replay.sendOf(entry.id);
      const until = afterFreezes(replay, deadline) + tick;
      if (entry.at > until) yield `${entry.id} settles at ${entry.at}, its deadline was ${deadline}`;
    },
    *conclude() {
      for (const { id, result } of replay.sends.values()) if (!result) yield `${id} never settles`;
    },
  }),
};

/** A frozen process can do nothing before it is thawed. */
export function afterFreezes({ freezes }: Replay, moment: number): number {
  return freezes.reduce((latest, { from, to }) => (from <= latest && latest < to ? to : latest), moment);
}

export const leftovers: Invariant = {
  name: "no timer, listener or promise is left behind",
  sees: ["left-behind", "health"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what === "left-behind") yield entry.thing;
      if (entry.what !== "health" || !entry.final) return;
      for (const { provider, inFlight, queued } of entry.report) {
        if (inFlight + queued > 0) yield `${provider} has ${inFlight} attempts in flight and ${queued} sends in line`;
      }
    },
    *conclude() {
      for (const { id, result, settledAt } of replay.sends.values()) {
        if (result?.kind === "foreign" && settledAt === undefined) yield `${id} ended without an end`;
      }
    },
  }),
};

/** Kinds of endings after which nobody is asked any more, whoever could take the message. */
const excused = ["accepted", "aborted", "overloaded", "rejected", "invalid", "closed"];

export const promise: Invariant = {
  name: "a message that an eligible provider would have taken throughout its deadline is accepted",
  sees: ["send", "changed", "isolated", "settled"],
  observe: (replay) => {
    /** For each send that is pending those that were eligible all the time. */
    const eligible = new Map<SendRecord, Set<ProviderRecord>>();
    return {
      *see(entry) {
        if (entry.what === "send") {
          const send = replay.sendOf(entry.id);
          const candidates = candidatesOf(replay, send).filter(
            (provider) => provider.canSend(entry.at) && isUnlimited(provider) && wouldTake(replay, send, provider),
          );
          eligible.set(send, new Set(candidates));
        }
        if (entry.what === "changed" || entry.what === "isolated") {
          const provider = replay.providerOf(entry.mailer, entry.provider);
          if (provider.canSend(entry.at)) return;
          for (const providers of eligible.values()) providers.delete(provider);
        }
        if (entry.what !== "settled") return;
        const send = replay.sendOf(entry.id);
        const providers = eligible.get(send) ?? new Set();
        eligible.delete(send);
        if (excused.includes(entry.result.kind) || isStopped(send)) return;
        for (const provider of providers) {
          if (!hadNoTime(send, provider))
            yield `${send.id} is ${entry.result.kind}, but ${provider.name} would have taken it`;
        }
      },
    };
  },
};

function wouldTake(replay: Replay, send: SendRecord, { name, place, setup }: ProviderRecord): boolean {
  const { refusal } = send.options;
  if (refusal && (refusal.by === "all" || refusal.by === place)) return false;
  if (!isSound(replay.scenario, place, send.at, send.deadline)) return false;
  if (replay.isDrilled(name, send.at, send.deadline)) return false;
  const slowest = setup.latency[1];
  return send.deadline - send.at > usefulTime(send) + 2 * slowest;
}

/** Stopped after an unknown attempt, or after as many as there may be, or since it was refused. */
function isStopped({ onUnknown, attempts }: SendRecord): boolean {
  const unknowns = attempts.filter(({ outcome }) => outcome === "unknown").length;
  const reasons = attempts.map((attempt) => (attempt.outcome === "accepted" ? "" : attempt.failure.reason));
  if (reasons.includes("rejected") || reasons.filter((reason) => reason === "invalid").length > 1) return true;
  return unknowns >= (onUnknown === "stop" ? 1 : 2);
}

/** Whether attempts at others took the time that this one would have needed, or the process was frozen. */
function hadNoTime(send: SendRecord, { setup }: ProviderRecord): boolean {
  const spent = send.attempts.reduce((sum, { duration }) => sum + duration, 0);
  return send.deadline - send.at - spent < usefulTime(send) + setup.latency[1] + 10;
}

export const givesUp: Invariant = {
  name: "a send gives up only where nobody can be tried inside its deadline",
  sees: ["attempt", "settled"],
  observe: (replay) => {
    /** The turn in which a probe or a last resort ended; whoever awaited its verdict may end with it. */
    let trialEnded = 0;
    return {
      *see(entry) {
        if (entry.what === "attempt") {
          const begun = replay.sendOf(entry.id).begun.at(-1);
          if (begun?.state === "down" || begun?.state === "probing") trialEnded = entry.turn;
        }
        if (entry.what !== "settled" || entry.result.kind !== "unavailable") return;
        const send = replay.sendOf(entry.id);
        if (replay.freezes.some(({ from, to }) => from < send.deadline && to > send.at)) return;
        for (const provider of candidatesOf(replay, send)) {
          if (isDone(send, provider)) continue;
          if (trialEnded === entry.turn && provider.model.pause.until > entry.at) continue;
          const reason = couldGoOn(replay, send, provider, entry.at);
          if (reason) yield `${send.id} gives up at ${entry.at}, though ${provider.name} ${reason}`;
        }
      },
    };
  },
};

/** How a provider could still have been tried. */
function couldGoOn(replay: Replay, send: SendRecord, provider: ProviderRecord, now: number): string | undefined {
  const { maxRounds = 3, minDelay = 250, maxDelay = 8_000 } = replay.scenario.mailer.retry;
  const timeLeft = send.deadline - now - usefulTime(send);
  if (timeLeft < tick) return undefined;
  const round = Math.max(1, ...send.attempts.map((attempt) => attempt.round));
  const tries = send.attempts.filter((attempt) => attempt.provider === provider.name);
  const triedInRound = tries.some((attempt) => attempt.round === round);
  if (triedInRound && round >= maxRounds) return undefined;
  if (tries.length > 0 && !replay.budgetOf(send.mailer).isLeftAt(now)) return undefined;
  if (provider.isolated > 0 || !isUnlimited(provider)) return undefined;
  const until = Math.max(pauseOf(send, provider), provider.model.pause.until);
  // One that is down would still be down when a throttle or a pause is over.
  if (until > now && provider.state === "down") return undefined;
  if (until > now) return until - now < timeLeft - tick ? `asked for a pause only until ${until}` : undefined;
  const delay = triedInRound ? Math.min(maxDelay, minDelay * 2 ** (round - 1)) : 0;
  if (delay >= timeLeft - tick) return undefined;
  if (provider.canSend(now)) return "can take it";
  return provider.state === "down" && provider.model.openUntil.most < now ? "is due for a probe" : undefined;
}
