import { Readable } from "node:stream";
import fc from "fast-check";
import { accepted, type Specimen, type Watch } from "./specimen.ts";
import { canary } from "./texts.ts";
import { thenable } from "./thenable.ts";
import { generator, inTurn, nodeStream, told, webStream } from "./watched-sources.ts";

const bytes: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 12, arbitrary: fc.uint8Array({ maxLength: 64 }).map((some) => Buffer.concat([Buffer.from(canary), some])) },
  fc.constantFrom(
    Buffer.alloc(0),
    Buffer.from("\r\n--x\r\nContent-Type: text/html\r\n\r\n"),
    Buffer.alloc(300_000, canary),
  ),
);

/** The bytes in three pieces, and an empty one between them. */
function pieces(whole: Buffer): readonly Uint8Array[] {
  const [first, second] = [Math.floor(whole.length / 3), Math.floor((2 * whole.length) / 3)];
  return [whole.subarray(0, first), new Uint8Array(), whole.subarray(first, second), whole.subarray(second)];
}

async function* giving(parts: readonly unknown[]): AsyncGenerator<unknown> {
  for (const part of parts) yield part;
}

class Bytes extends Uint8Array {}

/** Everything that an attachment's bytes may be read from. */
const sources: Readonly<Record<string, (whole: Buffer, watch: Watch) => unknown>> = {
  "a Buffer": (whole) => whole,
  "a part of a buffer": (whole) =>
    Buffer.concat([Buffer.alloc(9), whole, Buffer.alloc(9)]).subarray(9, 9 + whole.length),
  "an instance of a class of bytes": (whole) => new Bytes(whole),
  "shared memory": (whole) => {
    const shared = new Uint8Array(new SharedArrayBuffer(whole.length));
    shared.set(whole);
    return shared;
  },
  "a Blob": (whole) => new Blob([new Uint8Array(whole)]),
  "a File": (whole) => new File([new Uint8Array(whole)], `${canary}\r\n`, { type: "text/html" }),
  "a stream of a Blob": (whole) => new Blob([new Uint8Array(whole)]).stream(),
  "a stream of the web": (whole, watch) => webStream(watch, (call) => pieces(whole)[call - 1]),
  "a stream of Node": (whole, watch) =>
    nodeStream(watch, Readable.from(pieces(whole).filter((piece) => piece.length > 0))),
  "a generator": (whole, watch) => generator(watch, () => giving(pieces(whole))),
  "an iterator that gives no promises": (whole, watch) => {
    const list = pieces(whole);
    return told(watch, inTurn(list), { length: list.length });
  },
  "an iterator that refills its buffer": (whole, watch) => {
    const buffer = Buffer.alloc(1_000);
    const length = Math.ceil(whole.length / buffer.length);
    const refilled = (call: number) => {
      const piece = whole.subarray((call - 1) * buffer.length, call * buffer.length);
      buffer.fill(0).set(piece);
      return { done: call > length, value: buffer.subarray(0, piece.length) };
    };
    return told(watch, refilled, { length });
  },
  "an iterator that gives things that can be awaited": (whole, watch) => {
    const list = pieces(whole);
    const later = (call: number) => thenable((resolve) => resolve(inTurn(list)(call)));
    return told(watch, later, { length: list.length });
  },
};

/** A source and the bytes that it stands for. */
export const goodSource: fc.Arbitrary<Specimen<Uint8Array>> = fc
  .tuple(bytes, fc.constantFrom(...Object.entries(sources)))
  .map(([whole, [how, source]]) =>
    accepted(`${whole.length} bytes from ${how}`, (watch) => source(whole, watch), new Uint8Array(whole)),
  );
