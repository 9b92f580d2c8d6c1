import { now } from "../clock.ts";

const bucket = 1_000;
const buckets = 10;

/** Repeats that are always allowed in the window, so that little traffic has its retries too. */
const reserve = 10;

interface Bucket {
  readonly index: number;
  sends: number;
  repeats: number;
}

/**
 * How many attempts may repeat earlier ones: a share of the sends of the last ten seconds, and ten. So an outage of all
 * providers is not answered with a storm. First tries are never counted, so that it denies no failover.
 *
 * @see Finagle's RetryBudget, gRPC's retry throttling (proposal A6)
 */
export class RetryBudget {
  readonly #share: number;
  #buckets: Bucket[] = [];

  /** @param share of the sends, from 0 */
  constructor(share: number) {
    this.#share = share;
  }

  countSend(): void {
    this.#current().sends += 1;
  }

  countRepeat(): void {
    this.#current().repeats += 1;
  }

  get isLeft(): boolean {
    const oldest = indexNow() - buckets;
    let sends = 0;
    let repeats = 0;
    for (const each of this.#buckets) {
      if (each.index <= oldest) continue;
      sends += each.sends;
      repeats += each.repeats;
    }
    return repeats < reserve + this.#share * sends;
  }

  #current(): Bucket {
    const index = indexNow();
    const last = this.#buckets.at(-1);
    if (last?.index === index) return last;
    const next = { index, sends: 0, repeats: 0 };
    this.#buckets = [...this.#buckets.filter((each) => each.index > index - buckets), next];
    return next;
  }
}

function indexNow(): number {
  return Math.floor(now() / bucket);
}
