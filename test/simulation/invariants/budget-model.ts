const bucket = 1_000;
const buckets = 10;
const reserve = 10;

/** Repeats against sends of the last ten seconds, by the documentation. */
export class BudgetModel {
  readonly #share: number;
  readonly #sends: number[] = [];
  readonly #repeats: number[] = [];

  constructor(share = 0.2) {
    this.#share = share;
  }

  countSend(now: number): void {
    this.#sends.push(now);
  }

  countRepeat(now: number): void {
    this.#repeats.push(now);
  }

  isLeftAt(now: number): boolean {
    return recent(this.#repeats, now) < reserve + this.#share * recent(this.#sends, now);
  }
}

function recent(moments: readonly number[], now: number): number {
  const oldest = Math.floor(now / bucket) - buckets;
  let count = 0;
  for (let index = moments.length - 1; index >= 0; index -= 1) {
    if (Math.floor((moments[index] ?? 0) / bucket) <= oldest) break;
    count += 1;
  }
  return count;
}
