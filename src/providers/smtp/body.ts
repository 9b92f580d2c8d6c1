import type { Readable } from "node:stream";
import { afterReading } from "../../wire/after-reading.ts";

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
    this.size = bytes.byteLength;
    const begin = () => {
      if (this.stream.destroyed || !mayBegin()) return;
      this.#began = true;
      push();
    };
    const push = () => {
      const chunk = bytes.subarray(at, at + chunkSize);
      at += chunk.byteLength;
      if (chunk.byteLength > 0) {
        this.stream.push(chunk);
        return;
      }
      this.#ended = true;
      this.stream.push(null);
    };
    let isAsked = false;
    const read = () => {
      if (this.#began) push();
      // What came along with the leave to begin is an answer to nothing, and is to be seen before.
      else if (!isAsked) afterReading(begin);
      isAsked = true;
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
