import { messageFor, templateMissing } from "../message/for-provider.ts";
import type { PreparedMessage } from "../message/message.ts";
import type { MessageDraft } from "../message/prepare.ts";
import type { Skipped } from "../receipt.ts";
import { rendezvous } from "./rendezvous.ts";
import { availabilityOf, type ResolvedRoute, type RouteGroup } from "./resolved-route.ts";
import type { Member } from "./smooth-weighted-round-robin.ts";

/** Which providers a send allows, and in which order. */
export interface Choice<N extends string = string> {
  readonly only: readonly N[] | undefined;
  readonly except: readonly N[];
  /** Labels that a provider must have, all of them. */
  readonly require: readonly string[];
  /** Fields that may be left out where a provider cannot carry them. */
  readonly mayDrop: readonly string[];
  readonly stickyKey: string | undefined;
  /** Whether the message may be the one that tries a provider which was down, or proves a standby. */
  readonly ordinary: boolean;
}

/** A provider that can carry the message, with the message as it would be sent there. */
export interface Candidate<N extends string = string> {
  readonly route: ResolvedRoute<N>;
  readonly message: PreparedMessage;
  readonly dropped: readonly string[];
}

/** Who may carry one message. Providers that are down are in it; those that are isolated are not. */
export interface Plan<N extends string = string> {
  /** The providers that the choice allows, isolated ones included. */
  readonly allowed: readonly N[];
  /** Allowed providers that cannot carry the message, healthy or not. */
  readonly skipped: readonly Skipped<N>[];
  /** All candidates, in no order that means anything. */
  readonly candidates: readonly Candidate<N>[];
  /**
   * The candidates in the order of priority; one comes twice if this message is to try it first, as a probe or to prove
   * a standby. A group takes its turn when it is reached for the first time, so that a standby which nobody needed keeps
   * its shares exact; the order then stays for the whole send.
   */
  inOrder(): Iterable<Candidate<N>>;
}

export function makePlan<N extends string>(
  groups: readonly RouteGroup<N>[],
  draft: MessageDraft,
  choice: Choice<N>,
): Plan<N> {
  const allowed: N[] = [];
  const skipped: Skipped<N>[] = [];
  const candidates: Candidate<N>[] = [];
  const planned: { readonly group: RouteGroup<N>; readonly members: Candidate<N>[]; order?: Candidate<N>[] }[] = [];

  for (const group of groups) {
    const members: Candidate<N>[] = [];
    for (const route of group.routes.filter((each) => isAllowed(each, choice))) {
      allowed.push(route.name);
      const { candidate, missing } = candidateFor(draft, route, choice.mayDrop);
      if (!candidate) skipped.push(Object.freeze({ provider: route.name, fields: missing }));
      else if (!route.monitor.isolated) members.push(candidate);
    }
    if (members.length === 0) continue;
    candidates.push(...members);
    planned.push({ group, members });
  }

  let ahead: { readonly candidate: Candidate<N> | undefined } | undefined;
  return {
    allowed,
    skipped: Object.freeze(skipped),
    candidates,
    *inOrder() {
      ahead ??= {
        candidate: aheadOfOrder(
          planned.map(({ members }) => members),
          choice,
        ),
      };
      if (ahead.candidate) yield ahead.candidate;
      for (const entry of planned) {
        entry.order ??= orderOf(entry.group, entry.members, choice);
        yield* entry.order;
      }
    },
  };
}

function isAllowed<N extends string>(
  { name, labels }: ResolvedRoute<N>,
  { only, except, require }: Choice<N>,
): boolean {
  if (only && !only.includes(name)) return false;
  return !except.includes(name) && require.every((label) => labels.includes(label));
}

const none: readonly string[] = Object.freeze([]);

/** Makes the message out to one provider, without the fields that may be dropped there. */
function candidateFor<N extends string>(
  draft: MessageDraft,
  route: ResolvedRoute<N>,
  mayDrop: readonly string[],
): { readonly candidate?: Candidate<N>; readonly missing: readonly string[] } {
  const whole = messageAt(draft, route, []);
  if (whole.missing.length === 0 && whole.message) {
    return { candidate: { route, message: whole.message, dropped: none }, missing: none };
  }
  const dropped = whole.missing.filter((field) => mayDrop.includes(field));
  if (!whole.message || dropped.length === 0) return { missing: whole.missing };
  const reduced = messageAt(draft, route, dropped);
  if (!reduced.message || reduced.missing.length > 0) return { missing: reduced.missing };
  return { candidate: { route, message: reduced.message, dropped: Object.freeze(dropped) }, missing: [] };
}

function messageAt<N extends string>(
  draft: MessageDraft,
  route: ResolvedRoute<N>,
  drop: readonly string[],
): { readonly message?: PreparedMessage; readonly missing: readonly string[] } {
  if (templateMissing(draft, route.name)) return { missing: Object.freeze(["template"]) };
  let message: PreparedMessage;
  try {
    message = messageFor(draft, route.name, { from: route.sender(draft.from), drop });
  } catch {
    // The route's own function for the sender failed, or gave none that is valid.
    return { missing: Object.freeze(["from"]) };
  }
  return { message, missing: unsupportedBy(route, message) };
}

/** An adapter that cannot tell what it carries is not trusted with the message. */
function unsupportedBy<N extends string>({ provider }: ResolvedRoute<N>, message: PreparedMessage): readonly string[] {
  try {
    const fields: unknown = provider.unsupported(message);
    if (isListOfStrings(fields)) return Object.freeze([...fields]);
  } catch {}
  return Object.freeze(["message"]);
}

function isListOfStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/**
 * The one that ordinary mail tries before all others: a provider that was down and may be back, or would stay down while
 * others are well; else a standby whose turn it is to be proven. At most one, so that a message which two of them lose
 * still has those that are well.
 */
function aheadOfOrder<N extends string>(
  tiers: readonly (readonly Candidate<N>[])[],
  { stickyKey, ordinary }: Choice<N>,
): Candidate<N> | undefined {
  if (!ordinary || stickyKey !== undefined) return undefined;
  const able = tiers.map((tier) => tier.filter((candidate) => canDo("send", candidate)));
  const losesNothing = (candidate: Candidate<N>): boolean => candidate.dropped.length === 0;
  const due = tiers.flat().filter((candidate) => canDo("probe", candidate));
  const probe = able.flat().some(losesNothing) ? due.find(losesNothing) : due[0];
  if (probe) return probe;
  const standbys = able
    .slice(able.findIndex((tier) => tier.length > 0) + 1)
    .flat()
    .filter(losesNothing);
  for (const { route } of standbys) route.prove.count();
  const proven = standbys.find(({ route }) => route.prove.isDue);
  proven?.route.prove.spend();
  return proven;
}

/** Those that carry everything come before those that lose a field. */
function orderOf<N extends string>(
  { balancer }: RouteGroup<N>,
  members: readonly Candidate<N>[],
  { stickyKey }: Choice<N>,
): Candidate<N>[] {
  const whole = members.filter((candidate) => candidate.dropped.length === 0);
  const reduced = members.filter((candidate) => candidate.dropped.length > 0);
  // Only the list that is going to be used takes a turn.
  const used = whole.some((candidate) => canDo("send", candidate)) ? whole : reduced;
  return [whole, reduced].flatMap((list) => {
    if (stickyKey !== undefined) return ranked(list, rendezvous(stickyKey, list.map(configuredWeight)));
    const weights = list.map(weightNow);
    return ranked(list, list === used ? balancer.turn(weights) : balancer.ranking(weights));
  });
}

function configuredWeight<N extends string>({ route }: Candidate<N>): Member<string> {
  return { key: route.name, weight: route.weight };
}

function weightNow<N extends string>(candidate: Candidate<N>): Member<string> {
  const { route } = candidate;
  const factor = canDo("send", candidate) ? route.monitor.weightFactor : 0;
  return { key: route.name, weight: route.weight * factor };
}

function canDo<N extends string>(what: "send" | "probe", { route }: Candidate<N>): boolean {
  return availabilityOf(route).can === what;
}

function ranked<N extends string>(members: readonly Candidate<N>[], names: readonly string[]): Candidate<N>[] {
  return [...members].sort((a, b) => names.indexOf(a.route.name) - names.indexOf(b.route.name));
}
