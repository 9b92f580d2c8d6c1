import { Bell } from "./bell.ts";

/** Results on their way to one consumer. */
export class Results<T> {
  readonly #results: T[] = [];
  readonly #most: number;
  readonly #onRoom: () => void;
  readonly #bell = new Bell();
  #ended = false;
  #fault: { readonly error: unknown } | undefined;

  /**
   * @param most so many wait to be taken before it counts as full
   * @param onRoom told when it is not full any more
   */
  constructor(most: number, onRoom: () => void) {
    this.#most = most;
    this.#onRoom = onRoom;
  }

  get isFull(): boolean {
    return this.#results.length >= this.#most;
  }

  push(result: T): void {
    this.#results.push(result);
    this.#bell.ring();
  }

  /** No more will come; whoever takes the last is told of the fault. */
  end(fault: { readonly error: unknown } | undefined): void {
    this.#ended = true;
    this.#fault = fault;
    this.#bell.ring();
  }

  /**
   * The next result; undefined at the end.
   *
   * @throws what ended the results before their time
   */
  async next(): Promise<T | undefined> {
    while (this.#results.length === 0 && !this.#ended) await this.#bell.rung();
    const wasFull = this.isFull;
    const result = this.#results.shift();
    if (wasFull && !this.isFull) this.#onRoom();
    if (result === undefined && this.#fault) throw this.#fault.error;
    return result;
  }
}
