/** Everybody who waits for a limit or a throttle, whichever provider's: so many and no more. */
export class WaitingRoom {
  readonly limit: number;
  #waiting = 0;
  #tickets = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** A number for one send; lower ones are earlier. */
  nextTicket(): number {
    this.#tickets += 1;
    return this.#tickets;
  }

  /** Whether there was room; who entered must {@link leave}. */
  enter(): boolean {
    if (this.#waiting >= this.limit) return false;
    this.#waiting += 1;
    return true;
  }

  leave(): void {
    this.#waiting -= 1;
  }
}
