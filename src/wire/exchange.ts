import { failureInPhase, isProviderError, ProviderError } from "../failure.ts";
import type { Phase, Wire, WireLimits, WireRequest, WireResponse } from "./wire.ts";

/**
 * One attempt's use of the wire: one request at most, and a record of what became of it that stays true whatever the
 * SDK between makes of the answer or the error.
 */
export class Exchange {
  readonly #wire: Wire;
  readonly #limits: WireLimits;
  #used = false;
  #phase: Phase = "connecting";
  #response: WireResponse | undefined;
  #error: ProviderError | undefined;

  constructor(wire: Wire, limits: WireLimits) {
    this.#wire = wire;
    this.#limits = limits;
  }

  /** How far the request got; `connecting` also before there was one. */
  get phase(): Phase {
    return this.#phase;
  }

  /** Whether a byte of the request may have left. */
  get began(): boolean {
    return this.#phase !== "connecting";
  }

  /** The answer, once it is complete. */
  get response(): WireResponse | undefined {
    return this.#response;
  }

  /** What the request failed with. A refused second `send` is not recorded: it changes nothing of the first. */
  get error(): ProviderError | undefined {
    return this.#error;
  }

  /**
   * Sends the request. A second call, such as an SDK that retries or follows a redirect by itself, is refused with an
   * `internal` error before anything is sent.
   */
  send(request: WireRequest): Promise<WireResponse> {
    if (this.#used) {
      const detail = "the SDK tried to send a second request in one attempt, which was refused";
      return Promise.reject(this.#internal(detail));
    }
    this.#used = true;
    const { signal, timeout, fresh } = this.#limits;
    const onPhase = (phase: Phase) => this.#enter(phase);
    return this.#wire.request(request, { signal, timeout, fresh, onPhase }).then(
      (response) => this.#answered(response),
      (error: unknown) => this.#failed(error),
    );
  }

  #answered(response: WireResponse): WireResponse {
    this.#response = response;
    this.#enter("responding");
    return response;
  }

  #failed(error: unknown): never {
    this.#error = isProviderError(error) ? error : this.#internal("the wire itself failed");
    if (this.#error.failure.sent === "maybe" && !this.began) this.#enter("requesting");
    throw this.#error;
  }

  #enter(phase: Phase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#limits.onPhase?.(phase);
  }

  #internal(detail: string): ProviderError {
    return new ProviderError(failureInPhase("internal", this.began ? "maybe" : "no", { detail }));
  }
}
