const nothing = new Uint8Array(0);

/**
 * Bytes that come in pieces of any size, in one place: a body in pieces of one byte costs no more than a whole one. A
 * single piece, which is what nearly every answer comes in, stays where it is.
 */
export class GrowingBuffer {
  readonly #limit: number;
  #space: Uint8Array = nothing;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether there was room. */
  add(piece: Uint8Array): boolean {
    const length = this.#used + piece.length;
    if (length > this.#limit) return false;
    if (this.#used === 0) {
      this.#space = piece;
      this.#used = length;
      return true;
    }
    if (length > this.#space.length) this.#grow(length);
    this.#space.set(piece, this.#used);
    this.#used = length;
    return true;
  }

  get bytes(): Buffer {
    const space = this.#space;
    const isWhole = Buffer.isBuffer(space) && space.length === this.#used;
    return isWhole ? space : Buffer.from(space.buffer, space.byteOffset, this.#used);
  }

  #grow(length: number): void {
    const space = new Uint8Array(Math.min(this.#limit, Math.max(length, 2 * this.#space.length, 1_024)));
    space.set(this.#space.subarray(0, this.#used));
    this.#space = space;
  }
}
