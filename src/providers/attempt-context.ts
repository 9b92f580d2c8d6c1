import type { Cancellation, Cancelling } from "../cancellation.ts";
import type { AttemptContext } from "./provider.ts";

/** An attempt's own cancellation, for adapters that need no `AbortSignal`. */
const ownCancellation = Symbol("cancellation of the attempt");

/** As an attempt is made: its `signal` comes into being when it is read. */
class LazyContext {
  readonly id: string;
  readonly timeout: number;
  readonly fresh: boolean;
  readonly [ownCancellation]: Cancellation;
  declare readonly signal: AbortSignal;

  constructor(id: string, timeout: number, fresh: boolean, cancellation: Cancellation) {
    this.id = id;
    this.timeout = timeout;
    this.fresh = fresh;
    this[ownCancellation] = cancellation;
    // A property of its own, so that whoever spreads the context has it too.
    Object.defineProperty(this, "signal", signalOfThis);
  }
}

const signalOfThis: PropertyDescriptor & ThisType<LazyContext> = {
  enumerable: true,
  configurable: true,
  get() {
    return this[ownCancellation].signal;
  },
};

/** @param timeout milliseconds */
export function attemptContext(
  id: string,
  timeout: number,
  fresh: boolean,
  cancellation: Cancellation,
): AttemptContext {
  return new LazyContext(id, timeout, fresh, cancellation);
}

/** What cancels an attempt: its signal, or what stands behind that as long as nobody has made another context of it. */
export function cancellingOf(context: AttemptContext): Cancelling {
  const isAsMade = context instanceof LazyContext && Object.hasOwn(context, ownCancellation);
  return isAsMade ? context[ownCancellation] : context.signal;
}
