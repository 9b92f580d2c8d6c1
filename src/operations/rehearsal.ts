import { now } from "../clock.ts";
import type { Drill, DrillFault, DrillOptions } from "../drill.ts";
import { failure, failureInPhase, ProviderError } from "../failure.ts";
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
  /** Its begin was told. */
  isTold: boolean;
}

const detail = "a drill: the provider was not asked";

const nothing: Disposable = Object.freeze({ [Symbol.dispose]() {} });

/** The drills of one provider: one at a time, each with an end. */
export class Rehearsal {
  readonly #listener: DrillListener;
  #running: Running | undefined;
  #closed = false;

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
    if (this.#closed) return nothing;
    const at = new Date();
    const drill = Object.freeze({ fault, at, until: new Date(at.getTime() + options.for) });
    const timer = setTimeout(() => this.#stop(running), options.for).unref();
    const running: Running = { ...options, drill, end: now() + options.for, timer, isTold: false };
    const replaced = this.#running;
    this.#running = running;
    if (replaced) this.#end(replaced);
    // Who was told of that end may have begun another one.
    if (this.#running === running) {
      running.isTold = true;
      this.#listener.started(drill);
    }
    return { [Symbol.dispose]: () => this.#stop(running) };
  }

  /** Ends the drill that is under way, and begins none any more. */
  close(): void {
    this.#closed = true;
    if (this.#running) this.#stop(this.#running);
  }

  #stop(running: Running): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#end(running);
  }

  #end({ timer, isTold, drill }: Running): void {
    clearTimeout(timer);
    if (isTold) this.#listener.over(drill);
  }

  /** An attempt that fails as the drill has it; undefined while there is none. */
  attempt(context: AttemptContext): Promise<never> | undefined {
    return this.current && this.#running ? failing(this.#running, context) : undefined;
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
    cancelling.addEventListener("abort", aborted);
  });
}
