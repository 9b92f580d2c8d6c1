import { now } from "../clock.ts";
import type { Attempt } from "../receipt.ts";

/** At most so many attempts whose outcome is unknown: at most so many copies of a message. */
const unknownLimit = 2;

/** So many providers must call a message malformed before it is believed. */
const opinions = 2;

/** What was tried for one message, and what follows from it. */
export class AttemptLog<N extends string> {
  readonly #attempts: Attempt<N>[] = [];
  /** Ends of the pauses that providers asked for, on the monotonic clock. */
  #pauses: Map<N, number> | undefined;

  add(attempt: Attempt<N>): void {
    this.#attempts.push(attempt);
    if (attempt.outcome === "accepted" || attempt.failure.retryAfter === undefined) return;
    this.#pauses ??= new Map();
    this.#pauses.set(attempt.provider, now() + attempt.failure.retryAfter);
  }

  get all(): readonly Attempt<N>[] {
    return this.#attempts;
  }

  get last(): Attempt<N> | undefined {
    return this.#attempts.at(-1);
  }

  /** Whether anybody, or this provider, was tried in a round. */
  triedIn(round: number, provider?: N): boolean {
    return this.#attempts.some(
      (attempt) => attempt.round === round && (provider === undefined || attempt.provider === provider),
    );
  }

  tried(provider: N): boolean {
    return this.#attempts.some((attempt) => attempt.provider === provider);
  }

  /** Whether a provider is done with this message: it refused it, or may have it. */
  settled(provider: N): boolean {
    return this.#attempts.some((attempt) => attempt.provider === provider && !mayBeRepeated(attempt));
  }

  /** Until when a provider asked to be left alone, on the monotonic clock. */
  pauseOf(provider: N): number | undefined {
    return this.#pauses?.get(provider);
  }

  isPaused(provider: N): boolean {
    const until = this.#pauses?.get(provider);
    return until !== undefined && until > now();
  }

  get anyUnknown(): boolean {
    return this.#unknowns > 0;
  }

  get tooManyUnknowns(): boolean {
    return this.#unknowns >= unknownLimit;
  }

  get enoughCallItInvalid(): boolean {
    return (
      this.#attempts.filter((each) => each.outcome !== "accepted" && each.failure.reason === "invalid").length >=
      opinions
    );
  }

  get #unknowns(): number {
    return this.#attempts.filter((attempt) => attempt.outcome === "unknown").length;
  }
}

function mayBeRepeated(attempt: Attempt): boolean {
  return attempt.outcome === "not-sent" && attempt.failure.scope !== "message";
}
