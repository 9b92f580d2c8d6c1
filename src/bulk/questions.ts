import { now } from "../clock.ts";
import { askSuppress, type Suppress, type SuppressionAnswer } from "../delivery/suppression.ts";
import { Bell } from "./bell.ts";

/** What `suppress` said of an address; `failed`: nothing, again and again, although it answers for others. */
export type Answer = "ok" | "suppressed" | "failed";

/** How long to wait before `suppress` is asked again, ms; doubled at each failure in a row. */
const firstWait = 1_000;
const longestWait = 60_000;

/** Who has not answered by then, ms, has failed. */
const longestQuestion = 30_000;

/** So often it may fail for one address while it answers for others. */
const mostFailures = 10;

/** Asks `suppress` until it answers: somebody who might be suppressed gets nothing, and is not lost either. */
export class Questions {
  readonly #suppress: Suppress;
  readonly #holdUp: (until: number | undefined) => void;
  readonly #sleepers = new Set<Bell>();
  #underWay = 0;
  /** Failures in a row. */
  #failures = 0;
  /** On the monotonic clock, as all moments here. */
  #askAgainAt = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  /** @param holdUp told when it failed, with the moment when it is asked again; and, with undefined, that it answers */
  constructor(suppress: Suppress, holdUp: (until: number | undefined) => void) {
    this.#suppress = suppress;
    this.#holdUp = holdUp;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Asks no more. */
  stop(): void {
    this.#stopped = true;
    for (const sleeper of this.#sleepers) sleeper.ring();
  }

  /** Undefined once it is stopped; never rejects. */
  async ask(address: string): Promise<Answer | undefined> {
    this.#underWay += 1;
    try {
      return await this.#answer(address);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #answer(address: string): Promise<Answer | undefined> {
    const began = now();
    let failures = 0;
    while (!this.#stopped) {
      const answer = await this.#askInTime(address);
      if (this.#stopped) break;
      if (typeof answer === "string") {
        this.#noteAnswer();
        return answer;
      }
      if (this.#answeredAt >= began) failures += 1;
      if (failures >= mostFailures) {
        this.#noteAnswer();
        return "failed";
      }
      await this.#waitAfterFailure();
    }
    return undefined;
  }

  /** One that does not answer fails as well; what it says after that is not heard. */
  async #askInTime(address: string): Promise<SuppressionAnswer> {
    const bell = new Bell();
    let answer: SuppressionAnswer = { failed: "no answer in time" };
    void askSuppress(this.#suppress, address).then((given) => {
      answer = given;
      bell.ring();
    });
    this.#sleepers.add(bell);
    await bell.rung(now() + longestQuestion);
    this.#sleepers.delete(bell);
    return answer;
  }

  #noteAnswer(): void {
    this.#answeredAt = now();
    if (this.#failures > 0) this.#holdUp(undefined);
    this.#failures = 0;
  }

  async #waitAfterFailure(): Promise<void> {
    if (this.#askAgainAt <= now()) {
      this.#askAgainAt = now() + Math.min(longestWait, firstWait * 2 ** this.#failures);
      this.#failures += 1;
      this.#holdUp(this.#askAgainAt);
    }
    const bell = new Bell();
    this.#sleepers.add(bell);
    await bell.rung(this.#askAgainAt);
    this.#sleepers.delete(bell);
  }
}
