import { now } from "./clock.ts";

const bucket = 1_000;
const buckets = 10;

/** How many there were in the last ten seconds, to the second. */
export class RecentCount {
  #buckets: { readonly index: number; count: number }[] = [];

  /** Milliseconds that it looks back. */
  static readonly window = bucket * buckets;

  add(count = 1): void {
    const index = indexNow();
    const last = this.#buckets.at(-1);
    if (last?.index === index) last.count += count;
    else this.#buckets = [...this.#buckets.filter((each) => each.index > index - buckets), { index, count }];
  }

  get sum(): number {
    const oldest = indexNow() - buckets;
    let sum = 0;
    for (const { index, count } of this.#buckets) if (index > oldest) sum += count;
    return sum;
  }
}

function indexNow(): number {
  return Math.floor(now() / bucket);
}
