import type { Readable } from "node:stream";

const chunkSize = 64 * 1024;

/**
 * A message as a stream that knows how far it was read. Its reader asks for the first byte once the server has said that
 * the data may come, and writes the final dot after the stream has ended, never before: as long as it has not ended, the
 * server cannot have the message (RFC 5321 §4.1.1.4).
 */
export class MessageBody {
  readonly stream: Readable;
  readonly size: number;
  #began = false;
  #ended = false;

  /** @param mayBegin asked before the first byte; where it says no, nothing is ever read */
  constructor(bytes: Uint8Array, mayBegin: () => boolean) {
    let at = 0;
    let held = false;
    this.size = bytes.byteLength;
    const read = () => {
      if (held) return;
      if (!this.#began && !mayBegin()) {
        held = true;
        return;
      }
      this.#began = true;
      const chunk = bytes.subarray(at, at + chunkSize);
      at += chunk.byteLength;
      if (chunk.byteLength > 0) {
        this.stream.push(chunk);
        return;
      }
      this.#ended = true;
      this.stream.push(null);
    };
    // Nothing is read ahead: the end is reached only when all before it was taken.
    this.stream = new (process.getBuiltinModule("node:stream").Readable)({ read, highWaterMark: 1 });
  }

  /** Whether the server let the data come. */
  get began(): boolean {
    return this.#began;
  }

  /** Whether the final dot may have been written. */
  get ended(): boolean {
    return this.#ended;
  }
}
