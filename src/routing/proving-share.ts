/**
 * Which sends go to a standby to prove that it works. Their share is exact, and starts at a random phase: otherwise
 * processes that send once would never prove anything.
 */
export class ProvingShare {
  readonly share: number;
  #credit: number | undefined;

  /** @param share 0–1 */
  constructor(share: number) {
    this.share = share;
  }

  /** Counts a send that could go there; whether it should. */
  turn(): boolean {
    if (this.share === 0) return false;
    this.#credit = (this.#credit ?? Math.random()) + this.share;
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }
}
