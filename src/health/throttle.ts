import { now } from "../clock.ts";

const firstPause = 1_000;
const longestPause = 60_000;

/** How long a provider that asked for a pause is left alone. A throttle is no failure. */
export class Throttle {
  readonly #maxPause: number;
  #until = Number.NEGATIVE_INFINITY;
  #nextPause = firstPause;

  /** @param maxPause never wait longer than this, whatever the provider asks for */
  constructor(maxPause: number) {
    this.#maxPause = maxPause;
  }

  /** The end of the pause under way on the monotonic clock. */
  get until(): number | undefined {
    // Most have never been throttled, and need no look at the clock.
    return this.#until > 0 && this.#until > now() ? this.#until : undefined;
  }

  /**
   * @param retryAfter what the provider asks for; without it, or when that time has passed already, 1 s, doubled up to
   *   60 s while it goes on
   */
  begin(retryAfter = 0): void {
    if (retryAfter > 0) this.#extend(retryAfter);
    // Answers to requests that were under way together are one throttle, so they double nothing.
    else if (this.until === undefined) {
      this.#extend(this.#nextPause);
      this.#nextPause = Math.min(2 * this.#nextPause, longestPause);
    }
  }

  #extend(pause: number): void {
    this.#until = Math.max(this.#until, now() + Math.min(pause, this.#maxPause));
  }

  /** An acceptance ends the run of throttles. */
  accepted(): void {
    this.#nextPause = firstPause;
  }
}
