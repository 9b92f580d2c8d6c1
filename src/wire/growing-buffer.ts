/** Bytes that come in pieces of any size, in one place: a body in pieces of one byte costs no more than a whole one. */
export class GrowingBuffer {
  readonly #limit: number;
  #space: Uint8Array = new Uint8Array(0);
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether there was room. */
  add(piece: Uint8Array): boolean {
    const length = this.#used + piece.length;
    if (length > this.#limit) return false;
    if (length > this.#space.length) this.#grow(length);
    this.#space.set(piece, this.#used);
    this.#used = length;
    return true;
  }

  get bytes(): Buffer {
    return Buffer.from(this.#space.buffer, 0, this.#used);
  }

  #grow(length: number): void {
    const space = new Uint8Array(Math.min(this.#limit, Math.max(length, 2 * this.#space.length, 1_024)));
    space.set(this.#space.subarray(0, this.#used));
    this.#space = space;
  }
}
