import { longestTimer, now } from "../clock.ts";
import type { Availability } from "../health/availability.ts";
import { Line, type Place, type Slot } from "./line.ts";
import { type Permits, RateLimit, type RateSettings } from "./rate-limit.ts";

export interface LimitSettings {
  /** Attempts in flight at most; undefined: as many as come. */
  readonly concurrency: number | undefined;
  readonly rate: RateSettings | undefined;
}

/**
 * How much the user lets through to one provider, and the line of those who wait for it: for one of these limits or for
 * the end of a throttle. Nothing of this says anything of the provider's health.
 */
export class ProviderLimits {
  readonly #concurrency: number;
  readonly #rate: RateLimit | undefined;
  readonly #outlook: () => Availability;
  readonly #line = new Line();
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param outlook whether the provider may be tried, limits apart */
  constructor({ concurrency, rate }: LimitSettings, outlook: () => Availability) {
    this.#concurrency = concurrency ?? Number.POSITIVE_INFINITY;
    this.#rate = rate && new RateLimit(rate);
    this.#outlook = outlook;
  }

  /** Whether a slot can be had without waiting; nobody overtakes those who wait. */
  get free(): boolean {
    return this.#line.length === 0 && this.#isSlotLeft;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** How many more mails the rate lets through now. */
  get rateLeft(): number {
    return this.#rate?.left ?? Number.POSITIVE_INFINITY;
  }

  /** Takes a slot, or none where that would exceed a limit or overtake somebody. */
  take(): Slot | undefined {
    return this.free ? this.#newSlot() : undefined;
  }

  /** Joins the line. Who was sent earlier stands before who was sent later, whenever they come. */
  join(ticket: number): Place {
    const place = this.#line.join(ticket);
    this.#serve();
    return {
      called: place.called,
      leave: () => {
        const slot = place.leave();
        if (this.#line.length === 0) clearTimeout(this.#timer);
        return slot;
      },
    };
  }

  /**
   * When the rate lets a send through, on the monotonic clock; undefined where that depends on attempts in flight.
   *
   * @param ticket of the send; without one, it comes after all that wait
   */
  expectedAt(ticket = Number.POSITIVE_INFINITY): number | undefined {
    const ahead = this.#line.ahead(ticket);
    if (this.#rate && this.#rate.left <= ahead) return this.#rate.availableAt(ahead);
    return undefined;
  }

  /** The provider called it too much: what is left of the rate is void. */
  drain(): void {
    this.#rate?.drain();
  }

  /** The provider changed: those who wait go on, or look for another way. */
  reconsider(): void {
    this.#serve();
  }

  get #isSlotLeft(): boolean {
    return this.#inFlight < this.#concurrency && (this.#rate === undefined || this.#rate.left > 0);
  }

  #newSlot(): Slot {
    this.#inFlight += 1;
    return new HeldSlot(this.#rate, () => {
      this.#inFlight -= 1;
      this.#serve();
    });
  }

  /** Calls whoever can go now, and sees that the next are called in time. */
  #serve(): void {
    if (this.#timer) clearTimeout(this.#timer);
    // Who has no line to serve does not look: a look lets time take effect.
    if (this.#line.length === 0) return;
    let outlook = this.#outlook();
    while (this.#line.length > 0 && outlook.can !== "nothing" && this.#isSlotLeft) {
      this.#line.callFirst(this.#newSlot());
      outlook = this.#outlook();
    }
    if (this.#line.length === 0) return;
    if (outlook.can !== "nothing") this.#serveOnceRateAllows();
    else if (outlook.because === "throttled") this.#serveAt(outlook.until);
    else this.#line.disperse();
  }

  /** An attempt that ends calls the next by itself. */
  #serveOnceRateAllows(): void {
    if (this.#rate?.left === 0) this.#serveAt(this.#rate.availableAt(0));
  }

  #serveAt(moment: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#serve(), Math.min(Math.ceil(moment - now()), longestTimer));
  }
}

/** A slot that ends once, whatever is called how often. */
class HeldSlot implements Slot {
  readonly #rate: RateLimit | undefined;
  readonly #onEnd: () => void;
  #permits: readonly Permits[] = [];
  #held = true;

  constructor(rate: RateLimit | undefined, onEnd: () => void) {
    this.#rate = rate;
    this.#onEnd = onEnd;
    if (rate) this.#permits = [rate.take()];
  }

  takeMore(count: number): void {
    if (this.#rate) this.#permits = [...this.#permits, this.#rate.take(count)];
  }

  renew(): boolean {
    if (!this.#rate) return true;
    const count = this.#permits.reduce((sum, permits) => sum + permits.count, 0);
    this.#putBack();
    if (this.#rate.left < count) return false;
    this.#permits = [this.#rate.take(count)];
    return true;
  }

  release(): void {
    this.#end();
  }

  giveBack(): void {
    if (this.#held) this.#putBack();
    this.#end();
  }

  #putBack(): void {
    for (const permits of this.#permits) this.#rate?.putBack(permits);
    this.#permits = [];
  }

  #end(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#onEnd();
  }
}
