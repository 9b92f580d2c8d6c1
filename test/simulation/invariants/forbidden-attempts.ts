import { candidatesOf, isDone, isUnlimited, pauseOf } from "./candidates.ts";
import type { Invariant } from "./invariant.ts";
import type { Begun, ProviderRecord, SendRecord } from "./records.ts";
import type { Replay } from "./replay.ts";

const betweenLastResorts = 1_000;

/** A line is served within this after a throttle, ms. */
const slack = 2;

export const forbiddenAttempts: Invariant = {
  name: "no attempt at a provider that is throttled or isolated, nor, but as a declared last resort, at one that is down",
  sees: ["begun"],
  observe: (replay) => {
    const lastResorts = new Map<number, Begun>();
    return {
      *see(entry) {
        if (entry.what !== "begun") return;
        const { mailer, id, at } = entry;
        const provider = replay.providerOf(mailer, entry.provider);
        const send = replay.sendOf(id);
        const begun = replay.underWay(id, provider.name);
        if (!begun) return;
        if (provider.isolated > 0) yield `${id} goes to ${provider.name}, which is isolated`;
        if (provider.model.pause.until > at) yield `${id} goes to ${provider.name}, which is throttled`;
        if (begun.state !== "down") return;
        const others = freeOthers(replay, send, provider, at);
        if (others.length > 0) yield `${id} goes to ${provider.name}, which is down, though ${others} can take it`;
        if (send.attempts.some((attempt) => attempt.provider === provider.name)) {
          yield `${id} goes to ${provider.name}, which is down and which it tried before`;
        }
        const last = lastResorts.get(mailer);
        if (last && last.attempt === undefined) yield `a second last resort at ${provider.name}, for ${id}`;
        else if (last && at - last.at < betweenLastResorts && !gaveBack(last)) yield "two last resorts in one second";
        lastResorts.set(mailer, begun);
      },
    };
  },
};

/** A last resort that says nothing of its provider gives its place back. */
function gaveBack({ attempt, timeout, reusedConnection }: Begun): boolean {
  if (!attempt || attempt.outcome === "accepted") return false;
  const { reason } = attempt.failure;
  return (
    reason === "aborted" || (reason === "response-lost" && reusedConnection) || attempt.duration >= timeout - slack
  );
}

/** Other candidates that this message has not tried and that can take it at this moment. */
export function freeOthers(replay: Replay, send: SendRecord, provider: ProviderRecord, now: number): string[] {
  return candidatesOf(replay, send)
    .filter(
      (other) =>
        other !== provider &&
        other.canSend(now - slack) &&
        other.canSend(now) &&
        isUnlimited(other) &&
        !isDone(send, other) &&
        pauseOf(send, other) <= now &&
        !send.attempts.some((attempt) => attempt.provider === other.name),
    )
    .map(({ name }) => name);
}

export const probes: Invariant = {
  name: "one probe at a time, with its own time limit, and not with a message that must not be sent twice",
  sees: ["begun"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what !== "begun") return;
      const { mailer, id, at } = entry;
      const provider = replay.providerOf(mailer, entry.provider);
      const begun = replay.underWay(id, provider.name);
      if (begun?.state !== "probing") return;
      const together = [...provider.inFlight].filter(
        (other) => other.state === "probing" && other.period === begun.period && !replay.endsInTurn(other, entry),
      );
      if (together.length > 1)
        yield `${together.map((other) => other.id).join(" and ")} probe ${provider.name} together`;
      const limit = provider.fullTime("probing");
      if (begun.timeout > limit) yield `the probe of ${provider.name} may take ${begun.timeout} ms, not ${limit}`;
      const send = replay.sendOf(id);
      if (send.onUnknown !== "stop") return;
      const others = freeOthers(replay, send, provider, at);
      if (others.length > 0) yield `${id} probes ${provider.name} under stop, though ${others} can take it`;
    },
  }),
};
