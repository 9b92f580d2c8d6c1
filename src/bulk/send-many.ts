import { type AnySteadyMailError, isSteadyMailError } from "../errors.ts";
import { Emitter } from "../events.ts";
import { abandon } from "../message/abandon.ts";
import type { Message } from "../message/message.ts";
import type { Receipt } from "../receipt.ts";
import { Bell } from "./bell.ts";
import { type Source, SourceReader } from "./source.ts";

/** What became of one message of many. */
export type SendResult<N extends string = string, M = Message<N>> = {
  /** Its place among the messages, from 0. */
  readonly index: number;
  readonly message: M;
} & (
  | { readonly outcome: "accepted"; readonly receipt: Receipt<N> }
  | { readonly outcome: "not-sent" | "unknown"; readonly error: AnySteadyMailError<N> }
);

/** How far `sendMany` is. */
export interface SendManyProgress {
  /** Messages taken from the source. */
  readonly read: number;
  /** Some provider took the message. */
  readonly accepted: number;
  /** Proven: no provider has it. */
  readonly notSent: number;
  /** Some provider may have it. */
  readonly unknown: number;
}

export interface SendManySettings {
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: SendManyProgress) => void) | undefined;
}

/**
 * Sends each message of a source and yields what became of it, in the order in which they settle. So many are under way
 * or wait to be yielded at most; no more are read. After a break, an abort or an error of the source nothing more is
 * read, and what is in flight settles first.
 */
export function sendMany<N extends string, M extends Message<N>>(
  messages: Source<M>,
  send: (message: M) => Promise<Receipt<N>>,
  settings: SendManySettings,
): AsyncGenerator<SendResult<N, M>, void, undefined> {
  return new Sending(messages, send, settings).results();
}

class Sending<N extends string, M extends Message<N>> {
  readonly #source: SourceReader<M>;
  readonly #send: (message: M) => Promise<Receipt<N>>;
  readonly #settings: SendManySettings;
  readonly #bell = new Bell();
  readonly #settled: SendResult<N, M>[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #progress = new Emitter<{ onProgress: SendManyProgress }>();
  readonly #counts = { read: 0, accepted: 0, notSent: 0, unknown: 0 };
  #reading = false;
  #ended = false;
  #fault: { readonly error: unknown } | undefined;

  readonly #abort = () => {
    this.#end();
  };

  constructor(messages: Source<M>, send: (message: M) => Promise<Receipt<N>>, settings: SendManySettings) {
    this.#source = new SourceReader("messages", messages);
    this.#send = send;
    this.#settings = settings;
    if (settings.onProgress) this.#progress.on("onProgress", settings.onProgress);
  }

  async *results(): AsyncGenerator<SendResult<N, M>, void, undefined> {
    const { signal } = this.#settings;
    signal?.addEventListener("abort", this.#abort);
    if (signal?.aborted) this.#end();
    try {
      yield* this.#settling();
    } finally {
      // Whoever breaks out of the loop wants no more of it; what is in flight settles.
      this.#end();
      signal?.removeEventListener("abort", this.#abort);
      await Promise.all(this.#inFlight);
    }
  }

  async *#settling(): AsyncGenerator<SendResult<N, M>, void, undefined> {
    while (true) {
      this.#readOn();
      for (let result = this.#settled[0]; result; result = this.#settled[0]) {
        yield result;
        // Only now has the caller taken it; until then it counts.
        this.#settled.shift();
        this.#readOn();
      }
      if (this.#ended && this.#inFlight.size === 0 && this.#settled.length === 0) break;
      await this.#bell.rung();
    }
    if (this.#fault) throw this.#fault.error;
  }

  #end(): void {
    this.#ended = true;
    this.#source.close();
    this.#bell.ring();
  }

  /** Begins the next read, if there is room for what comes of it. */
  #readOn(): void {
    if (this.#reading || this.#ended) return;
    if (this.#inFlight.size + this.#settled.length >= this.#settings.concurrency) return;
    this.#reading = true;
    void this.#read();
  }

  async #read(): Promise<void> {
    try {
      const next = await this.#source.next();
      if (!next) this.#end();
      else if (this.#ended) abandon(next.item);
      else this.#begin(next.item);
    } catch (error) {
      this.#fault = { error };
      this.#end();
    } finally {
      this.#reading = false;
      this.#readOn();
    }
  }

  #begin(message: M): void {
    const index = this.#counts.read;
    this.#counts.read += 1;
    const sending = this.#settle(index, message).finally(() => {
      this.#inFlight.delete(sending);
      this.#bell.ring();
      this.#readOn();
    });
    this.#inFlight.add(sending);
  }

  async #settle(index: number, message: M): Promise<void> {
    try {
      const receipt = await this.#send(message);
      this.#counts.accepted += 1;
      this.#settled.push({ index, message, outcome: "accepted", receipt });
    } catch (error) {
      if (isSteadyMailError<N>(error)) {
        const outcome = error.sent === "maybe" ? "unknown" : "not-sent";
        this.#counts[outcome === "unknown" ? "unknown" : "notSent"] += 1;
        this.#settled.push({ index, message, outcome, error });
        // No other message would fare better.
        if (error.kind === "closed") this.#end();
      } else {
        this.#fault ??= { error };
        this.#end();
      }
    }
    this.#progress.emit("onProgress", { ...this.#counts });
  }
}
