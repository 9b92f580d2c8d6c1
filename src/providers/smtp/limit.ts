import type { Cancelling } from "../../cancellation.ts";
import { longestTimer } from "../../clock.ts";
import { isTimeout } from "../../wire/abort-reason.ts";

/** Thrown where the time is up, or the caller gave up. */
export class Expired extends Error {
  readonly why: "timeout" | "aborted";

  constructor(why: "timeout" | "aborted") {
    super(why);
    this.why = why;
  }
}

/** The end that an attempt has in any case. To be let go when it has ended otherwise. */
export class Limit {
  readonly #cancelling: Cancelling;
  readonly #timer: NodeJS.Timeout;
  readonly #abort: () => void;
  /** Milliseconds. */
  readonly timeout: number;
  /** Rejects with `Expired`. */
  readonly over: Promise<never>;

  /** @param timeout milliseconds */
  constructor(cancelling: Cancelling, timeout: number) {
    this.#cancelling = cancelling;
    this.timeout = timeout;
    let expire: (why: Expired["why"]) => void = () => {};
    this.over = new Promise<never>((_, reject) => {
      expire = (why) => reject(new Expired(why));
    });
    this.over.catch(() => {});
    this.#abort = () => expire(isTimeout(cancelling.reason) ? "timeout" : "aborted");
    // When the process was held up, an answer may have come in time and wait to be read: it is read first.
    this.#timer = setTimeout(() => setImmediate(() => expire("timeout")), Math.min(timeout, longestTimer));
    cancelling.addEventListener("abort", this.#abort);
    if (cancelling.aborted) this.#abort();
  }

  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([this.over, work]);
  }

  letGo(): void {
    clearTimeout(this.#timer);
    this.#cancelling.removeEventListener("abort", this.#abort);
  }
}
