/** One that takes turns. */
export interface Member<K> {
  readonly key: K;
  /** Only its ratio to the others' counts; at 0 it takes no turn. */
  readonly weight: number;
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
  turn(members: readonly Member<K>[]): K[] {
    const eligible = members.filter((member) => member.weight > 0);
    if (!this.#started && eligible.length > 1) {
      this.#started = true;
      for (let skipped = Math.floor(Math.random() * phases); skipped > 0; skipped -= 1) this.#charge(eligible);
    }
    const order = this.ranking(members);
    this.#charge(eligible);
    return order;
  }

  /** Who would be next, without a turn being taken; members without weight come last. */
  ranking(members: readonly Member<K>[]): K[] {
    const claim = ({ key, weight }: Member<K>): number =>
      weight > 0 ? this.#creditOf(key) + weight : Number.NEGATIVE_INFINITY;
    return [...members].sort((a, b) => claim(b) - claim(a) || 0).map((member) => member.key);
  }

  #charge(members: readonly Member<K>[]): void {
    let total = 0;
    let winner: { readonly key: K; readonly credit: number } | undefined;
    for (const { key, weight } of members) {
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
