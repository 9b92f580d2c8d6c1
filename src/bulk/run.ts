import type { Cancelling } from "../cancellation.ts";
import type { Suppress } from "../delivery/suppression.ts";
import { ClosedError } from "../errors.ts";
import { Bell } from "./bell.ts";
import { CampaignEvents } from "./campaign-events.ts";
import type { Counts } from "./checkpoint.ts";
import { type DispatchContext, Dispatcher, type DispatchTask } from "./dispatcher.ts";
import { Feed, type FeedTarget } from "./feed.ts";
import { type BulkResult, Reports } from "./reports.ts";
import type { SourceReader } from "./source.ts";
import type { Tally } from "./tally.ts";

/** What a campaign is made of. */
export interface CampaignTask<N extends string, R> extends DispatchTask<N> {
  readonly source: SourceReader<R>;
  readonly suppress: Suppress | undefined;
}

/** What all sends of a mailer share, and a campaign too. */
export interface CampaignContext<N extends string> extends DispatchContext<N> {
  /** The mailer was told to close. */
  readonly closing: Cancelling;
  /** The mailer waits for this before it closes; it never rejects. */
  readonly began: (run: Promise<void>) => void;
}

/** Mails that are read but not yet given to a provider, at most: two of the largest batches. */
const mostReadAhead = 2_000;

/** One campaign from its first recipient to its last: reads, sends and reports, until it is done or stopped. */
export class CampaignRun<N extends string, R> {
  readonly #task: CampaignTask<N, R>;
  readonly #context: CampaignContext<N>;
  readonly #told: CampaignEvents<N>;
  readonly #bell = new Bell();
  readonly #reports: Reports<N, R>;
  readonly #feed: Feed<N, R>;
  readonly #dispatcher: Dispatcher<N, R>;
  #paused = false;
  #stopped = false;
  #over = false;
  #heldUp = false;
  #fault: { readonly error: unknown } | undefined;

  readonly #look = (): void => this.#bell.ring();

  constructor(task: CampaignTask<N, R>, context: CampaignContext<N>) {
    this.#task = task;
    this.#context = context;
    this.#told = new CampaignEvents(task.journal.id, context.events);
    const run = this;
    const control = {
      get maySend() {
        return !run.#stopped && !run.#paused && !run.#reports.isFull;
      },
      look: this.#look,
      fail: (error: unknown) => this.#fail(error),
    };
    this.#reports = new Reports(task.journal, context.events, control);
    this.#dispatcher = new Dispatcher<N, R>(task, context, this.#told, this.#reports, control);
    this.#feed = new Feed<N, R>({ ...task, target: this.#feedTarget() });
  }

  get state(): "running" | "waiting" | "paused" {
    if (this.#paused) return "paused";
    return this.#dispatcher.isAllOut || this.#heldUp ? "waiting" : "running";
  }

  get counts(): Counts {
    return this.#task.journal.counts;
  }

  get tally(): Tally<N> {
    return this.#reports.tally;
  }

  /** Recipients that were read, by earlier processes too. */
  get read(): number {
    return Math.max(this.#task.journal.read, this.#task.journal.readBefore);
  }

  /** All recipients were read. */
  get allRead(): boolean {
    return this.#feed.done;
  }

  /** Runs to the end, or until it is stopped; what is in flight has settled then. Never rejects. */
  run(): Promise<void> {
    const running = this.#run();
    this.#context.began(running);
    return running;
  }

  /** The next result; undefined at the end. Throws what ended the campaign before its time. */
  next(): Promise<BulkResult<N, R> | undefined> {
    return this.#reports.results.next();
  }

  pause(): void {
    if (this.#paused || this.#over) return;
    this.#paused = true;
    this.#dispatcher.leave();
    this.#told.paused("asked");
    this.#bell.ring();
  }

  resume(): void {
    if (!this.#paused || this.#over) return;
    this.#paused = false;
    this.#told.resumed();
    this.#bell.ring();
  }

  /** Nothing more is read or sent; what is in flight settles. */
  stop(): void {
    this.#stopped = true;
    this.#feed.stop();
    this.#bell.ring();
  }

  async #run(): Promise<void> {
    const { closing, events } = this.#context;
    const close = (): void => this.#fail(closedError(this.#task.journal.id));
    this.#dispatcher.start();
    events.on("provider:changed", this.#look);
    closing.addEventListener("abort", close);
    if (closing.aborted) close();
    void this.#read();
    try {
      await this.#send();
    } catch (error) {
      this.#fail(error);
    } finally {
      events.off("provider:changed", this.#look);
      closing.removeEventListener("abort", close);
      await this.#end();
    }
  }

  async #read(): Promise<void> {
    try {
      await this.#feed.run();
      this.#dispatcher.complete();
      this.#bell.ring();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #send(): Promise<void> {
    while (!this.#isDone) {
      const until = this.#dispatcher.dispatch();
      this.#feed.readOn();
      if (this.#isDone) break;
      await this.#bell.rung(until);
    }
  }

  async #end(): Promise<void> {
    this.#feed.stop();
    await this.#dispatcher.end();
    await this.#reports.saved();
    await this.#task.journal.write().catch((error: unknown) => this.#fail(error));
    this.#over = true;
    this.#reports.results.end(this.#fault);
  }

  get #isDone(): boolean {
    if (this.#dispatcher.isInFlight || this.#reports.isSaving) return false;
    return this.#stopped || (this.#feed.done && this.#dispatcher.waiting === 0);
  }

  #feedTarget(): FeedTarget<N, R> {
    const run = this;
    return {
      get hasRoom() {
        return run.#dispatcher.waiting + run.#feed.asking < mostReadAhead && !run.#reports.isFull;
      },
      take(mail) {
        run.#dispatcher.add(mail);
        run.#bell.ring();
      },
      end: (index, recipient, error) => run.#reports.end(index, recipient, error),
      holdUp: (until) => run.#holdUp(until),
    };
  }

  /** @param until when `suppress` is asked again, on the monotonic clock; undefined: it answers */
  #holdUp(until: number | undefined): void {
    if (until !== undefined && !this.#heldUp) this.#told.paused("suppress", until);
    if (until === undefined && this.#heldUp) this.#told.resumed();
    this.#heldUp = until !== undefined;
  }

  #fail(error: unknown): void {
    this.#fault ??= { error };
    this.stop();
  }
}

function closedError<N extends string>(id: string): ClosedError<N> {
  const text = `Campaign ${id} was not finished: the mailer is closed; go on with another one, from the checkpoint`;
  return new ClosedError(text, { id, attempts: [], skipped: [] });
}
