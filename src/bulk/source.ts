/** Anything that yields one item after another. */
export type Source<T> = Iterable<T> | AsyncIterable<T>;

/** Reads a source item by item, whichever kind it is; a promise in a plain iterable is awaited, as `for await` does. */
export class SourceReader<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  #done = false;

  /** @throws TypeError if it is no iterable */
  constructor(where: string, source: Source<T>) {
    this.#iterator = iteratorOf(where, source);
  }

  /** The next item; undefined at the end. Not to be called while a call is under way. */
  async next(): Promise<{ readonly item: T } | undefined> {
    if (this.#done) return undefined;
    const { done, value } = await this.#step();
    if (done) {
      this.#done = true;
      return undefined;
    }
    try {
      return { item: await value };
    } catch (error) {
      // A promise among the items rejected; the source itself goes on, and must hear that nobody reads it any more.
      this.close();
      throw error;
    }
  }

  async #step(): Promise<IteratorResult<T>> {
    try {
      return await this.#iterator.next();
    } catch (error) {
      this.#done = true;
      throw error;
    }
  }

  /** Tells the source that nobody reads on. It is not waited for: one that hangs in a read would never answer. */
  close(): void {
    if (this.#done) return;
    this.#done = true;
    try {
      void Promise.resolve(this.#iterator.return?.()).catch(() => {});
    } catch {}
  }
}

function iteratorOf<T>(where: string, source: Source<T>): Iterator<T> | AsyncIterator<T> {
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return source[Symbol.iterator]();
  }
  throw new TypeError(`${where} must be an iterable or an async iterable, as an array or a stream of objects`);
}
