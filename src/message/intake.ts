import type { Cancelling } from "../cancellation.ts";
import { longestTimer } from "../clock.ts";
import { nameOf } from "../printable.ts";

/** The most that the largest of the four ESPs takes (Amazon SES, 40 MB). */
export const defaultMaxBytes = 40 * 1024 * 1024;

export interface IntakeLimits {
  readonly signal: Cancelling;
  /** Milliseconds left. */
  readonly deadline: number;
  /** Bytes of all contents together. */
  readonly maxBytes: number;
}

/** Why the intake ended before everything was read. */
export type Ending = "aborted" | "deadline" | "too-large";

/** What a reading gave; with neither a value nor a problem it was given up for a reason that the intake knows. */
export type Outcome<T> = { readonly value: T } | { readonly problem: string | undefined };

/** A content that cannot be read, in words that may be shown. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

/**
 * The reading of all that a message brings (promises, streams, files), under one abort, one time limit and one size
 * limit. When one of them ends it, every reading under way is given up and its source cancelled.
 */
export class Intake {
  readonly #limits: IntakeLimits;
  readonly #timer: NodeJS.Timeout;
  readonly #cancels = new Set<() => void>();
  readonly #ended: Promise<void>;
  #announceEnd: () => void = () => {};
  #ending: Ending | undefined;
  #bytes = 0;

  readonly #abort = () => this.#end("aborted");

  constructor(limits: IntakeLimits) {
    this.#limits = limits;
    this.#ended = new Promise((resolve) => {
      this.#announceEnd = resolve;
    });
    this.#timer = setTimeout(() => this.#end("deadline"), Math.min(Math.max(limits.deadline, 0), longestTimer));
    limits.signal.addEventListener("abort", this.#abort);
    if (limits.signal.aborted) this.#abort();
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Counts bytes before they are kept; throws when there is no use in going on. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxBytes) this.#end("too-large");
    this.throwIfEnded();
  }

  throwIfEnded(): void {
    if (this.#ending !== undefined) throw new UnreadableError("was given up");
  }

  /** Calls `cancel` when the intake ends early, at once if it has; the function returned takes that back. */
  onEnd(cancel: () => void): () => void {
    if (this.#ending !== undefined) cancel();
    else this.#cancels.add(cancel);
    return () => this.#cancels.delete(cancel);
  }

  /** Waits for a reading or for the end of the intake. Never rejects, so that no rejection is left unhandled. */
  settle<T>(reading: Promise<T>): Promise<Outcome<T>> {
    // A source that was cancelled may end as if it were complete.
    const outcome = reading.then(
      (value) => (this.#ending === undefined ? { value } : this.#givenUp()),
      (error: unknown) => (this.#ending === undefined ? { problem: describe(error) } : this.#givenUp()),
    );
    return Promise.race([outcome, this.#ended.then(() => this.#givenUp())]);
  }

  /** Lets go of the timer and of the caller's signal. */
  close(): void {
    clearTimeout(this.#timer);
    this.#limits.signal.removeEventListener("abort", this.#abort);
  }

  #end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    for (const cancel of this.#cancels) cancel();
    this.#announceEnd();
  }

  #givenUp(): { readonly problem: string | undefined } {
    if (this.#ending !== "deadline") return { problem: undefined };
    return { problem: `was not read to its end within ${this.#limits.deadline} ms, the time left for this send` };
  }
}

function describe(error: unknown): string {
  return error instanceof UnreadableError ? error.message : `could not be read (${nameOf(error)})`;
}
