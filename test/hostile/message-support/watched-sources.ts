import type { Readable } from "node:stream";
import type { Watch } from "./specimen.ts";

interface Told {
  /** How many pieces it has; without end by default. */
  readonly length?: number;
  /** What happens when it is told. */
  readonly gone?: () => unknown;
}

/** An iterator that has to be told when nobody reads it any more, unless it has given all; `at` answers each call. */
export function told(watch: Watch, at: (call: number) => unknown, { length, gone }: Told = {}): object {
  let calls = 0;
  let ended = false;
  const isThrough = () => length !== undefined && calls > length;
  watch.after(() => (calls > 0 && !isThrough() && !ended ? "a source was left open" : undefined));
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      calls += 1;
      return at(calls);
    },
    return() {
      ended = true;
      return gone?.();
    },
  };
}

/** Piece by piece, and then the end. */
export function inTurn(list: readonly unknown[]): (call: number) => { done: boolean; value: unknown } {
  return (call) => ({ done: call > list.length, value: list[call - 1] });
}

/** The same piece for ever. */
export function always(value: unknown): () => { done: boolean; value: unknown } {
  return () => ({ done: false, value });
}

/** A generator that is seen to be finished: run to its end, or closed. */
export function generator(watch: Watch, run: () => AsyncGenerator<unknown>): AsyncGenerator<unknown> {
  let begun = false;
  let finished = false;
  watch.after(() => (begun && !finished ? "a generator was left open" : undefined));
  async function* seen(): AsyncGenerator<unknown> {
    begun = true;
    try {
      yield* run();
    } finally {
      finished = true;
    }
  }
  return seen();
}

/** A stream of the web that is seen to be closed or cancelled; it ends when there is nothing more to give. */
export function webStream(watch: Watch, give: (call: number) => unknown): ReadableStream<unknown> {
  let calls = 0;
  let ended = false;
  watch.after(() => (calls > 0 && !ended ? "a stream of the web was left open" : undefined));
  const source = {
    async pull(controller: ReadableStreamDefaultController<unknown>) {
      calls += 1;
      try {
        const piece = await give(calls);
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
        ended ||= piece === undefined;
      } catch (error) {
        ended = true;
        throw error;
      }
    },
    cancel() {
      ended = true;
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** A stream of Node that is seen to be destroyed. */
export function nodeStream(watch: Watch, stream: Readable): Readable {
  watch.after(() => (stream.destroyed ? undefined : "a stream of Node was left open"));
  return stream;
}
