import { now } from "../clock.ts";
import { Charges } from "../delivery/charges.ts";
import type { Attempt, Skipped } from "../receipt.ts";

interface Fields<N extends string> {
  /** What was tried, in order. */
  readonly attempts: readonly Attempt<N>[];
  /** Providers that are not asked again: they refused it, may have it, or cannot carry it. */
  readonly excluded: ReadonlySet<N>;
  /** Providers that cannot carry it. */
  readonly skipped: readonly Skipped<N>[];
  /** One count for all that these mails did to a provider, however they are cut and put together. */
  readonly charges: Charges<N>;
  /** When these mails were first looked at, on the monotonic clock. */
  readonly began: number;
  /** When the last attempt ended; without one, as above. */
  readonly triedAt: number;
  /** Attempts that failed although the provider took others meanwhile. */
  readonly setbacks: number;
  /** When each provider may be asked again that asked for time, or failed; on the monotonic clock. */
  readonly pauses: ReadonlyMap<N, number>;
}

/** What follows from one more attempt. */
export interface Step {
  /** The provider is done with these mails. */
  readonly excluding: boolean;
  /** Time before that provider is asked again, ms. */
  readonly pause: number;
  /** The provider took others meanwhile. */
  readonly isSetback: boolean;
}

/** What was tried for mails that went the same way so far. */
export class History<N extends string> {
  readonly #fields: Fields<N>;

  private constructor(fields: Fields<N>) {
    this.#fields = fields;
  }

  static none<N extends string>(): History<N> {
    const began = now();
    return new History<N>({
      attempts: [],
      excluded: new Set(),
      skipped: [],
      charges: new Charges(),
      began,
      triedAt: began,
      setbacks: 0,
      pauses: new Map(),
    });
  }

  /** With one more attempt. */
  with(attempt: Attempt<N>, { excluding, pause, isSetback }: Step): History<N> {
    const { attempts, excluded, setbacks, pauses } = this.#fields;
    const { provider } = attempt;
    return new History({
      ...this.#fields,
      attempts: Object.freeze([...attempts, attempt]),
      excluded: excluding ? new Set([...excluded, provider]) : excluded,
      triedAt: now(),
      setbacks: setbacks + (isSetback ? 1 : 0),
      pauses: pause > 0 ? new Map([...pauses, [provider, now() + pause]]) : pauses,
    });
  }

  /** Without a provider that cannot carry these mails. */
  without(skipped: Skipped<N>): History<N> {
    return new History({
      ...this.#fields,
      excluded: new Set([...this.#fields.excluded, skipped.provider]),
      skipped: [...this.#fields.skipped, skipped],
    });
  }

  get attempts(): readonly Attempt<N>[] {
    return this.#fields.attempts;
  }

  get excluded(): ReadonlySet<N> {
    return this.#fields.excluded;
  }

  get skipped(): readonly Skipped<N>[] {
    return this.#fields.skipped;
  }

  get charges(): Charges<N> {
    return this.#fields.charges;
  }

  get began(): number {
    return this.#fields.began;
  }

  get triedAt(): number {
    return this.#fields.triedAt;
  }

  get setbacks(): number {
    return this.#fields.setbacks;
  }

  /** Not before this moment of the monotonic clock may that provider have these mails again. */
  pausedUntil(provider: N): number {
    return this.#fields.pauses.get(provider) ?? 0;
  }

  /** The how many-th try at that provider the next one is. */
  roundAt(provider: N): number {
    return this.attempts.filter((attempt) => attempt.provider === provider).length + 1;
  }

  /** Attempts that may have been sent. */
  get unknowns(): number {
    return this.attempts.filter(({ outcome }) => outcome === "unknown").length;
  }

  /** Providers that called these mails malformed. */
  get callingInvalid(): ReadonlySet<N> {
    const calling = this.attempts.filter((each) => each.outcome !== "accepted" && each.failure.reason === "invalid");
    return new Set(calling.map(({ provider }) => provider));
  }
}
