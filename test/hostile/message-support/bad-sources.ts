import { Readable } from "node:stream";
import fc from "fast-check";
import { boom } from "./rogues.ts";
import { anyRefused, refused, type Specimen } from "./specimen.ts";
import { canary } from "./texts.ts";
import { thenable } from "./thenable.ts";
import { always, generator, nodeStream, told, webStream } from "./watched-sources.ts";

type Make = Specimen["make"];

const good = { done: false, value: Buffer.from(canary) };

/** Gives bytes, but for one call. */
function butAt(call: number, how: () => unknown): (call: number) => unknown {
  return (now) => (now === call ? how() : good);
}

const never = () => new Promise(() => {});
const reject = () => Promise.reject(new Error(canary));
const rejectWithNothing = () => Promise.reject();

/** What ends before its end. */
const failing: Readonly<Record<string, Make>> = {
  "a generator that throws": (watch) =>
    generator(watch, async function* () {
      yield good.value;
      boom();
    }),
  "an iterator that throws at once": (watch) => told(watch, boom),
  "an iterator that throws half-way": (watch) => told(watch, butAt(3, boom)),
  "an iterator that rejects": (watch) => told(watch, butAt(2, reject)),
  "an iterator that rejects with nothing": (watch) => told(watch, butAt(2, rejectWithNothing)),
  "an iterator whose end throws": (watch) => told(watch, butAt(2, boom), { gone: boom }),
  "an iterator whose end rejects": (watch) => told(watch, butAt(2, boom), { gone: reject }),
  "an iterator that does not end": (watch) => told(watch, butAt(2, boom), { gone: never }),
  "an iterator that gives no result": (watch) => told(watch, butAt(2, nothing)),
  "an iterator that gives a text for a result": (watch) => told(watch, butAt(2, text)),
  "an iterator whose result throws": (watch) => told(watch, butAt(2, lyingResult)),
  "an iterator without next": () => ({ [Symbol.asyncIterator]: () => ({}) }),
  "nothing for an iterator": () => ({ [Symbol.asyncIterator]: () => null }),
  "an iterator that cannot be had": () => ({ [Symbol.asyncIterator]: boom }),
  "what throws when it is looked at": () => new Proxy({}, { get: boom }),
  "a stream of the web that fails": (watch) => webStream(watch, boom),
  "a stream of the web that fails half-way": (watch) => webStream(watch, (call) => (call > 2 ? boom() : good.value)),
  "a stream of the web that is being read": () => {
    const stream = new Blob([canary]).stream();
    stream.getReader();
    return stream;
  },
  "a stream of the web that does not want to end": () =>
    new ReadableStream({ pull: (controller) => controller.enqueue(canary), cancel: boom }, { highWaterMark: 0 }),
  "a stream of Node that fails": (watch) => nodeStream(watch, new Readable({ read: boom })),
  "a stream of Node that fails later": (watch) => nodeStream(watch, failingLater()),
  "a stream of Node that is destroyed": () => Readable.from([good.value]).destroy(),
  "a stream of Node of texts": (watch) => nodeStream(watch, Readable.from([canary])),
  "a Blob whose stream throws": () => Object.assign(new Blob([canary]), { stream: boom }),
  "a Blob whose stream is none": () => Object.assign(new Blob([canary]), { stream: text }),
  "bytes that are gone": () => {
    const bytes = new Uint8Array(8);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    return bytes;
  },
};

function nothing(): void {}

function text(): string {
  return canary;
}

function lyingResult(): object {
  return Object.defineProperty({}, "done", { get: boom });
}

function failingLater(): Readable {
  return new Readable({
    read() {
      setImmediate(() => this.destroy(new Error(canary)));
    },
  });
}

function failingAtItsEnd(): Readable {
  return new Readable({ read() {}, destroy: (_error, done) => done(new Error(canary)) });
}

const wrongPieces: readonly unknown[] = [
  canary,
  5,
  5n,
  null,
  undefined,
  Symbol(canary),
  {},
  [1, 2],
  new Uint16Array(2),
  new DataView(new ArrayBuffer(2)),
  new ArrayBuffer(2),
  new Blob([canary]),
  Promise.resolve(Buffer.from(canary)),
  new Proxy(new Uint8Array(3), {}),
  Object.create(Uint8Array.prototype),
];

const wrongPiece: fc.Arbitrary<Specimen<never>> = fc
  .tuple(fc.nat({ max: wrongPieces.length - 1 }), fc.boolean())
  // A stream of the web awaits its pieces here, and nothing is its end.
  .filter(([index, web]) => !web || !(wrongPieces[index] === undefined || wrongPieces[index] instanceof Promise))
  .map(([index, web]) =>
    refused(`a ${web ? "stream" : "generator"} of something else than bytes, number ${index}`, (watch) => {
      const piece = (call: number) => (call === 1 ? good.value : wrongPieces[index]);
      return web ? webStream(watch, piece) : told(watch, (call) => ({ done: false, value: piece(call) }));
    }),
  );

/** What is no source of bytes at all. */
const noSource = anyRefused("no source of bytes", [
  () => null,
  () => 5,
  () => 5n,
  () => true,
  () => Symbol(canary),
  () => boom,
  () => ({}),
  () => [1, 2, 3],
  () => [Buffer.from(canary)],
  () => new Set([Buffer.from(canary)]),
  () => new ArrayBuffer(3),
  () => new Uint16Array(3),
  () => new DataView(new ArrayBuffer(3)),
  () => new Proxy(new Uint8Array(3), {}),
  () => Object.create(Uint8Array.prototype),
  () => Promise.resolve(Buffer.from(canary)),
  () => new Date(0),
  () => new URL("file:///etc/passwd"),
  () => new String(canary),
  () => thenable(() => {}),
  () => JSON.parse('{"type":"Buffer","data":[1,2]}'),
]);

export const failingSource: fc.Arbitrary<Specimen<never>> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Object.entries(failing)).map(([what, make]) => refused(what, make)) },
  wrongPiece,
  noSource,
);

const empty = new Uint8Array();

/** What never comes to an end, without ever giving too much. */
const endless: Readonly<Record<string, Make>> = {
  "an iterator that never answers": (watch) => told(watch, never),
  "an iterator that stops answering": (watch) => told(watch, butAt(3, never)),
  "an iterator that gives nothing for ever": (watch) => told(watch, always(empty)),
  "an iterator that gives nothing, and is hard to end": (watch) => told(watch, always(empty), { gone: boom }),
  "a generator that gives nothing for ever": (watch) => generator(watch, () => repeating(empty)),
  "a stream of the web that never answers": (watch) => webStream(watch, never),
  "a stream of the web that gives nothing for ever": (watch) => webStream(watch, () => empty),
  "a stream of Node that never answers": (watch) => nodeStream(watch, new Readable({ read() {} })),
  "a stream of Node that fails when it is given up": (watch) => nodeStream(watch, failingAtItsEnd()),
  "a stream of Node that stops answering": (watch) => {
    const stream = new Readable({ read() {} });
    stream.push(canary);
    return nodeStream(watch, stream);
  },
};

export const endlessSource: fc.Arbitrary<Specimen<never>> = fc
  .constantFrom(...Object.entries(endless))
  .map(([what, make]) =>
    refused(what, (watch) => {
      watch.endless = true;
      return make(watch);
    }),
  );

const megabytes = Buffer.alloc(4 * 1024 * 1024, canary);

async function* repeating(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  for (;;) yield piece;
}

/** What gives more than any ESP takes; the message as a whole is too large then. */
export const flood: fc.Arbitrary<Make> = fc.constantFrom<Make>(
  (watch) => told(watch, always(megabytes)),
  (watch) => generator(watch, () => repeating(megabytes)),
  (watch) => webStream(watch, () => megabytes),
  (watch) => nodeStream(watch, Readable.from(repeating(megabytes))),
  () => new Blob(Array.from({ length: 11 }, () => megabytes)),
);
