import { now } from "../clock.ts";
import type { Mail } from "./feed.ts";
import { History } from "./history.ts";
import type { Piece } from "./piece.ts";

/** A batch that is not full waits so long for more recipients, ms. */
const linger = 1_000;

/** Mails that failed so often stand back, so that one that always fails holds up nobody. */
const often = 5;

/** The mails of a campaign that are with no provider: those to be tried again, and those of whom nobody was asked yet. */
export class Pool<N extends string, R> {
  readonly #fullBatch: number;
  #retries: Piece<N, R>[] = [];
  readonly #fresh: Mail<R>[] = [];
  /** On the monotonic clock. */
  #lingersTo = 0;
  #complete = false;

  /** @param fullBatch so many mails are worth a batch */
  constructor(fullBatch: number) {
    this.#fullBatch = fullBatch;
  }

  get size(): number {
    return this.#retries.reduce((sum, { mails }) => sum + mails.length, this.#fresh.length);
  }

  add(mail: Mail<R>): void {
    if (this.#fresh.length === 0) this.#lingersTo = now() + linger;
    this.#fresh.push(mail);
  }

  /** No more are going to be added. */
  complete(): void {
    this.#complete = true;
  }

  /** Mails that are to be tried again. */
  putBack(piece: Piece<N, R>): void {
    if (piece.mails.length > 0) this.#retries.unshift(piece);
  }

  /** Mails that were taken out of a piece, and not sent. */
  giveBack(piece: Piece<N, R>, mails: readonly Mail<R>[]): void {
    piece.mails.unshift(...mails);
    if (piece.mails !== this.#fresh && !this.#retries.includes(piece)) this.#retries.unshift(piece);
  }

  /** Mails were taken out of a piece. */
  noteTaken({ mails }: Piece<N, R>): void {
    if (mails === this.#fresh) this.#lingersTo = now() + linger;
    this.#retries = this.#retries.filter((piece) => piece.mails.length > 0);
  }

  /** Takes out those that somebody may have. */
  takeUncertain(): readonly Piece<N, R>[] {
    const uncertain = this.#retries.filter(({ history }) => history.unknowns > 0);
    this.#retries = this.#retries.filter(({ history }) => history.unknowns === 0);
    return uncertain;
  }

  /** What may be sent now, in order. Whoever takes mails takes them out of their piece. */
  pieces(): readonly Piece<N, R>[] {
    const first = this.#retries.filter(({ history }) => history.attempts.length < often);
    const last = this.#retries.filter(({ history }) => history.attempts.length >= often);
    const fresh = this.#isFreshReady ? [{ mails: this.#fresh, history: History.none<N>() }] : [];
    return [...first, ...fresh, ...last];
  }

  /** When a batch that is not full is to be sent nevertheless, on the monotonic clock. */
  get lingersUntil(): number {
    return this.#fresh.length === 0 || this.#isFreshReady ? Number.POSITIVE_INFINITY : this.#lingersTo;
  }

  /** Whether what was read is worth a batch. */
  get #isFreshReady(): boolean {
    if (this.#fresh.length === 0) return false;
    return this.#fresh.length >= this.#fullBatch || this.#complete || now() >= this.#lingersTo;
  }
}
