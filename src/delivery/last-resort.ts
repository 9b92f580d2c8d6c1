import { now } from "../clock.ts";
import type { ProbeResult } from "../health/permit.ts";

const atMostOncePer = 1_000;

/**
 * The last resort when every provider is down: one try for the whole mailer at a time, and at most one a second.
 * Whoever comes meanwhile awaits its result, so that an outage of all is not answered with a storm.
 */
export class LastResort {
  #underWay: Promise<ProbeResult> | undefined;
  #lastBegan = Number.NEGATIVE_INFINITY;

  get underWay(): Promise<ProbeResult> | undefined {
    return this.#underWay;
  }

  get mayBegin(): boolean {
    return this.#underWay === undefined && now() - this.#lastBegan >= atMostOncePer;
  }

  /** @param attempt must not reject; without a conclusive result it gives its place back at once */
  async begin(attempt: () => Promise<ProbeResult>): Promise<void> {
    const lastBegan = this.#lastBegan;
    this.#lastBegan = now();
    this.#underWay = attempt();
    let result: ProbeResult = "inconclusive";
    try {
      result = await this.#underWay;
    } finally {
      this.#underWay = undefined;
      if (result === "inconclusive") this.#lastBegan = lastBegan;
    }
  }
}
