/** From and up to, both included. */
export type Range = readonly [first: number, last: number];

/** A set of whole numbers that is small as long as they lie side by side. */
export class Ranges {
  /** In order; no two of them touch. */
  #ranges: [number, number][];

  constructor(ranges: Iterable<Range> = []) {
    this.#ranges = Array.from(ranges, ([first, last]) => [first, last]);
  }

  has(number: number): boolean {
    const range = this.#ranges[this.#placeOf(number)];
    return range !== undefined && range[0] <= number;
  }

  add(number: number): void {
    const at = this.#placeOf(number);
    const next = this.#ranges[at];
    if (next && next[0] <= number) return;
    const before = this.#ranges[at - 1];
    const touchesBefore = before?.[1] === number - 1;
    const touchesNext = next?.[0] === number + 1;
    if (before && next && touchesBefore && touchesNext) {
      before[1] = next[1];
      this.#ranges.splice(at, 1);
    } else if (before && touchesBefore) before[1] = number;
    else if (next && touchesNext) next[0] = number;
    else this.#ranges.splice(at, 0, [number, number]);
  }

  delete(number: number): void {
    const at = this.#placeOf(number);
    const range = this.#ranges[at];
    if (!range || range[0] > number) return;
    const [first, last] = range;
    const rest: [number, number][] = [];
    if (first < number) rest.push([first, number - 1]);
    if (number < last) rest.push([number + 1, last]);
    this.#ranges.splice(at, 1, ...rest);
  }

  list(): readonly Range[] {
    return this.#ranges.map(([first, last]) => [first, last]);
  }

  /** The first range that does not end before the number: where it is, or would be. */
  #placeOf(number: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.[1] ?? number) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
