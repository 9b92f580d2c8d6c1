import type { Cancelling } from "../cancellation.ts";
import type { OnUnknown } from "../delivery/on-unknown.ts";
import type { RetrySettings } from "../delivery/retry-delay.ts";
import type { Emitter, MailerEvents } from "../events.ts";
import type { WaitingRoom } from "../limits/waiting-room.ts";
import type { Skipped } from "../receipt.ts";
import type { ResolvedRoute, RouteGroup } from "../routing/resolved-route.ts";
import { attemptBatch, failureIn } from "./batch-attempt.ts";
import type { CampaignEvents } from "./campaign-events.ts";
import { RouteContent } from "./carriage.ts";
import type { CampaignContent } from "./content.ts";
import { endingOf } from "./endings.ts";
import type { Mail } from "./feed.ts";
import type { Journal } from "./journal.ts";
import { Observations } from "./observations.ts";
import { type Load, type Piece, takeLoad } from "./piece.ts";
import { Pool } from "./pool.ts";
import type { Reports } from "./reports.ts";
import { type Chosen, RouteChooser } from "./route-chooser.ts";
import { type Settlement, settlementOf } from "./settlement.ts";

/** What a campaign sends, by whom and how. */
export interface DispatchTask<N extends string> {
  readonly content: CampaignContent;
  readonly journal: Journal;
  readonly onUnknown: OnUnknown;
  readonly mayDrop: readonly string[];
  /** Requests under way at most. */
  readonly concurrency: number;
  /** Groups of providers that it may use. */
  readonly groups: readonly RouteGroup<N>[];
  readonly retry: RetrySettings;
  /** Told after each batch. */
  readonly onProgress: () => void;
}

/** What all sends of a mailer share, and the batches of a campaign too. */
export interface DispatchContext<N extends string> {
  readonly events: Emitter<MailerEvents<N>>;
  readonly waitingRoom: WaitingRoom;
  /** The mailer's patience with what is in flight is over. */
  readonly cutoff: Cancelling;
  /** A provider accepted something. */
  readonly accepted: (provider: N) => void;
  /** A provider cannot carry some mail. */
  readonly excluded: (skipped: Skipped<N>) => void;
}

/** What the dispatcher asks of the campaign. */
export interface DispatchControl {
  /** Whether anything may be sent now. */
  readonly maySend: boolean;
  /** There may be something to do. */
  look(): void;
  /** Something ended that must not. */
  fail(error: unknown): void;
}

/** No batch waits for more recipients than that, however many it could hold. */
const mostAwaited = 1_000;

/** Gives the mails of a campaign to the providers, batch by batch, and sees what becomes of each. */
export class Dispatcher<N extends string, R> {
  readonly #task: DispatchTask<N>;
  readonly #context: DispatchContext<N>;
  readonly #told: CampaignEvents<N>;
  readonly #reports: Reports<N, R>;
  readonly #control: DispatchControl;
  readonly #pool: Pool<N, R>;
  readonly #chooser: RouteChooser<N>;
  readonly #contents: ReadonlyMap<N, RouteContent<N>>;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #seen: Observations<N>;
  #allOut = false;
  #batches = 0;

  constructor(
    task: DispatchTask<N>,
    context: DispatchContext<N>,
    told: CampaignEvents<N>,
    reports: Reports<N, R>,
    control: DispatchControl,
  ) {
    this.#task = task;
    this.#context = context;
    this.#told = told;
    this.#reports = reports;
    this.#control = control;
    this.#chooser = new RouteChooser(task.groups, context.waitingRoom, () => control.look());
    const { routes } = this.#chooser;
    this.#contents = new Map(
      routes.map((route) => [route.name, new RouteContent(task.content, route, task.mayDrop)] as const),
    );
    const largest = Math.max(1, ...routes.map(({ provider }) => provider.batch?.limit ?? 1));
    this.#pool = new Pool(Math.min(largest, mostAwaited));
    this.#seen = new Observations(task.journal, context.events);
  }

  /** It must {@link end}. */
  start(): void {
    this.#seen.observe();
  }

  /** Every provider that could be asked is out. */
  get isAllOut(): boolean {
    return this.#allOut;
  }

  /** Mails that are with no provider. */
  get waiting(): number {
    return this.#pool.size;
  }

  get isInFlight(): boolean {
    return this.#inFlight.size > 0;
  }

  add(mail: Mail<R>): void {
    this.#pool.add(mail);
  }

  /** No more are going to be added. */
  complete(): void {
    this.#pool.complete();
  }

  /** Begins all that can begin now; returns until when nothing more can, on the monotonic clock. */
  dispatch(): number {
    let until = Number.POSITIVE_INFINITY;
    while (this.#control.maySend && this.#inFlight.size < this.#task.concurrency) {
      const next = this.#beginOne();
      if (next === "begun") continue;
      until = next;
      break;
    }
    this.#chooser.giveBackUnused();
    return Math.min(until, this.#pool.lingersUntil);
  }

  /** Leaves the lines of the providers. */
  leave(): void {
    this.#chooser.leave();
  }

  /** Resolves when nothing is in flight any more; who may have a mail and was to be asked about again is told of then. */
  async end(): Promise<void> {
    await Promise.all(this.#inFlight);
    this.#seen.dispose();
    this.leave();
    for (const { mails, history } of this.#pool.takeUncertain()) {
      for (const { index, recipient, mail } of mails) this.#reports.end(index, recipient, endingOf(mail.id, history));
    }
  }

  /** Begins one attempt, or tells when it is worth another look. */
  #beginOne(): "begun" | number {
    let until = Number.POSITIVE_INFINITY;
    const pieces = this.#pool.pieces();
    let allOut = pieces.length > 0 && this.#inFlight.size === 0;
    for (const piece of pieces) {
      const chosen = this.#chooser.choose(piece.history);
      if (chosen.route) {
        this.#begin(piece, chosen);
        return "begun";
      }
      until = Math.min(until, chosen.until);
      allOut &&= chosen.allOut;
    }
    if (allOut && !this.#allOut) {
      this.#allOut = true;
      this.#told.paused("all-out", until);
    }
    return until;
  }

  #begin(piece: Piece<N, R>, chosen: Chosen<N>): void {
    const { route, kind, slot } = chosen;
    const content = this.#contents.get(route.name);
    const most = kind === "probe" ? 1 : 1 + route.limits.rateLeft;
    const { load, misfits } = content ? takeLoad(piece, route, content, most) : nothing;
    this.#pool.noteTaken(piece);
    for (const misfit of misfits) {
      for (const skipped of misfit.history.skipped.slice(-1)) this.#context.excluded(skipped);
      this.#putBack(misfit);
    }
    if (!load) {
      slot.giveBack();
      return;
    }
    slot.takeMore(load.mails.length - 1);
    this.#chooser.begin(chosen, load.mails.length);
    if (kind === "regular") this.#noteWhoIsBack(route);
    const attempt = this.#attempt(piece, load, chosen)
      .catch((error: unknown) => this.#control.fail(error))
      .finally(() => {
        this.#chooser.settle(chosen);
        slot.release();
        this.#inFlight.delete(attempt);
        this.#control.look();
      });
    this.#inFlight.add(attempt);
  }

  async #attempt(piece: Piece<N, R>, load: Load<R>, chosen: Chosen<N>): Promise<void> {
    const { journal, onUnknown } = this.#task;
    const { history } = piece;
    const { route, kind, slot } = chosen;
    journal.begin(placesOf(load.mails));
    await journal.write().catch((error: unknown) => {
      this.#pool.giveBack(piece, load.mails);
      throw error;
    });
    this.#chooser.settle(chosen);
    if (!this.#isStillRight(chosen)) {
      slot.giveBack();
      this.#noteBack({ mails: load.mails, history });
      this.#pool.giveBack(piece, load.mails);
      await journal.write();
      return;
    }
    this.#batches += 1;
    const id = `${journal.id}-batch-${this.#batches}`;
    this.#told.failover(id, history, route.name);
    const fresh = onUnknown === "stop";
    const onCancel = (callback: () => void) => onAbort(this.#context.cutoff, callback);
    const outcome = await attemptBatch({ id, route, kind, load, history, fresh, onCancel });
    if (failureIn(outcome)?.reason === "throttled") route.limits.drain();
    slot.release();
    this.#told.attempt(id, outcome, route.name, history, load.mails.length);
    const settlement = settlementOf(outcome, load, this.#circumstances(piece, route));
    await this.#settle(settlement, load);
    this.#noteWhoIsBack(route);
    if (settlement.accepted.length > 0) this.#context.accepted(route.name);
  }

  /** While the checkpoint was written, the campaign may have been paused, and the provider may have gone. */
  #isStillRight({ route, kind, slot }: Chosen<N>): boolean {
    const can = kind === "probe" ? "probe" : "send";
    return this.#control.maySend && route.monitor.availability.can === can && slot.renew();
  }

  #circumstances({ history }: Piece<N, R>, { name }: ResolvedRoute<N>) {
    const { onUnknown, retry } = this.#task;
    return {
      provider: name,
      history,
      onUnknown,
      retry,
      isAnyLeft: (excluded: ReadonlySet<N>) => this.#chooser.isAnyLeft({ excluded }),
      isHopeless: this.#seen.isHopeless,
      takesOthers: this.#seen.hasAcceptedSince(name, history.triedAt),
    };
  }

  async #settle(settlement: Settlement<N, R>, load: Load<R>): Promise<void> {
    for (const piece of settlement.pieces) {
      this.#noteBack(piece);
      this.#putBack(piece);
    }
    this.#reports.note(settlement);
    this.#seen.note(settlement, load.mails.length);
    try {
      await this.#task.journal.write();
    } finally {
      this.#reports.tell(settlement);
      this.#task.onProgress();
    }
  }

  /** Those that somebody may have stay in flight for a process after this one, which knows nothing of that. */
  #noteBack({
    mails,
    history,
  }: {
    readonly mails: readonly Mail<R>[];
    readonly history: Piece<N, R>["history"];
  }): void {
    if (history.unknowns === 0) this.#task.journal.putBack(placesOf(mails));
  }

  /** Back to those that are to be tried again; or to their end, where nobody is left for them. */
  #putBack(piece: Piece<N, R>): void {
    const { mails, history } = piece;
    if (this.#chooser.isAnyLeft(history)) {
      this.#pool.putBack(piece);
      return;
    }
    for (const { index, recipient, mail } of mails) this.#reports.end(index, recipient, endingOf(mail.id, history));
  }

  #noteWhoIsBack({ monitor }: ResolvedRoute<N>): void {
    if (!this.#allOut || monitor.availability.can !== "send") return;
    this.#allOut = false;
    this.#told.resumed();
  }
}

const nothing = { load: undefined, misfits: [] };

function placesOf(mails: readonly Mail<unknown>[]): readonly number[] {
  return mails.map(({ index }) => index);
}

function onAbort(signal: Cancelling, callback: () => void): () => void {
  signal.addEventListener("abort", callback);
  return () => signal.removeEventListener("abort", callback);
}
