import { RecentCount } from "../recent-count.ts";

/** Repeats that are always allowed in the window, so that little traffic has its retries too. */
const reserve = 10;

/**
 * How many attempts may repeat earlier ones: a share of the sends of the last ten seconds, and ten. So an outage of all
 * providers is not answered with a storm. First tries are never counted, so that it denies no failover.
 *
 * @see Finagle's RetryBudget, gRPC's retry throttling (proposal A6)
 */
export class RetryBudget {
  readonly #share: number;
  readonly #sends = new RecentCount();
  readonly #repeats = new RecentCount();

  /** @param share of the sends, from 0 */
  constructor(share: number) {
    this.#share = share;
  }

  countSend(): void {
    this.#sends.add();
  }

  countRepeat(): void {
    this.#repeats.add();
  }

  get isLeft(): boolean {
    return this.#repeats.sum < reserve + this.#share * this.#sends.sum;
  }
}
