import { candidatesOf, groupsOf, isUnlimited, losesNothing } from "./candidates.ts";
import { freeOthers } from "./forbidden-attempts.ts";
import type { Invariant } from "./invariant.ts";
import type { ProviderRecord, SendRecord } from "./records.ts";
import type { Replay } from "./replay.ts";

export const priority: Invariant = {
  name: "a later group is used while no earlier one can, but for probes and proofs",
  sees: ["begun"],
  observe: (replay) => {
    const groups = groupsOf(replay);
    return {
      *see(entry) {
        if (entry.what !== "begun") return;
        const provider = replay.providerOf(entry.mailer, entry.provider);
        const send = replay.sendOf(entry.id);
        const begun = replay.underWay(entry.id, provider.name);
        const ordinary = send.onUnknown === "failover" && send.planned.stickyKey === undefined;
        const proof = ordinary && provider.setup.prove !== undefined;
        if (!begun || begun.state === "probing" || proof) return;
        const earlier = freeOthers(replay, send, provider, entry.at).filter(
          (name) => groupOf(replay, groups, name) < (groups[provider.place] ?? 0),
        );
        if (earlier.length > 0) yield `${send.id} goes to ${provider.name}, though ${earlier} of an earlier group can`;
      },
    };
  },
};

function groupOf(replay: Replay, groups: readonly number[], name: string): number {
  return groups[replay.providerOf(0, name).place] ?? 0;
}

export const stickiness: Invariant = {
  name: "a sticky key moves only while its provider cannot",
  sees: ["begun"],
  observe: (replay) => {
    const groups = groupsOf(replay);
    /** Who was preferred to whom. */
    const preferred = new Set<string>();
    return {
      *see(entry) {
        if (entry.what !== "begun") return;
        const send = replay.sendOf(entry.id);
        const { stickyKey, options } = send.planned;
        const provider = replay.providerOf(entry.mailer, entry.provider);
        if (stickyKey === undefined || options.fields) return;
        for (const name of freeOthers(replay, send, provider, entry.at)) {
          if (groupOf(replay, groups, name) !== groups[provider.place]) continue;
          preferred.add(`${stickyKey}: ${provider.name} before ${name}`);
          if (preferred.has(`${stickyKey}: ${name} before ${provider.name}`)) {
            yield `${send.id} with ${stickyKey} goes to ${provider.name} before ${name}, unlike others`;
          }
        }
      },
    };
  },
};

export const proofs: Invariant = {
  name: "the share of ordinary mail that proves a standby is exact within one",
  sees: ["begun", "changed", "settled"],
  observe: (replay) => {
    const standbys = replay.scenario.providers.flatMap(({ prove }, place) =>
      prove === undefined ? [] : { place, share: prove },
    );
    const total = standbys.reduce((sum, { share }) => sum + share, 0);
    const proved = new Map<number, number[]>();
    return {
      *see(entry) {
        if (entry.what === "changed") proved.delete(entry.mailer);
        if (entry.what === "settled" && replay.sendOf(entry.id).begun.length === 0) proved.delete(entry.mailer);
        // More than all the mail cannot be had.
        if (entry.what !== "begun" || total === 0 || total > 1) return;
        const send = replay.sendOf(entry.id);
        if (send.begun.length !== 1) return;
        const allCan = replay.providersOf(entry.mailer).every((each) => each.canSend(entry.at) && isUnlimited(each));
        if (!allCan || !isOrdinary(send) || entry.at > send.at) {
          proved.delete(entry.mailer);
          return;
        }
        const places = [...(proved.get(entry.mailer) ?? []), replay.providerOf(entry.mailer, entry.provider).place];
        proved.set(entry.mailer, places);
        for (const { place, share } of standbys) {
          const count = places.filter((each) => each === place).length;
          // Of several that are due at once each waits for those before it.
          if (Math.abs(count - places.length * share) >= standbys.length) {
            yield `${count} of ${places.length} proved p${place}, whose share is ${share}`;
          }
        }
      },
    };
  },
};

/** Mail that any provider may carry, in any order. */
function isOrdinary({ onUnknown, planned: { stickyKey, options } }: SendRecord): boolean {
  const { only, except, require, fields } = options;
  return onUnknown === "failover" && !stickyKey && !only && !except && !require && !fields;
}

export const shares: Invariant = {
  name: "over every window of one cycle each member of a group is within one pick of its exact share",
  sees: ["settled", "changed", "begun"],
  observe: (replay) => {
    const groups = groupsOf(replay);
    const picks = new Map<string, string[]>();
    return {
      *see(entry) {
        if (entry.what === "settled" && replay.sendOf(entry.id).begun.length === 0) picks.clear();
        if (entry.what === "changed") picks.clear();
        if (entry.what !== "begun") return;
        const provider = replay.providerOf(entry.mailer, entry.provider);
        const group = groups[provider.place];
        const send = replay.sendOf(entry.id);
        const isIn = (name: string) => groups[replay.providerOf(entry.mailer, name).place] === group;
        if (send.begun.filter((begun) => isIn(begun.provider)).length > 1) return;
        const members = replay.providersOf(entry.mailer).filter(({ place }) => groups[place] === group);
        const key = `${entry.mailer} ${group}`;
        if (!isOrdinaryTurn(replay, send, members, entry.at)) {
          picks.delete(key);
          return;
        }
        const sequence = [...(picks.get(key) ?? []), provider.name];
        picks.set(key, sequence);
        yield* deviations(sequence, members);
      },
    };
  },
};

/** Whether all members of a group took part, each with its whole weight. */
function isOrdinaryTurn(replay: Replay, send: SendRecord, members: readonly ProviderRecord[], now: number): boolean {
  if (send.planned.stickyKey !== undefined) return false;
  const candidates = candidatesOf(replay, send);
  return members.every(
    (member) =>
      candidates.includes(member) &&
      losesNothing(send, member) &&
      member.state === "healthy" &&
      now - member.recoveringSince >= member.breaker.slowStart &&
      member.canSend(now) &&
      member.setup.prove === undefined &&
      isUnlimited(member),
  );
}

function* deviations(sequence: readonly string[], members: readonly ProviderRecord[]): Generator<string> {
  const weights = members.map(({ setup }) => setup.weight);
  const divisor = weights.reduce(greatestDivisor);
  const cycle = weights.reduce((sum, weight) => sum + weight, 0) / divisor;
  // The first cycle levels out what the turns before the group was whole have left.
  if (sequence.length < 2 * cycle) return;
  const window = sequence.slice(-cycle);
  for (const { name, setup } of members) {
    const picked = window.filter((pick) => pick === name).length;
    const exact = setup.weight / divisor;
    if (Math.abs(picked - exact) > 1)
      yield `${name} has ${picked} of ${cycle} picks, not ${exact}: ${window.join(" ")}`;
  }
}

function greatestDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestDivisor(other, one % other);
}
