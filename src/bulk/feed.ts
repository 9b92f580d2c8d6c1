import type { Suppress } from "../delivery/suppression.ts";
import { type AnySteadyMailError, isSteadyMailError, SuppressedError } from "../errors.ts";
import type { BatchRecipient } from "../message/batch.ts";
import { Bell } from "./bell.ts";
import type { CampaignContent } from "./content.ts";
import { interruptedEnding, unansweredEnding } from "./endings.ts";
import type { Journal } from "./journal.ts";
import { Questions } from "./questions.ts";
import { readRecipient } from "./recipient.ts";
import type { SourceReader } from "./source.ts";

/** A mail of a campaign, with the recipient as it was given. */
export interface Mail<R> {
  /** Place of the recipient in the input, from 0. */
  readonly index: number;
  readonly recipient: R;
  readonly mail: BatchRecipient;
}

/** What the feed is for. */
export interface FeedTarget<N extends string, R> {
  /** Whether it can take more. */
  readonly hasRoom: boolean;
  take(mail: Mail<R>): void;
  /** What becomes of somebody to whom nothing is sent now. */
  end(index: number, recipient: R, error: AnySteadyMailError<N>): void;
  /** `suppress` failed, and is asked again at that moment of the monotonic clock; undefined: it answers again. */
  holdUp(until: number | undefined): void;
}

export interface FeedOptions<N extends string, R> {
  readonly source: SourceReader<R>;
  readonly content: CampaignContent;
  readonly journal: Journal;
  readonly suppress: Suppress | undefined;
  readonly target: FeedTarget<N, R>;
}

/** So many addresses are asked about at a time. */
const mostQuestions = 100;

/** Reads the recipients of a campaign, checks each, and hands on those who are to get a mail. */
export class Feed<N extends string, R> {
  readonly #options: FeedOptions<N, R>;
  readonly #questions: Questions | undefined;
  readonly #bell = new Bell();
  /** What is to happen to recipients whom an earlier process read, once it is sure that they are the same. */
  #held: (() => void)[] | undefined;
  #stopped = false;
  #done = false;

  constructor(options: FeedOptions<N, R>) {
    const { suppress, journal, target } = options;
    this.#options = options;
    this.#questions = suppress && new Questions(suppress, (until) => target.holdUp(until));
    if (journal.readBefore > 0) this.#held = [];
  }

  /** All recipients were read, and handed on. */
  get done(): boolean {
    return this.#done;
  }

  /** Mails that may still come of what was read. */
  get asking(): number {
    return this.#questions?.underWay ?? 0;
  }

  /** There may be room again. */
  readOn(): void {
    this.#bell.ring();
  }

  stop(): void {
    this.#stopped = true;
    this.#options.source.close();
    this.#questions?.stop();
    this.#bell.ring();
  }

  /**
   * Reads to the end, or until it is stopped.
   *
   * @throws CheckpointError if the recipients are others than an earlier process read; what the source throws
   */
  async run(): Promise<void> {
    const { source, journal } = this.#options;
    while (!this.#stopped) {
      if (!this.#held) await this.#room();
      const next = this.#stopped ? undefined : await source.next();
      if (!next || this.#stopped) break;
      const index = journal.read;
      journal.noteRead(next.item);
      const action = this.#actionFor(index, next.item);
      if (!this.#held) action?.();
      else if (action) this.#held.push(action);
      if (this.#held && journal.read === journal.readBefore) await this.#release();
    }
    if (this.#held && !this.#stopped) await this.#release();
    while (this.asking > 0 && !this.#stopped) await this.#bell.rung();
    this.#done = !this.#stopped;
  }

  async #room(): Promise<void> {
    const { target } = this.#options;
    while (!this.#stopped && !(target.hasRoom && this.asking < mostQuestions)) await this.#bell.rung();
  }

  async #release(): Promise<void> {
    this.#options.journal.checkRecipients();
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const action of held) {
      await this.#room();
      if (this.#stopped) return;
      action();
    }
  }

  /** What is to become of a recipient; nothing, if that is known from an earlier process. */
  #actionFor(index: number, recipient: R): (() => void) | undefined {
    const { journal, content, target } = this.#options;
    const id = `${journal.id}-${index}`;
    if (journal.wasInterrupted(index)) return () => target.end(index, recipient, interruptedEnding(id));
    if (journal.isSettled(index)) return undefined;
    try {
      const mail = readRecipient(recipient, id, content);
      return () => this.#take({ index, recipient, mail });
    } catch (error) {
      if (!isSteadyMailError<N>(error) || error.kind !== "invalid") throw error;
      return () => target.end(index, recipient, error);
    }
  }

  #take(mail: Mail<R>): void {
    if (!this.#questions) this.#options.target.take(mail);
    else void this.#ask(this.#questions, mail).finally(() => this.#bell.ring());
  }

  async #ask(questions: Questions, given: Mail<R>): Promise<void> {
    const { target } = this.#options;
    const { index, recipient, mail } = given;
    const answer = await questions.ask(mail.to.address);
    if (answer === "ok") target.take(given);
    else if (answer === "suppressed") target.end(index, recipient, new SuppressedError(mail.id, ["to[0]"]));
    else if (answer === "failed") target.end(index, recipient, unansweredEnding(mail.id));
  }
}
