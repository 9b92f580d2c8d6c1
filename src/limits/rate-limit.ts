import { now } from "../clock.ts";

/** So many attempts may begin in any interval of that length. */
export interface RateSettings {
  readonly limit: number;
  /** Milliseconds. */
  readonly interval: number;
}

/** Leave for so many attempts; it comes back at that moment of the monotonic clock. */
export interface Permits {
  readonly returnsAt: number;
  readonly count: number;
}

/**
 * The permits of a rate. One that was taken comes back an interval later, so that no interval, wherever it begins,
 * holds more attempts than the limit; a token bucket would let up to twice as many through.
 */
export class RateLimit {
  readonly #limit: number;
  readonly #interval: number;
  /** When each permit that was taken comes back, on the monotonic clock; the earliest first. */
  #returns: number[] = [];
  /** Those before it are back. */
  #first = 0;

  constructor({ limit, interval }: RateSettings) {
    this.#limit = limit;
    this.#interval = interval;
  }

  get left(): number {
    const time = now();
    while ((this.#returns[this.#first] ?? Number.POSITIVE_INFINITY) <= time) this.#first += 1;
    // Cut the used-up head off once it is as long as the rest: each entry is moved at most once on average.
    if (this.#first * 2 > this.#returns.length) {
      this.#returns = this.#returns.slice(this.#first);
      this.#first = 0;
    }
    return this.#limit - this.#taken;
  }

  /** Takes permits, of which so many must be left. */
  take(count = 1): Permits {
    const returnsAt = now() + this.#interval;
    // No permit comes back later than these.
    for (let i = 0; i < count; i++) this.#returns.push(returnsAt);
    return { returnsAt, count };
  }

  /** Gives permits back unused. */
  putBack({ returnsAt, count }: Permits): void {
    for (let i = 0; i < count; i++) {
      const index = this.#returns.lastIndexOf(returnsAt);
      if (index >= this.#first) this.#returns.splice(index, 1);
    }
  }

  /** When there is a permit for one before whom `ahead` others take theirs, on the monotonic clock. */
  availableAt(ahead: number): number {
    const missing = ahead - this.left;
    if (missing < 0) return now();
    const cycles = Math.floor(missing / this.#limit);
    const place = missing % this.#limit;
    return (this.#returns[this.#first + place] ?? now()) + cycles * this.#interval;
  }

  /** The provider says that it was too much: what is left comes back one by one, as into an empty token bucket. */
  drain(): void {
    const time = now();
    const drained = Array.from(
      { length: this.left },
      (_, index) => time + ((index + 1) * this.#interval) / this.#limit,
    );
    this.#returns = [...this.#returns.slice(this.#first), ...drained].sort((a, b) => a - b);
    this.#first = 0;
  }

  get #taken(): number {
    return this.#returns.length - this.#first;
  }
}
