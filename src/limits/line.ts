/** Leave to make one attempt at one provider. */
export interface Slot {
  /** Takes more of the rate, of which so much must be left, for an attempt that carries several mails. */
  takeMore(count: number): void;
  /**
   * The attempt begins now and not when the slot was taken, so its rate counts from now. False where others have taken
   * meanwhile what had come back of it; then there is nothing to do with the slot but to give it back.
   */
  renew(): boolean;
  /** The attempt ended. */
  release(): void;
  /** No attempt was made. */
  giveBack(): void;
}

/** The place of one send in the line of a provider. */
export interface Place {
  /** Resolves when it is this send's turn, or when there is nothing left to wait for. */
  readonly called: Promise<void>;
  /** Ends the wait; the slot, if it was this send's turn. */
  leave(): Slot | undefined;
}

interface Waiter {
  readonly ticket: number;
  readonly call: (slot?: Slot) => void;
}

/** Those who wait for one provider, by the order in which they were sent. */
export class Line {
  readonly #waiters: Waiter[] = [];

  get length(): number {
    return this.#waiters.length;
  }

  /** How many are before a ticket. */
  ahead(ticket: number): number {
    const index = this.#waiters.findIndex((waiter) => waiter.ticket >= ticket);
    return index === -1 ? this.#waiters.length : index;
  }

  join(ticket: number): Place {
    let given: Slot | undefined;
    let call: Waiter["call"] = () => {};
    const called = new Promise<void>((resolve) => {
      call = (slot) => {
        given = slot;
        resolve();
      };
    });
    const waiter: Waiter = { ticket, call };
    this.#waiters.splice(this.ahead(ticket), 0, waiter);
    return {
      called,
      leave: () => {
        const index = this.#waiters.indexOf(waiter);
        if (index !== -1) this.#waiters.splice(index, 1);
        return given;
      },
    };
  }

  callFirst(slot: Slot): void {
    this.#waiters.shift()?.call(slot);
  }

  /** Sends everybody away without a slot, to look for another way. */
  disperse(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.call();
  }
}
