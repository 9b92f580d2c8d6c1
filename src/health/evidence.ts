import { now } from "../clock.ts";
import type { Failure } from "../failure.ts";
import type { BreakerSettings } from "./breaker-options.ts";
import { SlidingWindow, type WindowStats } from "./sliding-window.ts";

/** What the attempts of one period say of a provider, and the latest failure that says so. */
export type Finding = { readonly failure?: Failure | undefined } & (
  | { readonly state: "down"; readonly reason: "consecutive-failures" | "failure-rate" }
  | { readonly state: "degraded"; readonly reason: "failure-rate" | "slow-rate" | "invalid-in-a-row" }
);

/** So many messages called malformed in a row mean that the adapter or the account is at fault, not each message. */
const suspiciousInvalidInARow = 10;

/** The counted attempts at one provider, and what follows from them by the breaker's thresholds. */
export class Evidence {
  readonly #settings: BreakerSettings;
  readonly #window: SlidingWindow;
  #failuresInARow = 0;
  /** Ids of the messages that were called malformed in a row; the same message again proves nothing new. */
  readonly #invalidInARow = new Set<string>();
  /** The latest that counted. */
  #lastFailed: Failure | undefined;
  #lastInvalid: Failure | undefined;
  /** When the evidence last was too bad to call a degraded provider healthy. */
  #unwellAt = Number.NEGATIVE_INFINITY;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#window = new SlidingWindow(settings.window, (time) => this.#noteIfUnwell(time));
  }

  accepted(duration: number): void {
    this.#failuresInARow = 0;
    this.forgetInvalid();
    this.#noteBeforeChange();
    this.#window.add(duration > this.#settings.slowAttempt ? "slow" : "ok", duration);
  }

  failed(duration: number, failure: Failure): void {
    this.#failuresInARow += 1;
    this.#lastFailed = failure;
    this.#noteBeforeChange();
    this.#window.add("failed", duration);
  }

  /** A message-scoped refusal is neutral, unless every message is called malformed. */
  refused(failure: Failure, messageId: string): void {
    this.#lastInvalid = failure;
    if (failure.reason !== "invalid") this.forgetInvalid();
    else if (this.#invalidInARow.size < suspiciousInvalidInARow) this.#invalidInARow.add(messageId);
    else this.#unwellAt = now();
  }

  /** Nothing was called malformed for a while, or something else came between. */
  forgetInvalid(): void {
    this.#invalidInARow.clear();
  }

  get finding(): Finding | undefined {
    const { attempts, failureRate, slowRate } = this.#window.rates();
    const { minimumAttempts, consecutiveFailures, degradedRate } = this.#settings;
    const failure = this.#lastFailed;
    if (this.#failuresInARow >= consecutiveFailures) return { state: "down", reason: "consecutive-failures", failure };
    if (attempts >= minimumAttempts) {
      if (failureRate > this.#settings.failureRate) return { state: "down", reason: "failure-rate", failure };
      if (failureRate >= degradedRate) return { state: "degraded", reason: "failure-rate", failure };
      if (slowRate >= this.#settings.slowRate) return { state: "degraded", reason: "slow-rate" };
    }
    if (this.#invalidInARow.size < suspiciousInvalidInARow) return undefined;
    return { state: "degraded", reason: "invalid-in-a-row", failure: this.#lastInvalid };
  }

  /**
   * Whether for one whole window, counted from `since` at the earliest, both rates were under half their threshold and
   * nothing was added to a row of messages called malformed.
   */
  wellForOneWindow(since: number): boolean {
    this.#noteBeforeChange();
    return now() - Math.max(this.#unwellAt, since) >= this.#settings.window;
  }

  /** Rates stay as they are between two samples, but for those that leave the window meanwhile. */
  #noteBeforeChange(): void {
    this.#noteIfUnwell(this.#window.expire());
  }

  #noteIfUnwell(time: number): void {
    const { degradedRate, slowRate } = this.#settings;
    const counted = this.#window.counted();
    if (counted.failureRate >= degradedRate / 2 || counted.slowRate >= slowRate / 2) this.#unwellAt = time;
  }

  stats(): WindowStats {
    return this.#window.stats();
  }

  /** What was seen before a recovery must not open the circuit again. */
  forget(): void {
    this.#window.clear();
    this.#failuresInARow = 0;
    this.forgetInvalid();
    this.#unwellAt = Number.NEGATIVE_INFINITY;
  }
}
