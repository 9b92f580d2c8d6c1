const firstPause = 1_000;
const longestPause = 60_000;

/** How long a provider that throttled is left alone, by the documentation. */
export class PauseModel {
  readonly #longest: number;
  #next = firstPause;
  /** On the monotonic clock. */
  until = Number.NEGATIVE_INFINITY;

  constructor(longest: number) {
    this.#longest = longest;
  }

  throttled(now: number, retryAfter = 0): void {
    if (retryAfter > 0) this.#extend(now, retryAfter);
    else if (this.until <= now) {
      this.#extend(now, this.#next);
      this.#next = Math.min(2 * this.#next, longestPause);
    }
  }

  accepted(): void {
    this.#next = firstPause;
  }

  #extend(now: number, pause: number): void {
    this.until = Math.max(this.until, now + Math.min(pause, this.#longest));
  }
}
