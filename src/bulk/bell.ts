import { longestTimer, now } from "../clock.ts";

/** What somebody waits for who has several reasons to look again: it is rung, or a moment comes. */
export class Bell {
  #heard: (() => void) | undefined;
  #rung = false;

  ring(): void {
    this.#rung = true;
    this.#heard?.();
  }

  /** Resolves once it rang since the last time, or at that moment of the monotonic clock. One may wait at a time. */
  async rung(until?: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer =
          until === undefined || until === Number.POSITIVE_INFINITY
            ? undefined
            : setTimeout(resolve, Math.min(Math.max(0, Math.ceil(until - now())), longestTimer));
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#heard = undefined;
    }
    this.#rung = false;
  }
}
