/** The permits of a rate, by the documentation: each comes back an interval after it was taken. */
export class RateModel {
  readonly #limit: number;
  readonly #interval: number;
  /** When those that are out come back. */
  #returns: number[] = [];

  constructor({ limit, interval }: { readonly limit: number; readonly interval: number }) {
    this.#limit = limit;
    this.#interval = interval;
  }

  leftAt(now: number): number {
    this.#returns = this.#returns.filter((at) => at > now);
    return this.#limit - this.#returns.length;
  }

  take(now: number): void {
    this.#returns.push(now + this.#interval);
  }

  /** After a throttle what was left comes back one by one. */
  drain(now: number): void {
    const left = this.leftAt(now);
    for (let permit = 1; permit <= left; permit += 1) {
      this.#returns.push(now + (permit * this.#interval) / this.#limit);
    }
  }
}
