import { dateOf, now } from "../clock.ts";
import type { OnUnknown } from "../delivery/on-unknown.ts";
import { Emitter } from "../events.ts";
import type { Droppable, SendOptions } from "../options.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { BulkMessage } from "./content.ts";
import type { BulkRecipient } from "./recipient.ts";
import type { BulkResult } from "./reports.ts";
import type { CampaignRun } from "./run.ts";
import type { SendManyProgress } from "./send-many.ts";
import type { Source } from "./source.ts";
import type { CampaignProgress } from "./tally.ts";

/** One content and those who are to get it. */
export interface Bulk<N extends string = string, R extends BulkRecipient = BulkRecipient> {
  /**
   * Its subject, text, html, headers, metadata and `unsubscribe` may hold placeholders: `{{name}}`, letters, digits and
   * `_`. A value is escaped in html, percent-encoded in `unsubscribe`, and stands as it is in all others; what it holds is
   * never expanded again. `unsubscribe` must be said, if only `false`.
   */
  readonly message: BulkMessage<N>;
  /** Read as they are needed. Each gets a mail of its own that shows no other address. */
  readonly recipients: Source<R>;
}

/** How a campaign goes. */
export interface BulkOptions<N extends string = string> {
  /** Ends the campaign as `cancel()` does. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch and at the end; what it throws is told by a process warning only. */
  readonly onProgress?: ((progress: CampaignProgress<N>) => void) | undefined;
  /** Where its state is kept, so that a new process can go on; default nowhere. */
  readonly checkpoint?: Checkpoint | undefined;
  /**
   * `"stop"`, the default: recipients who may have the mail are reported as unknown. `"failover"`: one more provider is
   * asked for them, and a duplicate is possible, which their receipts say.
   */
  readonly onUnknown?: OnUnknown | undefined;
  /**
   * `"none"`, the default: the first group of the allowed providers only, for which the campaign waits as long as it takes,
   * rather than burn the reputation of a standby that nobody warmed up. `"all"`: every allowed provider, in their order.
   */
  readonly spill?: "none" | "all" | undefined;
  /** Requests under way at a time, from 1; default 4. */
  readonly concurrency?: number | undefined;
  /** Id of the campaign, 1–100 characters of A–Z a–z 0–9 _ -; default a random one, or that of the checkpoint. */
  readonly id?: string | undefined;
  /** As in `SendOptions`. */
  readonly only?: readonly N[] | undefined;
  /** As in `SendOptions`. */
  readonly except?: readonly N[] | undefined;
  /** As in `SendOptions`. */
  readonly require?: readonly string[] | undefined;
  /** As in `SendOptions`. */
  readonly mayDrop?: readonly Droppable[] | undefined;
}

/** Options of `sendMany`; those of `SendOptions` apply to each message. */
export interface SendManyOptions<N extends string = string> extends Omit<SendOptions<N>, "id" | "signal"> {
  /** Messages that are under way, or whose results wait to be taken, at most; default 16. No more are read. */
  readonly concurrency?: number | undefined;
  /** Ends the reading; what is in flight settles and is reported. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each message; what it throws is told by a process warning only. */
  readonly onProgress?: ((progress: SendManyProgress) => void) | undefined;
}

/**
 * A campaign under way. Nothing is read or sent before its results are asked for, by `for await` or by `finish()`; a
 * consumer that takes no results holds it up.
 */
export interface Campaign<N extends string = string, R = BulkRecipient> extends AsyncIterable<BulkResult<N, R>> {
  /** How far it is, at this moment. */
  readonly progress: CampaignProgress<N>;
  /** What is in flight settles; nothing more is sent until `resume()`. */
  pause(): void;
  /** Goes on after `pause()`. */
  resume(): void;
  /** What is in flight settles, and is reported; nothing more is sent. */
  cancel(): void;
  /**
   * Runs it to its end, for callers who need no single results.
   *
   * @throws CheckpointError, ClosedError, InvalidMessageError (of the message), or what the recipients' source threw
   */
  finish(): Promise<CampaignProgress<N>>;
}

export interface CampaignSetUp<N extends string, R> {
  /** Reads the message and the checkpoint. */
  readonly open: () => Promise<CampaignRun<N, R>>;
  /** Nobody is going to read the message or the recipients. */
  readonly abandon: () => void;
  readonly signal: AbortSignal | undefined;
  /** Recipients, where that is known beforehand. */
  readonly total: number | undefined;
  readonly onProgress: ((progress: CampaignProgress<N>) => void) | undefined;
}

/** The handle of a campaign: it begins with the first result that somebody asks for. */
export class CampaignHandle<N extends string, R> implements Campaign<N, R> {
  readonly #setUp: CampaignSetUp<N, R>;
  readonly #told = new Emitter<{ onProgress: CampaignProgress<N> }>();
  #run: CampaignRun<N, R> | undefined;
  #state: "ready" | "running" | "finished" | "failed" = "ready";
  #cancelled = false;
  #paused = false;
  #tellCancelled: () => void = () => {};
  readonly #whenCancelled = new Promise<undefined>((resolve) => {
    this.#tellCancelled = () => resolve(undefined);
  });

  constructor(setUp: CampaignSetUp<N, R>) {
    this.#setUp = setUp;
    if (setUp.onProgress) this.#told.on("onProgress", setUp.onProgress);
  }

  get progress(): CampaignProgress<N> {
    const counts = this.#run?.counts ?? { accepted: 0, rejected: 0, unknown: 0, suppressed: 0 };
    const total = this.#run?.allRead ? this.#run.read : this.#setUp.total;
    const settled = counts.accepted + counts.rejected + counts.unknown + counts.suppressed;
    const pending = Math.max(0, (total ?? this.#run?.read ?? 0) - settled);
    const rate = this.#run?.tally.rate ?? 0;
    const estimate = total !== undefined &&
      pending > 0 &&
      rate > 0 && { estimatedEnd: dateOf(now() + (pending / rate) * 1_000) };
    return Object.freeze({
      state: this.#stateNow,
      ...(total === undefined ? {} : { total }),
      ...counts,
      pending,
      providers: this.#run?.tally.providers ?? noProviders(),
      rate,
      ...estimate,
    });
  }

  pause(): void {
    this.#paused = true;
    this.#run?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#run?.resume();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#cancelled = true;
    this.#run?.stop();
    this.#tellCancelled();
  }

  async finish(): Promise<CampaignProgress<N>> {
    for await (const _ of this);
    return this.progress;
  }

  /** @throws TypeError (a rejection) the second time: each result goes to one consumer */
  [Symbol.asyncIterator](): AsyncIterator<BulkResult<N, R>> {
    return this.#results();
  }

  /** Told by the run after each batch. */
  readonly tellProgress = (): void => {
    this.#told.emit("onProgress", this.progress);
  };

  get #isOver(): boolean {
    return this.#state === "failed" || this.#state === "finished";
  }

  get #stateNow(): CampaignProgress["state"] {
    if (this.#state === "failed") return this.#state;
    if (this.#cancelled) return "cancelled";
    if (this.#state === "finished") return this.#state;
    return this.#run?.state ?? (this.#paused ? "paused" : this.#state);
  }

  async *#results(): AsyncGenerator<BulkResult<N, R>, void, undefined> {
    if (this.#state !== "ready") {
      throw new TypeError("The campaign's results are taken already; begin another campaign");
    }
    this.#state = "running";
    const { signal } = this.#setUp;
    const abort = (): void => this.cancel();
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    let running: Promise<void> | undefined;
    try {
      const run = await this.#open();
      if (!run) return;
      running = run.run();
      for (let result = await run.next(); result; result = await run.next()) yield result;
      this.#state = "finished";
    } catch (error) {
      this.#state = "failed";
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
      // Whoever breaks out of the loop wants no more of it.
      this.cancel();
      await running;
      if (!this.#isOver) this.#state = "finished";
      this.tellProgress();
    }
  }

  /** What was there before it began counts: a pause, and a cancel, for which nothing is waited for. */
  async #open(): Promise<CampaignRun<N, R> | undefined> {
    const { open, abandon } = this.#setUp;
    try {
      const run = this.#cancelled ? undefined : await Promise.race([open(), this.#whenCancelled]);
      if (!run || this.#cancelled) {
        abandon();
        return undefined;
      }
      this.#run = run;
      if (this.#paused) run.pause();
      return run;
    } catch (error) {
      abandon();
      throw error;
    }
  }
}

function noProviders<N extends string>(): CampaignProgress<N>["providers"] {
  return Object.create(null);
}
