/** Credit for more would be a burst after a time in which the standby could not be asked. */
const mostCredit = 2;

/**
 * When a standby is to prove that it works. Its share is exact, and starts at a random phase: otherwise processes that
 * send once would never prove anything.
 */
export class ProvingShare {
  readonly share: number;
  #credit: number | undefined;

  /** @param share 0–1 */
  constructor(share: number) {
    this.share = share;
  }

  /** Counts a send that could go there. */
  count(): void {
    if (this.share > 0) this.#credit = Math.min((this.#credit ?? Math.random()) + this.share, mostCredit);
  }

  get isDue(): boolean {
    return this.#credit !== undefined && this.#credit >= 1;
  }

  /** The send that was counted last goes there. */
  spend(): void {
    if (this.#credit !== undefined) this.#credit -= 1;
  }
}
