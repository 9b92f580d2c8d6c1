import type { BreakerSetup } from "../world/breaker.ts";

interface Sample {
  readonly at: number;
  readonly kind: "ok" | "slow" | "failed";
}

export interface Rates {
  readonly attempts: number;
  readonly failureRate: number;
  readonly slowRate: number;
}

/** Counted attempts, each with its time; what counts at a moment is looked up afresh. */
export class SampleWindow {
  readonly #breaker: BreakerSetup;
  #samples: Sample[] = [];
  #unwellAt = Number.NEGATIVE_INFINITY;

  constructor(breaker: BreakerSetup) {
    this.#breaker = breaker;
  }

  add(at: number, kind: Sample["kind"]): void {
    const oldest = at - 3 * this.#breaker.window;
    this.#samples = [...this.#samples.filter((sample) => sample.at >= oldest), { at, kind }];
  }

  ratesAt(moment: number): Rates {
    return this.#ratesOf(moment, ({ at }) => at <= moment);
  }

  #ratesOf(moment: number, isThere: (sample: Sample) => boolean): Rates {
    const counted = this.#samples.filter((sample) => isThere(sample) && sample.at + this.#breaker.window >= moment);
    const rate = (kind: Sample["kind"]) =>
      counted.length === 0 ? 0 : counted.filter((sample) => sample.kind === kind).length / counted.length;
    return { attempts: counted.length, failureRate: rate("failed"), slowRate: rate("slow") };
  }

  /** Whether for one whole window both rates were under half their threshold, counted from `since` at the earliest. */
  wellSince(since: number, now: number): boolean {
    const { window } = this.#breaker;
    if (now - Math.max(since, this.#unwellAt) < window) return false;
    const changes = this.#samples.flatMap(({ at }) => [at, at + window]);
    const looks = [now, now - window, ...changes].filter((moment) => moment > now - window && moment <= now);
    return !looks.some((moment) => this.#isUnwellAt(moment));
  }

  noteUnwell(now: number): void {
    this.#unwellAt = now;
  }

  forget(): void {
    this.#samples = [];
    this.#unwellAt = Number.NEGATIVE_INFINITY;
  }

  /** At that moment, or up to it. */
  #isUnwellAt(moment: number): boolean {
    const { degradedRate, slowRate } = this.#breaker;
    return [this.ratesAt(moment), this.#ratesOf(moment, ({ at }) => at < moment)].some(
      (rates) => rates.failureRate >= degradedRate / 2 || rates.slowRate >= slowRate / 2,
    );
  }
}
