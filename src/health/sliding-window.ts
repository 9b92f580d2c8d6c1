import { now } from "../clock.ts";

/** How a counted attempt went. */
export type Sample = "ok" | "slow" | "failed";

/** How many attempts are in a window, and how they went. */
export interface Rates {
  /** Attempts that counted. */
  readonly attempts: number;
  /** 0–1; 0 where nothing was counted. */
  readonly failureRate: number;
  /** 0–1; 0 where nothing was counted. */
  readonly slowRate: number;
}

/** Rates and latencies of the attempts in a window. */
export interface WindowStats extends Rates {
  /** Median time of the accepted attempts in milliseconds, 0 where there is none. */
  readonly p50: number;
  /** 95th percentile of the same. */
  readonly p95: number;
}

/** More than enough for a rate; older ones make room, so that memory stays bounded at any pace. */
const capacity = 2_000;

/**
 * The attempts of the last so many milliseconds. It moves by the clock, not by timer ticks: after a freeze nothing of
 * before counts.
 */
export class SlidingWindow {
  readonly #duration: number;
  readonly #beforeDrop: (time: number) => void;
  /** Of each attempt its time, its duration and how it went: no object for each, since they live long. */
  #times: number[] = [];
  #durations: number[] = [];
  #samples: Sample[] = [];
  /** Those before it have left the window. */
  #first = 0;
  readonly #counts = { ok: 0, slow: 0, failed: 0 };

  /** @param beforeDrop called before an attempt leaves the window, with the time on the monotonic clock when it did */
  constructor(duration: number, beforeDrop: (time: number) => void) {
    this.#duration = duration;
    this.#beforeDrop = beforeDrop;
  }

  add(sample: Sample, duration: number): void {
    const time = this.expire();
    if (this.#size === capacity) this.#dropFirst();
    this.#times.push(time);
    this.#durations.push(duration);
    this.#samples.push(sample);
    this.#counts[sample] += 1;
  }

  rates(): Rates {
    this.expire();
    return this.counted();
  }

  /** The rates without a look at the clock. */
  counted(): Rates {
    const attempts = this.#size;
    const rateOf = (count: number): number => (attempts === 0 ? 0 : count / attempts);
    return { attempts, failureRate: rateOf(this.#counts.failed), slowRate: rateOf(this.#counts.slow) };
  }

  stats(): WindowStats {
    const rates = this.rates();
    const latencies = this.#durations
      .slice(this.#first)
      .filter((_, index) => this.#samples[this.#first + index] !== "failed")
      .sort((a, b) => a - b);
    return { ...rates, p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95) };
  }

  clear(): void {
    this.#times = [];
    this.#durations = [];
    this.#samples = [];
    this.#first = 0;
    this.#counts.ok = this.#counts.slow = this.#counts.failed = 0;
  }

  get #size(): number {
    return this.#times.length - this.#first;
  }

  /** Lets go of what is older than the window; the time on the monotonic clock. */
  expire(): number {
    const time = now();
    let first = this.#times[this.#first];
    while (first !== undefined && first + this.#duration < time) {
      this.#beforeDrop(first + this.#duration);
      this.#dropFirst();
      first = this.#times[this.#first];
    }
    return time;
  }

  #dropFirst(): void {
    const sample = this.#samples[this.#first];
    if (!sample) return;
    this.#counts[sample] -= 1;
    this.#first += 1;
    // Cut the used-up head off once it is as long as the rest: each entry is moved at most once on average.
    if (this.#first * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#first);
      this.#durations = this.#durations.slice(this.#first);
      this.#samples = this.#samples.slice(this.#first);
      this.#first = 0;
    }
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
