import { setMaxListeners } from "node:events";
import type { Cancelling } from "../cancellation.ts";
import { now } from "../clock.ts";

/** What ends a send from outside. */
export type Interruption = "aborted" | "closed" | "expired";

/** The mailer's own end: `closing` ends waiting, `cutoff` ends attempts under way too. */
export interface MailerEnd {
  readonly closing: Cancelling;
  readonly cutoff: Cancelling;
}

/** All that may end one send before its time: its deadline, its caller, the close of the mailer. */
export class Interruptions {
  readonly #deadline: number;
  readonly #caller: AbortSignal | undefined;
  readonly #end: MailerEnd;

  /** @param deadline on the monotonic clock */
  constructor(deadline: number, caller: AbortSignal | undefined, end: MailerEnd) {
    this.#deadline = deadline;
    this.#caller = caller;
    // One signal for many sends is no leak: each takes its listeners back.
    if (caller) setMaxListeners(0, caller);
    this.#end = end;
  }

  /** Milliseconds to the deadline; 0 after it. */
  get remaining(): number {
    return Math.max(0, this.#deadline - now());
  }

  /** The interruption that ends attempts too. */
  get cancelled(): "aborted" | "closed" | undefined {
    if (this.#caller?.aborted) return "aborted";
    return this.#end.cutoff.aborted ? "closed" : undefined;
  }

  /** The reason of the caller's signal. */
  get abortReason(): unknown {
    return this.#caller?.reason;
  }

  /** The interruption that ends waiting. */
  get pending(): Interruption | undefined {
    if (this.cancelled) return this.cancelled;
    if (this.#end.closing.aborted) return "closed";
    return this.remaining === 0 ? "expired" : undefined;
  }

  /** Calls back when attempts are to end; the returned function takes that back. */
  onCancel(callback: () => void): () => void {
    const { cutoff } = this.#end;
    this.#caller?.addEventListener("abort", callback);
    cutoff.addEventListener("abort", callback);
    return () => {
      this.#caller?.removeEventListener("abort", callback);
      cutoff.removeEventListener("abort", callback);
    };
  }

  /** Calls back when everything but attempts is to end; the returned function takes that back. */
  onInterrupt(callback: () => void): () => void {
    const { closing } = this.#end;
    const removeCancel = this.onCancel(callback);
    closing.addEventListener("abort", callback);
    return () => {
      removeCancel();
      closing.removeEventListener("abort", callback);
    };
  }

  /**
   * Waits for a time, or for something else to settle if that comes sooner; resolves early with the interruption
   * that cut it short.
   */
  async wait(duration: number, sooner?: Promise<unknown>): Promise<Interruption | undefined> {
    if (this.pending) return this.pending;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        removeInterrupt();
        resolve();
      };
      // A timer drops fractions, and would be early.
      const timer = setTimeout(done, Math.ceil(Math.min(duration, this.remaining)));
      const removeInterrupt = this.onInterrupt(done);
      void sooner?.then(done, done);
    });
    return this.pending;
  }
}
