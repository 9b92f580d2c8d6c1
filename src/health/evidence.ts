import { now } from "../clock.ts";
import type { BreakerSettings } from "./breaker-options.ts";
import { SlidingWindow, type WindowStats } from "./sliding-window.ts";

/** What the attempts of one period say of a provider. */
export type Finding =
  | { readonly state: "down"; readonly reason: "consecutive-failures" | "failure-rate" }
  | { readonly state: "degraded"; readonly reason: "failure-rate" | "slow-rate" | "invalid-in-a-row" };

/** So many messages called malformed in a row mean that the adapter or the account is at fault, not each message. */
const suspiciousInvalidInARow = 10;

/** The counted attempts at one provider, and what follows from them by the breaker's thresholds. */
export class Evidence {
  readonly #settings: BreakerSettings;
  readonly #window: SlidingWindow;
  #failuresInARow = 0;
  #invalidInARow = 0;
  /** When the evidence last was too bad to call a degraded provider healthy. */
  #unwellAt = Number.NEGATIVE_INFINITY;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#window = new SlidingWindow(settings.window);
  }

  accepted(duration: number): void {
    this.#failuresInARow = 0;
    this.#invalidInARow = 0;
    this.#window.add(duration > this.#settings.slowAttempt ? "slow" : "ok", duration);
  }

  failed(duration: number): void {
    this.#failuresInARow += 1;
    this.#window.add("failed", duration);
  }

  /** A message-scoped refusal is neutral, unless every message is called malformed. */
  refused(reason: string): void {
    this.#invalidInARow = reason === "invalid" ? this.#invalidInARow + 1 : 0;
  }

  get finding(): Finding | undefined {
    const { attempts, failureRate, slowRate } = this.#window;
    const { minimumAttempts, consecutiveFailures, degradedRate } = this.#settings;
    if (this.#failuresInARow >= consecutiveFailures) return { state: "down", reason: "consecutive-failures" };
    if (attempts >= minimumAttempts) {
      if (failureRate > this.#settings.failureRate) return { state: "down", reason: "failure-rate" };
      if (failureRate >= degradedRate) return { state: "degraded", reason: "failure-rate" };
      if (slowRate >= this.#settings.slowRate) return { state: "degraded", reason: "slow-rate" };
    }
    if (this.#invalidInARow >= suspiciousInvalidInARow) return { state: "degraded", reason: "invalid-in-a-row" };
    return undefined;
  }

  /** Whether all was well for one whole window, counted from `since` at the earliest. */
  wellForOneWindow(since: number): boolean {
    return now() - Math.max(this.#unwellAt, since) >= this.#settings.window;
  }

  /** Looks at the rates, so that {@link wellForOneWindow} knows; call it whenever they may have changed. */
  observe(): void {
    const { degradedRate, slowRate } = this.#settings;
    const { failureRate, slowRate: slowNow } = this.#window;
    if (failureRate >= degradedRate / 2 || slowNow >= slowRate / 2) this.#unwellAt = now();
  }

  stats(): WindowStats {
    return this.#window.stats();
  }

  /** What was seen before a recovery must not open the circuit again. */
  forget(): void {
    this.#window.clear();
    this.#failuresInARow = 0;
    this.#invalidInARow = 0;
    this.#unwellAt = Number.NEGATIVE_INFINITY;
  }
}
