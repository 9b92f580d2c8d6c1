import { install } from "@sinonjs/fake-timers";

const start = Date.UTC(2030, 0, 1);

/** Milliseconds that a send may still be pending after the last one ended, before it counts as lost. */
const patience = 600_000;

/** Timers of the real clock, which fake ones replace in the globals. */
const { setTimeout: realSetTimeout } = globalThis;

/** Clocks and timers that move only when they are told to; `setImmediate` stays real, and lets promises settle. */
export class VirtualTime {
  readonly #clock = install({
    now: start,
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });

  constructor() {
    // As in Node, where a delay under 1 ms is 1 ms; otherwise time would stand still for whoever waits for a fraction.
    globalThis.setTimeout = new Proxy(globalThis.setTimeout, {
      apply: (fake, self, [callback, delay, ...rest]) =>
        Reflect.apply(fake, self, [callback, Math.max(1, delay ?? 1), ...rest]),
    });
  }

  get now(): number {
    return this.#clock.now;
  }

  get timers(): number {
    return this.#clock.countTimers();
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Goes to the next timer. */
  step(): void {
    this.#clock.next();
  }

  /** Lets time pass in one leap: whatever is due meanwhile happens at once, as after a frozen process thaws. */
  leap(milliseconds: number): void {
    this.#clock.tick(milliseconds);
  }

  /**
   * Lets time pass, timer by timer, until it holds.
   *
   * @throws Error when it still does not after ten minutes of virtual time, or when nothing is left that could bring it about
   */
  async until(holds: () => boolean, what: string): Promise<void> {
    const since = this.now;
    for (await this.settle(); !holds(); await this.settle()) {
      if (this.timers === 0 || this.now - since > patience) throw new Error(`Waited in vain until ${what}`);
      this.step();
    }
  }
}

/** A timer that no virtual time ends, and that keeps the process alive. */
export function realTimer(milliseconds: number): void {
  realSetTimeout(() => {}, milliseconds);
}
