import { now } from "../clock.ts";
import type { TrialVerdict } from "../health/provider-monitor.ts";

const atMostOncePer = 1_000;

/**
 * The last resort when every provider is down: one try for the whole mailer at a time, and at most one a second.
 * Whoever comes meanwhile awaits its verdict, so that an outage of all is not answered with a storm.
 */
export class LastResort {
  #underWay: Promise<TrialVerdict> | undefined;
  #lastBegan = Number.NEGATIVE_INFINITY;

  get underWay(): Promise<TrialVerdict> | undefined {
    return this.#underWay;
  }

  get mayBegin(): boolean {
    return this.#underWay === undefined && now() - this.#lastBegan >= atMostOncePer;
  }

  /** @param attempt must not reject; a trial without a verdict gives its place back at once */
  async begin(attempt: () => Promise<TrialVerdict>): Promise<void> {
    const lastBegan = this.#lastBegan;
    this.#lastBegan = now();
    this.#underWay = attempt();
    const verdict = await this.#underWay;
    this.#underWay = undefined;
    if (verdict === "none") this.#lastBegan = lastBegan;
  }
}
