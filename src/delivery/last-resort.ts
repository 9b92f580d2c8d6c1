import { now } from "../clock.ts";

const atMostOncePer = 1_000;

/**
 * The last resort when every provider is down: one try for the whole mailer at a time, and at most one a second.
 * Whoever comes meanwhile awaits its verdict, so that an outage of all is not answered with a storm.
 */
export class LastResort {
  #underWay: Promise<void> | undefined;
  #lastBegan = Number.NEGATIVE_INFINITY;

  get underWay(): Promise<void> | undefined {
    return this.#underWay;
  }

  get mayBegin(): boolean {
    return this.#underWay === undefined && now() - this.#lastBegan >= atMostOncePer;
  }

  async begin(attempt: () => Promise<void>): Promise<void> {
    this.#lastBegan = now();
    const trying = attempt();
    this.#underWay = trying.catch(() => {});
    try {
      await trying;
    } finally {
      this.#underWay = undefined;
    }
  }
}
