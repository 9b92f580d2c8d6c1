/** A seeded source of chance, so that a run can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1), by mulberry32. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** An integer in [from, to]. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** @throws RangeError for an empty list */
  pick<T extends object | string>(list: readonly T[]): T {
    const item = list[Math.floor(this.next() * list.length)];
    if (item === undefined) throw new RangeError("There is nothing to pick from");
    return item;
  }
}

/** Picks among names, each as often as its share of all shares. */
export class Lottery<K extends string> {
  readonly #names: readonly K[];
  readonly #ends: readonly number[];
  readonly #total: number;

  constructor(shares: ReadonlyMap<K, number>) {
    let total = 0;
    this.#names = [...shares.keys()];
    this.#ends = [...shares.values()].map((share) => {
      total += share;
      return total;
    });
    this.#total = total;
  }

  draw(random: Random): K {
    const ticket = random.next() * this.#total;
    const index = this.#ends.findIndex((end) => ticket < end);
    const name = this.#names[index];
    if (name === undefined) throw new RangeError("A lottery needs at least one name with a share above 0");
    return name;
  }
}
