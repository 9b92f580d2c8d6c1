import type { AnySteadyMailError } from "../errors.ts";
import type { Emitter, MailerEvents } from "../events.ts";
import type { Receipt } from "../receipt.ts";
import type { Counts } from "./checkpoint.ts";
import type { Mail } from "./feed.ts";
import type { Journal } from "./journal.ts";
import { Results } from "./results.ts";
import type { Settlement } from "./settlement.ts";
import { Tally } from "./tally.ts";

/** What became of one recipient of a campaign. */
export type BulkResult<N extends string = string, R = unknown> = {
  /** Place in the input, from 0. */
  readonly index: number;
  readonly recipient: R;
} & (
  | { readonly outcome: "accepted"; readonly receipt: Receipt<N> }
  | { readonly outcome: "not-sent" | "unknown"; readonly error: AnySteadyMailError<N> }
);

type Ended<N extends string, R> = Pick<Settlement<N, R>, "accepted" | "ended">;

/** What the reports ask of the campaign. */
export interface ReportsControl {
  /** There may be something to do. */
  look(): void;
  /** Something could not be saved. */
  fail(error: unknown): void;
}

/** Results that nobody has taken yet, beyond which nothing more is sent. */
const mostResults = 1_000;

/** What becomes of the recipients: noted in the journal, counted, told to listeners and given to the consumer. */
export class Reports<N extends string, R> {
  readonly tally = new Tally<N>();
  readonly results: Results<BulkResult<N, R>>;
  readonly #journal: Journal;
  readonly #events: Emitter<MailerEvents<N>>;
  readonly #control: ReportsControl;
  /** Ends that are noted, and told once that is saved. */
  #unsaved: { readonly index: number; readonly recipient: R; readonly error: AnySteadyMailError<N> }[] = [];
  #saving: Promise<void> | undefined;

  constructor(journal: Journal, events: Emitter<MailerEvents<N>>, control: ReportsControl) {
    this.#journal = journal;
    this.#events = events;
    this.#control = control;
    this.results = new Results(mostResults, () => control.look());
  }

  /** Whether so many wait to be saved or taken that no more should come. */
  get isFull(): boolean {
    return this.results.isFull || this.#unsaved.length >= mostResults;
  }

  /** Whether something is noted and not yet told. */
  get isSaving(): boolean {
    return this.#saving !== undefined;
  }

  /** Resolves once all that is noted is told. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  /** Notes what is to be told once it is saved. */
  note({ accepted, ended }: Ended<N, R>): void {
    for (const { mail } of accepted) this.#journal.settle(mail.index, "accepted");
    for (const { mail, error } of ended) this.#journal.settle(mail.index, kindOf(error));
  }

  tell({ accepted, ended }: Ended<N, R>): void {
    for (const { mail, receipt } of accepted) this.#tellAccepted(mail, receipt);
    for (const { mail, error } of ended) this.#tellEnded(mail.index, mail.recipient, error);
    this.tally.settled(accepted.length + ended.length);
  }

  /**
   * Notes the end of somebody whom no attempt was about, and tells it once that is saved, so that a process after this one
   * does not tell it again.
   */
  end(index: number, recipient: R, error: AnySteadyMailError<N>): void {
    this.#journal.settle(index, kindOf(error));
    this.#unsaved.push({ index, recipient, error });
    this.#saving ??= this.#saveAndTell();
  }

  async #saveAndTell(): Promise<void> {
    while (this.#unsaved.length > 0) {
      const ended = this.#unsaved;
      this.#unsaved = [];
      await this.#journal.write().catch((error: unknown) => this.#control.fail(error));
      this.tally.settled(ended.length);
      for (const { index, recipient, error } of ended) this.#tellEnded(index, recipient, error);
    }
    this.#saving = undefined;
    this.#control.look();
  }

  #tellAccepted({ index, recipient }: Mail<R>, receipt: Receipt<N>): void {
    this.tally.accepted(receipt.provider);
    this.results.push({ index, recipient, outcome: "accepted", receipt });
    this.#events.emit("accepted", { id: receipt.id, receipt });
  }

  #tellEnded(index: number, recipient: R, error: AnySteadyMailError<N>): void {
    this.results.push({ index, recipient, outcome: error.sent === "maybe" ? "unknown" : "not-sent", error });
    this.#events.emit("failed", { id: error.id, error });
  }
}

function kindOf(error: AnySteadyMailError): keyof Counts {
  if (error.sent === "maybe") return "unknown";
  return error.kind === "suppressed" ? "suppressed" : "rejected";
}
