/** The first moment of every run by the wall clock: midnight, 1 January 2030. */
export const startOfTime = Date.UTC(2030, 0, 1);

/** The longest delay that Node keeps; a longer one it takes for 1 ms. */
const longestDelay = 2 ** 31 - 1;

/** A process that looks at the clock so often without waiting for anything will never wait. */
const mostLooks = 100_000;

interface Entry {
  readonly due: number;
  readonly run: () => void;
}

/**
 * Virtual time for one process and for the world around it. Time passes only by {@link next}, one timer at a time, so
 * that everything which a timer brings about can be waited for before the next one fires.
 *
 * A frozen process runs nothing, while both clocks and the world go on; once it is thawed its timers fire late.
 */
export class VirtualClock {
  readonly #process: Entry[] = [];
  readonly #world: Entry[] = [];
  /** Timers that the process set itself; `true`: it does not end before. */
  readonly #timers = new Map<Entry, boolean>();
  #now = 0;
  #frozenUntil = 0;
  #wallStep = 0;
  #looks = 0;

  /** Milliseconds since the beginning, on the monotonic clock. */
  get now(): number {
    return this.#now;
  }

  get wallTime(): number {
    return startOfTime + this.#now + this.#wallStep;
  }

  /** Timers that the process set and that have not fired, and how many of them keep it from ending. */
  get timers(): { readonly all: number; readonly holding: number } {
    return { all: this.#timers.size, holding: [...this.#timers.values()].filter((holds) => holds).length };
  }

  /** Something in the process, once it runs at that moment or later. */
  inProcess(at: number, run: () => void): Entry {
    return this.#insert(this.#process, at, run);
  }

  /** Something outside, which no frozen process holds up. */
  inWorld(at: number, run: () => void): void {
    this.#insert(this.#world, at, run);
  }

  freeze(duration: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#now + duration);
  }

  /** Somebody set the wall clock. */
  stepWallClock(by: number): void {
    this.#wallStep += by;
  }

  /** Fires what is due first; `none` where nothing is, or nothing until `limit`. */
  next(limit: number): "process" | "world" | "none" {
    const [first] = this.#process;
    const [outside] = this.#world;
    const dueInside = first ? Math.max(first.due, this.#frozenUntil) : Number.POSITIVE_INFINITY;
    const dueOutside = outside ? outside.due : Number.POSITIVE_INFINITY;
    if (Math.min(dueInside, dueOutside) > limit) return "none";
    if (outside && dueOutside <= dueInside) {
      this.#fire(this.#world, outside, dueOutside);
      return "world";
    }
    if (!first) return "none";
    this.#fire(this.#process, first, dueInside);
    return "process";
  }

  /**
   * Replaces the clocks and timers of this process; the returned function puts the real ones back.
   *
   * @param onDate told of each date of the moment that the process takes
   */
  install(onDate: (date: Date) => void = () => {}): () => void {
    const clock = this;
    class VirtualDate extends Date {
      constructor(...given: [] | [value: number | string | Date]) {
        const [date = clock.wallTime] = given;
        super(date);
        if (given.length === 0) onDate(this);
      }
      static override now(): number {
        return clock.wallTime;
      }
    }
    const timeout = (run: (...given: unknown[]) => void, delay?: number, ...given: unknown[]) =>
      this.#timer(run, delay, given);
    const clear = (timer: unknown) => {
      if (timer instanceof VirtualTimer) timer.close();
    };
    const restorers = [
      replace(globalThis, "Date", VirtualDate),
      replace(performance, "now", () => this.#look()),
      replace(globalThis, "setTimeout", timeout),
      replace(globalThis, "clearTimeout", clear),
      replace(globalThis, "setImmediate", (run: () => void) => this.#timer(run, 0, [])),
      replace(globalThis, "clearImmediate", clear),
      replace(globalThis, "setInterval", () => {
        throw new Error("Nothing here runs by an interval");
      }),
    ];
    return () => {
      for (const restore of restorers) restore();
    };
  }

  #look(): number {
    this.#looks += 1;
    if (this.#looks > mostLooks) throw new Error("A loop that takes no time never ends");
    return this.#now;
  }

  #timer(run: (...given: unknown[]) => void, delay: number | undefined, given: readonly unknown[]): VirtualTimer {
    const time = Number(delay);
    const kept = time >= 1 && time <= longestDelay ? Math.trunc(time) : 1;
    const entry = this.inProcess(this.#now + kept, () => {
      this.#timers.delete(entry);
      run(...given);
    });
    this.#timers.set(entry, true);
    return new VirtualTimer(
      () => this.#remove(entry),
      (holds) => this.#timers.has(entry) && this.#timers.set(entry, holds),
    );
  }

  #fire(queue: Entry[], entry: Entry, at: number): void {
    queue.shift();
    this.#looks = 0;
    this.#now = at;
    entry.run();
  }

  #insert(queue: Entry[], at: number, run: () => void): Entry {
    const entry = { due: Math.max(at, this.#now), run };
    let low = 0;
    let high = queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((queue[middle]?.due ?? 0) <= entry.due) low = middle + 1;
      else high = middle;
    }
    queue.splice(low, 0, entry);
    return entry;
  }

  #remove(entry: Entry): void {
    if (!this.#timers.delete(entry)) return;
    const index = this.#process.indexOf(entry);
    if (index !== -1) this.#process.splice(index, 1);
  }
}

/** As much of Node's `Timeout` as anybody here uses. */
class VirtualTimer {
  readonly #close: () => void;
  readonly #hold: (holds: boolean) => void;

  constructor(close: () => void, hold: (holds: boolean) => void) {
    this.#close = close;
    this.#hold = hold;
  }

  close(): void {
    this.#close();
  }

  ref(): this {
    this.#hold(true);
    return this;
  }

  unref(): this {
    this.#hold(false);
    return this;
  }
}

/** Replaces a property; the returned function puts the old one back. */
export function replace(owner: object, name: string, value: unknown): () => void {
  const original = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    if (original) Object.defineProperty(owner, name, original);
    else Reflect.deleteProperty(owner, name);
  };
}

const realSetImmediate = setImmediate;

/** Lets everything happen that needs no time. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    realSetImmediate(resolve);
  });
}
