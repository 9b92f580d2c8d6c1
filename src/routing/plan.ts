import { messagesFor, templateMissing } from "../message/for-provider.ts";
import type { PreparedMessage } from "../message/message.ts";
import type { MessageDraft } from "../message/prepare.ts";
import type { Skipped } from "../receipt.ts";
import { rendezvous } from "./rendezvous.ts";
import { availabilityOf, type ResolvedRoute, type RouteGroup } from "./resolved-route.ts";
import type { Member, Ranking, Weighted } from "./smooth-weighted-round-robin.ts";

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
  readonly choice: Choice<N>;
  /** The providers that the choice allows, isolated ones included. */
  readonly allowed: readonly N[];
  /** Allowed providers that cannot carry the message, healthy or not. */
  readonly skipped: readonly Skipped<N>[];
  /** All candidates, in no order that means anything. */
  readonly candidates: readonly Candidate<N>[];
  /**
   * The candidate at a place in the order of priority, from 0; undefined after the last. One comes twice if this message
   * is to try it first, as a probe or to prove a standby. Places are asked for in their order: a group takes its turn when
   * it is reached for the first time, so that a standby which nobody needed keeps its shares exact; the order then stays
   * for the whole send.
   */
  inOrder(place: number): Candidate<N> | undefined;
}

export function makePlan<N extends string>(
  groups: readonly RouteGroup<N>[],
  draft: MessageDraft,
  choice: Choice<N>,
): Plan<N> {
  const allowed: N[] = [];
  const skipped: Skipped<N>[] = [];
  const candidates: Candidate<N>[] = [];
  const tiers: Tier<N>[] = [];
  const messageOf = messagesFor(draft);

  for (const group of groups) {
    const members: Candidate<N>[] = [];
    for (const route of group.routes) {
      if (!isAllowed(route, choice)) continue;
      allowed.push(route.name);
      const { candidate, missing } = candidateFor(draft, messageOf, route, choice.mayDrop);
      if (!candidate) skipped.push(Object.freeze({ provider: route.name, fields: missing }));
      else if (!route.monitor.isolated) members.push(candidate);
    }
    if (members.length === 0) continue;
    for (const candidate of members) candidates.push(candidate);
    tiers.push({ group, members });
  }
  return new OrderedPlan(allowed, skipped.length === 0 ? none : Object.freeze(skipped), candidates, tiers, choice);
}

/** The candidates of one group. */
interface Tier<N extends string> {
  readonly group: RouteGroup<N>;
  readonly members: readonly Candidate<N>[];
}

class OrderedPlan<N extends string> implements Plan<N> {
  readonly choice: Choice<N>;
  readonly allowed: readonly N[];
  readonly skipped: readonly Skipped<N>[];
  readonly candidates: readonly Candidate<N>[];
  readonly #tiers: readonly Tier<N>[];
  /** As far as it was asked for. */
  readonly #order: Candidate<N>[] = [];
  /** The tier that comes next; undefined before anybody asked. */
  #next: number | undefined;
  /** Of the tier that came last: who follows the first of it. */
  #others: (() => readonly Candidate<N>[]) | undefined;

  constructor(
    allowed: readonly N[],
    skipped: readonly Skipped<N>[],
    candidates: readonly Candidate<N>[],
    tiers: readonly Tier<N>[],
    choice: Choice<N>,
  ) {
    this.allowed = allowed;
    this.skipped = skipped;
    this.candidates = candidates;
    this.#tiers = tiers;
    this.choice = choice;
  }

  inOrder(place: number): Candidate<N> | undefined {
    while (place >= this.#order.length) if (!this.#goOn()) return undefined;
    return this.#order[place];
  }

  /** Whether there was more. */
  #goOn(): boolean {
    if (this.#next === undefined) {
      this.#next = 0;
      const ahead = aheadOfOrder(this.#tiers, this.choice);
      if (ahead) this.#order.push(ahead);
      return true;
    }
    if (this.#others) {
      this.#order.push(...this.#others());
      this.#others = undefined;
      return true;
    }
    const tier = this.#tiers[this.#next];
    if (!tier) return false;
    this.#next += 1;
    const { first, others } = orderOf(tier, this.choice);
    if (first) this.#order.push(first);
    this.#others = others;
    return true;
  }
}

export function isAllowed<N extends string>(
  { name, labels }: ResolvedRoute<N>,
  { only, except, require }: Choice<N>,
): boolean {
  if (only && !only.includes(name)) return false;
  if (except.includes(name)) return false;
  return require.length === 0 || require.every((label) => labels.includes(label));
}

type MessageOf = ReturnType<typeof messagesFor>;

const none: readonly never[] = Object.freeze([]);

/** Makes the message out to one provider, without the fields that may be dropped there. */
function candidateFor<N extends string>(
  draft: MessageDraft,
  messageOf: MessageOf,
  route: ResolvedRoute<N>,
  mayDrop: readonly string[],
): { readonly candidate?: Candidate<N>; readonly missing: readonly string[] } {
  const whole = messageAt(draft, messageOf, route, none);
  if (whole.missing.length === 0 && whole.message) {
    return { candidate: { route, message: whole.message, dropped: none }, missing: none };
  }
  const dropped = whole.missing.filter((field) => mayDrop.includes(field));
  if (!whole.message || dropped.length === 0) return { missing: whole.missing };
  const reduced = messageAt(draft, messageOf, route, dropped);
  if (!reduced.message || reduced.missing.length > 0) return { missing: reduced.missing };
  return { candidate: { route, message: reduced.message, dropped: Object.freeze(dropped) }, missing: [] };
}

function messageAt<N extends string>(
  draft: MessageDraft,
  messageOf: MessageOf,
  route: ResolvedRoute<N>,
  drop: readonly string[],
): { readonly message?: PreparedMessage; readonly missing: readonly string[] } {
  if (templateMissing(draft, route.name)) return { missing: Object.freeze(["template"]) };
  let message: PreparedMessage;
  try {
    message = messageOf(route.name, { from: route.sender(draft.from), drop });
  } catch {
    // The route's own function for the sender failed, or gave none that is valid.
    return { missing: Object.freeze(["from"]) };
  }
  return { message, missing: unsupportedBy(route, message) };
}

/** An adapter that cannot tell what it carries is not trusted with the message. */
export function unsupportedBy<N extends string>(
  { provider }: ResolvedRoute<N>,
  message: PreparedMessage,
): readonly string[] {
  try {
    const fields: unknown = provider.unsupported(message);
    if (isListOfStrings(fields)) return fields.length === 0 ? none : Object.freeze([...fields]);
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
  tiers: readonly Tier<N>[],
  { stickyKey, ordinary }: Choice<N>,
): Candidate<N> | undefined {
  if (!ordinary || stickyKey !== undefined) return undefined;
  const due: Candidate<N>[] = [];
  const standbys: Candidate<N>[] = [];
  let firstAble: Tier<N> | undefined;
  let somebodyIsWell = false;
  for (const tier of tiers) {
    for (const candidate of tier.members) {
      const { can } = availabilityOf(candidate.route);
      if (can === "probe") due.push(candidate);
      if (can !== "send") continue;
      firstAble ??= tier;
      if (!losesNothing(candidate)) continue;
      somebodyIsWell = true;
      // Most are never to be proven.
      if (tier !== firstAble && candidate.route.prove.share > 0) standbys.push(candidate);
    }
  }
  const probe = somebodyIsWell ? due.find(losesNothing) : due[0];
  if (probe) return probe;
  for (const { route } of standbys) route.prove.count();
  const proven = standbys.find(({ route }) => route.prove.isDue);
  proven?.route.prove.spend();
  return proven;
}

/** Those that carry everything come before those that lose a field. */
function orderOf<N extends string>(
  { group: { balancer }, members }: Tier<N>,
  { stickyKey }: Choice<N>,
): Ranking<Candidate<N>> {
  // Who is alone has every turn.
  if (members.length === 1) return { first: members[0], others: () => none };
  const whole = members.every(losesNothing) ? members : members.filter(losesNothing);
  const reduced = whole === members ? none : members.filter((candidate) => !losesNothing(candidate));
  // Only the list that is going to be used takes a turn.
  const used = whole.some(canSend) ? whole : reduced;
  const [first, then] = [whole, reduced]
    .filter((list) => list.length > 0)
    .map((list): Ranking<Candidate<N>> => {
      if (stickyKey !== undefined) return ranked(list, rendezvous(stickyKey, list.map(configuredWeight)));
      const weights = list.map(weightNow);
      return list === used ? balancer.turn(weights) : balancer.ranking(weights);
    });
  if (!first) return { first: undefined, others: () => none };
  return then ? { first: first.first, others: () => [...first.others(), ...inFull(then)] } : first;
}

function losesNothing<N extends string>({ dropped }: Candidate<N>): boolean {
  return dropped.length === 0;
}

function canSend<N extends string>({ route }: Candidate<N>): boolean {
  return availabilityOf(route).can === "send";
}

function configuredWeight<N extends string>({ route }: Candidate<N>): Weighted<string> {
  return { key: route.name, weight: route.weight };
}

function weightNow<N extends string>(candidate: Candidate<N>): Member<string, Candidate<N>> {
  const { route } = candidate;
  const factor = canSend(candidate) ? route.monitor.weightFactor : 0;
  return { key: route.name, weight: route.weight * factor, member: candidate };
}

function ranked<N extends string>(members: readonly Candidate<N>[], names: readonly string[]): Ranking<Candidate<N>> {
  const [first, ...others] = [...members].sort((a, b) => names.indexOf(a.route.name) - names.indexOf(b.route.name));
  return { first, others: () => others };
}

function inFull<T>({ first, others }: Ranking<T>): readonly T[] {
  return first === undefined ? [] : [first, ...others()];
}
