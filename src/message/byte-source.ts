import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { types } from "node:util";
import { type Intake, UnreadableError } from "./intake.ts";

/** Whatever gives bytes piece by piece. */
interface ByteSource {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: unknown }>;
  /** Gives up what is not read; never throws. */
  cancel(): void;
}

/** What of a stream of Node is needed here, so that one of another library's copy will do. */
type NodeStream = Pick<Readable, "on" | "destroy">;

const accepted =
  "must be a Uint8Array, a Blob, a ReadableStream, an async iterable of Uint8Array, or a string with an encoding";
const readBefore = "was read before, or is being read; a stream gives its bytes only once, so give a fresh one";

/** A source that is always ready would keep timers and aborts from ever being noticed. */
const piecesWithoutPause = 64;

/** `isDisturbed` takes streams of the web too, and any other object; its own type does not say so. */
const streams: { isDisturbed(stream: object): boolean } = Readable;

/** Iterables that give their items once, and were taken; a second reader would find them empty. */
const taken = new WeakSet<object>();

/** The bytes of a Blob, a stream (of the web or of Node) or an async iterable. */
export async function readBytes(content: object, intake: Intake): Promise<Uint8Array> {
  return drain(open(content), intake);
}

export async function readFile(path: string, intake: Intake): Promise<Uint8Array> {
  // Opening a pipe or a device could block for ever.
  if (!(await stat(path)).isFile()) throw new UnreadableError("is not a regular file");
  return drain(fromIterator(createReadStream(path)), intake);
}

async function drain(source: ByteSource, intake: Intake): Promise<Uint8Array> {
  const release = intake.onEnd(() => source.cancel());
  try {
    intake.throwIfEnded();
    return await collect(source, intake);
  } catch (error) {
    source.cancel();
    throw error;
  } finally {
    release();
  }
}

async function collect(source: ByteSource, intake: Intake): Promise<Uint8Array> {
  const bytes = new GrowingBytes();
  for (let pieces = 1; ; pieces += 1) {
    const { done, value } = await source.next();
    if (done) return bytes.whole();
    if (!types.isUint8Array(value)) throw new UnreadableError("gives something other than bytes (Uint8Array)");
    intake.count(value.byteLength);
    bytes.append(value);
    if (pieces % piecesWithoutPause === 0) await setImmediate();
  }
}

/** One buffer, so that millions of tiny pieces cost no more than their bytes, and that a source may refill its own. */
class GrowingBytes {
  #buffer = new Uint8Array(0);
  #size = 0;

  append(piece: Uint8Array): void {
    const size = this.#size + piece.byteLength;
    if (size > this.#buffer.byteLength) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#buffer.byteLength));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#size);
    this.#size = size;
  }

  whole(): Uint8Array {
    return this.#size === this.#buffer.byteLength ? this.#buffer : this.#buffer.slice(0, this.#size);
  }
}

function open(content: object): ByteSource {
  if (isBlob(content)) return fromReader(content.stream());
  if (streams.isDisturbed(content)) throw new UnreadableError(readBefore);
  if (isWebStream(content)) return fromReader(content);
  if (isAsyncIterable(content)) return fromIterator(content);
  throw new UnreadableError(accepted);
}

function fromReader(stream: ReadableStream<unknown>): ByteSource {
  if (stream.locked) throw new UnreadableError(readBefore);
  const reader = stream.getReader();
  return { next: () => reader.read(), cancel: quietly(() => reader.cancel()) };
}

function fromIterator(content: AsyncIterable<unknown>): ByteSource {
  if (taken.has(content)) throw new UnreadableError(readBefore);
  const iterator = content[Symbol.asyncIterator]();
  if (isNodeStream(content)) {
    taken.add(content);
    // An iterator answers return() only after its pending next(); a stream can be told directly.
    return { next: () => iterator.next(), cancel: quietly(() => destroy(content)) };
  }
  if (Object.is(iterator, content)) taken.add(content);
  return { next: () => iterator.next(), cancel: quietly(() => iterator.return?.()) };
}

/** A stream that fails after it was given up must not end the process. */
function destroy(stream: NodeStream): void {
  stream.on("error", () => {});
  stream.destroy();
}

/** The source may be the caller's own class: whatever it throws or rejects with, it is given up all the same. */
function quietly(cancel: () => unknown): () => void {
  const run = async () => void (await cancel());
  return () => void run().catch(() => {});
}

function isBlob(content: object): content is Blob {
  return has(content, "stream") && has(content, "arrayBuffer");
}

function isNodeStream(content: object): content is NodeStream {
  return has(content, "read") && has(content, "on") && has(content, "destroy");
}

function isWebStream(content: object): content is ReadableStream<unknown> {
  return has(content, "getReader");
}

function isAsyncIterable(content: object): content is AsyncIterable<unknown> {
  return has(content, Symbol.asyncIterator);
}

function has(content: object, method: string | symbol): boolean {
  return typeof Reflect.get(content, method) === "function";
}
