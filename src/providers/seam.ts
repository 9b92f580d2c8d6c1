import type { Cancelling } from "../cancellation.ts";
import { longestTimer, now } from "../clock.ts";
import { failure, failureInPhase, ProviderError } from "../failure.ts";
import { isTimeout } from "../wire/abort-reason.ts";
import { Exchange } from "../wire/exchange.ts";
import type { Wire, WireRequest, WireResponse } from "../wire/wire.ts";
import { cancellingOf } from "./attempt-context.ts";
import type { AttemptContext } from "./provider.ts";

/** The one way out of an attempt, as an SDK is given it. */
export interface Way {
  /** Takes the request that the SDK has built. */
  readonly send: (request: WireRequest) => Promise<WireResponse>;
}

/** The place between SDK and wire: it gives up on an SDK that is still preparing when the attempt is over. */
export class Seam implements Way {
  readonly #wire: Wire;
  readonly #context: AttemptContext;
  readonly #cancelling: Cancelling;
  #exchange: Exchange | undefined;
  #headers: WireRequest["headers"] = {};
  #over = false;
  #limit: Limit | undefined;
  #resolve: ((thrown?: unknown) => void) | undefined;

  constructor(wire: Wire, context: AttemptContext) {
    this.#wire = wire;
    this.#context = context;
    this.#cancelling = cancellingOf(context);
  }

  get response(): WireResponse | undefined {
    return this.#exchange?.response;
  }

  get error(): ProviderError | undefined {
    return this.#exchange?.error;
  }

  /** Credentials as the request carried them; an SDK may have fetched its own. */
  get secrets(): readonly string[] {
    return Object.entries(this.#headers).flatMap(([name, value]) =>
      credentialHeaders.has(name.toLowerCase()) ? [value, ...value.split(" ").slice(1)] : [],
    );
  }

  /** Ends when the exchange has, or when the SDK can no longer begin one; resolves with what the SDK threw before. */
  run(work: () => Promise<unknown>): Promise<unknown> {
    return new Promise<unknown>((resolve) => {
      this.#resolve = resolve;
      if (this.#cancelling.aborted) return this.#aborted();
      try {
        work().then(
          () => this.#settled(),
          (thrown: unknown) => this.#settled(thrown),
        );
      } catch (thrown) {
        this.#settled(thrown);
      }
      // Most SDKs hand their request over at once, and the wire has limits of its own.
      if (!this.#exchange && !this.#over) this.#setLimit();
    });
  }

  /** Takes the request that the SDK has built. */
  readonly send = (request: WireRequest): Promise<WireResponse> => {
    if (this.#exchange) return this.#exchange.send(request);
    if (this.#over) return Promise.reject(new Error("the attempt is over"));
    // From here on the wire keeps the limits, and tells what the message's fate can be.
    const timeout = this.#limit
      ? Math.max(1, this.#context.timeout - (now() - this.#limit.setAt))
      : this.#context.timeout;
    this.#letGo();
    this.#headers = request.headers;
    const { fresh } = this.#context;
    this.#exchange = new Exchange(this.#wire, { signal: this.#cancelling, fresh, timeout });
    const sending = this.#exchange.send(request);
    const end = () => this.#end();
    sending.then(end, end);
    return sending;
  };

  /** An SDK may settle before the exchange that it has begun: the exchange is what counts. */
  #settled(thrown?: unknown): void {
    if (!this.#exchange) this.#end(thrown);
  }

  #aborted(): void {
    this.#end(isTimeout(this.#cancelling.reason) ? outOfTime() : gaveUp());
  }

  #end(thrown?: unknown): void {
    this.#over = true;
    this.#letGo();
    this.#resolve?.(thrown);
  }

  #setLimit(): void {
    if (this.#cancelling.aborted) {
      this.#aborted();
      return;
    }
    const abort = () => this.#aborted();
    const timer = setTimeout(() => this.#end(outOfTime()), Math.min(this.#context.timeout, longestTimer));
    this.#cancelling.addEventListener("abort", abort);
    this.#limit = { setAt: now(), timer, abort };
  }

  #letGo(): void {
    if (!this.#limit) return;
    const { timer, abort } = this.#limit;
    clearTimeout(timer);
    this.#cancelling.removeEventListener("abort", abort);
    this.#limit = undefined;
  }
}

/** What ends an attempt whose SDK is still preparing its request. */
interface Limit {
  /** On the monotonic clock. */
  readonly setAt: number;
  readonly timer: NodeJS.Timeout;
  readonly abort: () => void;
}

const credentialHeaders: ReadonlySet<string> = new Set(["authorization", "x-amz-security-token"]);

function outOfTime(): ProviderError {
  const detail = "no request was begun in time: the SDK was still preparing it";
  return new ProviderError(failure("unreachable", { code: "ETIMEDOUT", detail }));
}

function gaveUp(): ProviderError {
  return new ProviderError(failureInPhase("aborted", "no"));
}
