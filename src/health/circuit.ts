import { EventEmitter } from "node:events";
import CircuitBreaker from "opossum";
import { longestTimer } from "../clock.ts";

/** opossum notes each run in its bucket, percentiles or not; a bucket that is never turned would grow for ever. */
const runsPerBucket = 100;

/**
 * opossum, guarded: the one place that knows it. It keeps the circuit and lets nothing through an open one; when it
 * opens and closes is decided by {@link ProviderMonitor}.
 *
 * Its own rules are switched off, since they cannot give what this library promises: its window moves by timer ticks, it
 * has no neutral outcome, an old success closes it, and its time-out leaves the request running. So no time-out, no
 * capacity, no cache, no abort controller, no listeners; and what it runs never rejects, for an outcome is on record
 * before opossum sees it.
 */
export class Circuit {
  readonly #rotation = new EventEmitter();
  readonly #breaker: CircuitBreaker<[action: () => Promise<void>], void>;
  #runs = 0;

  constructor(name: string) {
    this.#breaker = new CircuitBreaker((action: () => Promise<void>) => action(), {
      name,
      timeout: false,
      // opossum never becomes half-open by its own clock.
      resetTimeout: longestTimer,
      volumeThreshold: Number.MAX_SAFE_INTEGER,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rollingCountBuckets: 1,
      // Stands in for the interval timer that would turn opossum's own window.
      rotateBucketController: this.#rotation,
    });
  }

  open(): void {
    this.#breaker.open();
  }

  close(): void {
    this.#breaker.close();
  }

  /** Runs an action that never rejects. Rejects, without running it, while the circuit is open. */
  run(action: () => Promise<void>): Promise<void> {
    this.#runs += 1;
    if (this.#runs % runsPerBucket === 0) this.#rotation.emit("rotate");
    return this.#breaker.fire(action);
  }

  /** Runs one action through an open circuit, which stays open for everybody else unless the action's outcome closes it. */
  async probe(action: () => Promise<void>): Promise<void> {
    const wasOpen = this.#breaker.opened;
    this.#breaker.close();
    const done = this.run(action);
    if (wasOpen) this.#breaker.open();
    await done;
  }

  dispose(): void {
    this.#breaker.shutdown();
  }
}
