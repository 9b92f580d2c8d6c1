/** A share that somebody has under a key. */
export interface Weighted<K> {
  readonly key: K;
  /** Only its ratio to the others' counts; at 0 it takes no turn. */
  readonly weight: number;
}

/** One that takes turns. */
export interface Member<K, M> extends Weighted<K> {
  readonly member: M;
}

/** An order of which mostly the first is needed: the others are put in order when somebody asks, as they stood then. */
export interface Ranking<M> {
  readonly first: M | undefined;
  readonly others: () => readonly M[];
}

/** Turns taken before the first one, at most: enough for a random phase at any usual ratio of weights. */
const phases = 1_000;

/**
 * Smooth weighted round robin, as nginx does it: each turn every member's weight is added to its credit, the largest
 * credit wins and pays the total. Shares are exact over a cycle and never bunched.
 *
 * It starts at a random phase. Otherwise short-lived processes that send once would all pick the heaviest.
 */
export class SmoothWeightedRoundRobin<K> {
  readonly #credit = new Map<K, number>();
  #started = false;

  /** Takes a turn: the winner, then the others in the order of {@link ranking}. */
  turn<M>(members: readonly Member<K, M>[]): Ranking<M> {
    if (!this.#started && members.filter(({ weight }) => weight > 0).length > 1) {
      this.#started = true;
      for (let skipped = Math.floor(Math.random() * phases); skipped > 0; skipped -= 1) this.#charge(members);
    }
    const order = this.ranking(members);
    this.#charge(members);
    return order;
  }

  /** Who would be next, without a turn being taken; members without weight come last. */
  ranking<M>(members: readonly Member<K, M>[]): Ranking<M> {
    const claims = members.map(({ key, weight }) =>
      weight > 0 ? this.#creditOf(key) + weight : Number.NEGATIVE_INFINITY,
    );
    const claimOf = (index: number): number => claims[index] ?? Number.NEGATIVE_INFINITY;
    let first = 0;
    for (let index = 1; index < claims.length; index += 1) if (claimOf(index) > claimOf(first)) first = index;
    const others = (): readonly M[] =>
      members
        .map(({ member }, index) => ({ member, index }))
        .filter(({ index }) => index !== first)
        .sort((a, b) => claimOf(b.index) - claimOf(a.index) || 0)
        .map(({ member }) => member);
    return { first: members[first]?.member, others };
  }

  #charge(members: readonly Weighted<K>[]): void {
    let total = 0;
    let winner: { readonly key: K; readonly credit: number } | undefined;
    for (const { key, weight } of members) {
      if (!(weight > 0)) continue;
      const credit = this.#creditOf(key) + weight;
      this.#credit.set(key, credit);
      total += weight;
      if (!winner || credit > winner.credit) winner = { key, credit };
    }
    if (winner) this.#credit.set(winner.key, winner.credit - total);
  }

  #creditOf(key: K): number {
    return this.#credit.get(key) ?? 0;
  }
}
