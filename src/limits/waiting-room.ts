/** Who goes first where several wait for one provider. */
export type Precedence = "single" | "bulk";

/** No mailer lives to give so many tickets to single sends. */
const firstOfBulk = 2 ** 52;

/** Everybody who waits for a limit or a throttle, whichever provider's: so many and no more. */
export class WaitingRoom {
  readonly limit: number;
  #waiting = 0;
  #tickets = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** A number for one send: lower ones go first. Bulk work goes after all single sends, however late those come. */
  nextTicket(precedence: Precedence): number {
    this.#tickets += 1;
    return precedence === "single" ? this.#tickets : firstOfBulk + this.#tickets;
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
