import { now } from "../clock.ts";
import type { Emitter, MailerEvents } from "../events.ts";
import type { Journal } from "./journal.ts";
import type { Settlement } from "./settlement.ts";

/** So many refusals of single mails in a row are the content's fault where nobody has accepted it yet; and else. */
const hopelessAfter = { untried: 10, proven: 100 };

/** What a campaign has seen so far that bears on whom to blame for the next failure. */
export class Observations<N extends string> {
  readonly #journal: Journal;
  readonly #events: Emitter<MailerEvents<N>>;
  /** When each provider last accepted a mail, of whomever, on the monotonic clock. */
  readonly #acceptedAt = new Map<N, number>();
  #refusedInARow = 0;

  readonly #noteAccepted = ({ receipt: { provider } }: MailerEvents<N>["accepted"]): void => {
    this.#acceptedAt.set(provider, now());
  };

  constructor(journal: Journal, events: Emitter<MailerEvents<N>>) {
    this.#journal = journal;
    this.#events = events;
  }

  /** From now on, until {@link dispose}. */
  observe(): void {
    this.#events.on("accepted", this.#noteAccepted);
  }

  dispose(): void {
    this.#events.off("accepted", this.#noteAccepted);
  }

  /** @param size mails in the attempt that was settled */
  note({ accepted, ended }: Settlement<N, unknown>, size: number): void {
    if (accepted.length > 0) this.#refusedInARow = 0;
    else if (size === 1 && ended.some(({ error }) => error.kind === "rejected")) this.#refusedInARow += 1;
  }

  /** One mail after the other was refused: what they have in common is to blame. */
  get isHopeless(): boolean {
    const isProven = this.#journal.counts.accepted > 0;
    return this.#refusedInARow >= (isProven ? hopelessAfter.proven : hopelessAfter.untried);
  }

  /** Whether a provider accepted a mail since then, of this campaign or not; on the monotonic clock. */
  hasAcceptedSince(provider: N, moment: number): boolean {
    return (this.#acceptedAt.get(provider) ?? Number.NEGATIVE_INFINITY) > moment;
  }
}
