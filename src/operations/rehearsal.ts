import { now } from "../clock.ts";
import type { Drill, DrillFault, DrillOptions } from "../drill.ts";
import { failure, failureInPhase, ProviderError } from "../failure.ts";
import type { ProviderChange } from "../health/change.ts";
import { cancellingOf } from "../providers/attempt-context.ts";
import type { AttemptContext } from "../providers/provider.ts";
import { isTimeout } from "../wire/abort-reason.ts";

/** Who hears when a drill begins and ends. */
export interface DrillListener {
  started(drill: Drill): void;
  over(drill: Drill): void;
}

interface Running extends DrillOptions {
  readonly drill: Drill;
  /** On the monotonic clock. */
  readonly end: number;
  readonly timer: NodeJS.Timeout;
}

const detail = "a drill: the provider was not asked";

/** The drills of one provider: one at a time, each with an end. */
export class Rehearsal {
  readonly #listener: DrillListener;
  #running: Running | undefined;
  /** Whether the provider is as it is because of a drill. */
  #isCause = false;

  constructor(listener: DrillListener) {
    this.#listener = listener;
  }

  get current(): Drill | undefined {
    // By the clock, since timers stand still while a process is frozen.
    if (this.#running && now() >= this.#running.end) this.#stop(this.#running);
    return this.#running?.drill;
  }

  /** Begins a drill, in place of one that is under way; the handle ends it. */
  start(fault: DrillFault, options: DrillOptions): Disposable {
    this.end();
    const at = new Date();
    const drill = Object.freeze({ fault, at, until: new Date(at.getTime() + options.for) });
    const timer = setTimeout(() => this.#stop(running), options.for).unref();
    const running: Running = { ...options, drill, end: now() + options.for, timer };
    this.#running = running;
    this.#listener.started(drill);
    return { [Symbol.dispose]: () => this.#stop(running) };
  }

  end(): void {
    if (this.#running) this.#stop(this.#running);
  }

  #stop(running: Running): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    clearTimeout(running.timer);
    this.#listener.over(running.drill);
  }

  /** An attempt that fails as the drill has it; undefined while there is none. */
  attempt(context: AttemptContext): Promise<never> | undefined {
    return this.current && this.#running ? failing(this.#running, context) : undefined;
  }

  /** Marks a change that a drill brought about: by a failure of it, or as the way back from one. */
  mark<N extends string>(change: ProviderChange<N>): ProviderChange<N> {
    if (change.from === "isolated" || change.to === "isolated") return change;
    if (change.failure) this.#isCause = change.failure.drill === true;
    const marked = this.#isCause ? Object.freeze({ ...change, drill: true as const }) : change;
    if (change.to === "healthy") this.#isCause = false;
    return marked;
  }
}

async function failing(
  { drill: { fault }, latency = 0, retryAfter }: Running,
  context: AttemptContext,
): Promise<never> {
  // An attempt is always cut off when its time is up: that is what a time-out waits for.
  const cut =
    fault === "timeout" || latency > 0 ? await cutOff(context, fault === "timeout" ? undefined : latency) : undefined;
  const connected = fault !== "unreachable";
  if (!cut) throw new ProviderError(failure(fault, { detail, retryAfter, drill: true }));
  if (!isTimeout(cut.reason)) {
    throw new ProviderError(failureInPhase("aborted", connected ? "maybe" : "no", { detail, drill: true }));
  }
  throw new ProviderError(failure(connected ? "timeout" : "unreachable", { detail, drill: true }));
}

/** Why the attempt was cut off; undefined if the time passed first. */
function cutOff(context: AttemptContext, time: number | undefined): Promise<{ readonly reason: unknown } | undefined> {
  const cancelling = cancellingOf(context);
  return new Promise((resolve) => {
    const aborted = (): void => {
      clearTimeout(timer);
      resolve({ reason: cancelling.reason });
    };
    const timer = time === undefined ? undefined : setTimeout(passed, time);
    function passed(): void {
      cancelling.removeEventListener("abort", aborted);
      resolve(undefined);
    }
    if (cancelling.aborted) aborted();
    else cancelling.addEventListener("abort", aborted);
  });
}
