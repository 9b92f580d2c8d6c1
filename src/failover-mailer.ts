import { once } from "node:events";
import { bulkSettings, manySettings } from "./bulk/bulk-settings.ts";
import type { Bulk, BulkOptions, Campaign, SendManyOptions } from "./bulk/campaign.ts";
import { openCampaign } from "./bulk/open-campaign.ts";
import type { BulkRecipient } from "./bulk/recipient.ts";
import { type SendResult, sendMany } from "./bulk/send-many.ts";
import type { Source } from "./bulk/source.ts";
import { Cancellation } from "./cancellation.ts";
import { now } from "./clock.ts";
import { Delivery, type DeliveryContext } from "./delivery/delivery.ts";
import { Interruptions } from "./delivery/interruptions.ts";
import { LastResort } from "./delivery/last-resort.ts";
import { loadQuietly } from "./delivery/load-quietly.ts";
import { notBegun, prepareInTime } from "./delivery/prepare-in-time.ts";
import { refuseSuppressed } from "./delivery/suppression.ts";
import type { DrillFault, DrillOptions } from "./drill.ts";
import { isSteadyMailError } from "./errors.ts";
import { checkEventName, Emitter, type Listener, type MailerEvents } from "./events.ts";
import type { ProviderHealth } from "./health/provider-health.ts";
import { RetryBudget } from "./limits/retry-budget.ts";
import { type Precedence, WaitingRoom } from "./limits/waiting-room.ts";
import type { Mailer } from "./mailer.ts";
import { MailerRoutes } from "./mailer-routes.ts";
import { abandon } from "./message/abandon.ts";
import type { Message } from "./message/message.ts";
import { checkDrill } from "./operations/drill-settings.ts";
import { type Verification, type VerifyOptions, verify } from "./operations/verify.ts";
import { type WarmOptions, type Warmth, warm } from "./operations/warm.ts";
import type { SendOptions } from "./options.ts";
import type { Receipt } from "./receipt.ts";
import { makePlan } from "./routing/plan.ts";
import { trafficShares } from "./routing/shares.ts";
import { type SendSettings, sendSettings } from "./send-settings.ts";
import { checkDuration, type MailerSettings } from "./settings.ts";
import { Warnings } from "./warnings.ts";

/** No attempt is begun with less time left than this, ms, or than this share of the whole. */
const usefulTimeAtMost = 250;
const usefulShare = 0.05;

/** How long providers may take to close, ms. */
const closeLimit = 5_000;

/** All that a mailer is made of, put together. */
export class FailoverMailer<N extends string> implements Mailer<N> {
  readonly #settings: MailerSettings<N>;
  readonly #routes: MailerRoutes<N>;
  readonly #events = new Emitter<MailerEvents<N>>();
  readonly #shared: DeliveryContext<N>;
  readonly #closing = new Cancellation();
  readonly #cutoff = new Cancellation();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #warnings = new Warnings(this.#events);
  #standbysLoaded = false;
  #closed: Promise<void> | undefined;

  constructor(settings: MailerSettings<N>) {
    this.#settings = settings;
    this.#shared = {
      events: this.#events,
      lastResort: new LastResort(),
      waitingRoom: new WaitingRoom(settings.queueLimit),
      retryBudget: new RetryBudget(settings.retryBudget),
    };
    this.#routes = new MailerRoutes(settings, this.#events);
    this.#events.on("attempt", ({ attempt }) => this.#warnings.attempt(attempt));
  }

  send(message: Message<N>, options?: SendOptions<N>): Promise<Receipt<N>> {
    return this.#send(message, options, "single");
  }

  sendMany<M extends Message<N>>(
    messages: Source<M>,
    options: SendManyOptions<N> = {},
  ): AsyncGenerator<SendResult<N, M>, void, undefined> {
    const { each, ...settings } = manySettings(options, this.#settings);
    return sendMany(messages, (message) => this.#send(message, each, "bulk"), settings);
  }

  sendBulk<R extends BulkRecipient>(bulk: Bulk<N, R>, options: BulkOptions<N> = {}): Campaign<N, R> {
    return openCampaign(bulk, bulkSettings(options, this.#settings), {
      ...this.#shared,
      ...this.#settings,
      groups: this.#routes.groups,
      closing: this.#closing,
      cutoff: this.#cutoff,
      began: (run) => this.#track(run),
      accepted: (provider) => this.#loadStandbys(provider),
      excluded: (skipped) => this.#warnings.excluded(skipped),
    });
  }

  async #send(message: Message<N>, options: SendOptions<N> | undefined, precedence: Precedence): Promise<Receipt<N>> {
    const began = now();
    const settings = this.#settingsOf(message, options);
    const delivering = this.#deliver(message, settings, began, precedence);
    this.#underWay.add(delivering);
    try {
      const receipt = await delivering;
      this.#events.emit("accepted", { id: receipt.id, receipt });
      this.#loadStandbys(receipt.provider);
      return receipt;
    } catch (error) {
      if (isSteadyMailError<N>(error)) this.#events.emit("failed", { id: settings.id, error });
      throw error;
    } finally {
      this.#underWay.delete(delivering);
    }
  }

  #track(run: Promise<void>): void {
    this.#underWay.add(run);
    void run.finally(() => this.#underWay.delete(run));
  }

  #settingsOf(message: Message<N>, options: SendOptions<N> | undefined): SendSettings<N> {
    try {
      return sendSettings(options, this.#settings);
    } catch (error) {
      abandon(message);
      throw error;
    }
  }

  health(): readonly ProviderHealth<N>[] {
    const shares = trafficShares(this.#routes.groups);
    return this.#routes.all.map(({ name, monitor, limits, rehearsal: { current } }) =>
      monitor.report({
        share: shares.get(name) ?? 0,
        queued: limits.waiting,
        ...(current && { drill: { fault: current.fault, until: current.until } }),
      }),
    );
  }

  isolate(provider: N): Disposable {
    const { monitor } = this.#routes.named(provider);
    monitor.isolate();
    let disposed = false;
    return {
      [Symbol.dispose]: () => {
        if (disposed) return;
        disposed = true;
        monitor.restore();
      },
    };
  }

  drill(provider: N, fault: DrillFault, options: DrillOptions): Disposable {
    const { rehearsal } = this.#routes.named(provider);
    checkDrill(fault, options);
    return rehearsal.start(fault, options);
  }

  async warm(options: WarmOptions = {}): Promise<readonly Warmth<N>[]> {
    const results = await warm(this.#routes.all, options, this.#closing);
    for (const { provider, failure } of results) {
      if (failure && failure.reason !== "aborted") this.#warnings.notReady(provider, failure);
    }
    return results;
  }

  verify(options: VerifyOptions = {}): Promise<readonly Verification<N>[]> {
    return verify(this.#routes.all, options, this.#settings.defaults.from, this.#closing);
  }

  on<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this {
    checkEventName(event);
    this.#events.on(event, listener);
    return this;
  }

  once<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this {
    checkEventName(event);
    this.#events.once(event, listener);
    return this;
  }

  off<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this {
    this.#events.off(event, listener);
    return this;
  }

  async close({ timeout }: { readonly timeout?: number | undefined } = {}): Promise<void> {
    if (timeout !== undefined) checkDuration("options.timeout", timeout);
    this.#closing.abort();
    const cutoff = timeout === undefined ? undefined : setTimeout(() => this.#cutoff.abort(), timeout);
    this.#closed ??= this.#finish();
    await this.#closed.finally(() => clearTimeout(cutoff));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #finish(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    for (const { monitor, rehearsal } of this.#routes.all) {
      monitor.dispose();
      rehearsal.close();
    }
    const closing = Promise.allSettled(this.#routes.all.map(async ({ provider }) => provider.close?.()));
    // A provider that never closes must not keep the program from ending.
    const limit = setTimeout(() => this.#cutoff.abort(), closeLimit);
    const closed = new AbortController();
    void closing.then(() => closed.abort());
    if (!this.#cutoff.aborted) {
      await once(this.#cutoff.signal, "abort", { signal: closed.signal }).catch(() => {});
    }
    clearTimeout(limit);
  }

  async #deliver(
    message: Message<N>,
    settings: SendSettings<N>,
    began: number,
    precedence: Precedence,
  ): Promise<Receipt<N>> {
    const { id, onUnknown, choice, allowedTime } = settings;
    const interruptions = new Interruptions(settings.deadline, settings.signal, {
      closing: this.#closing,
      cutoff: this.#cutoff,
    });
    const { suppress, defaults, names } = this.#settings;
    const draft = await prepareInTime(message, { id, defaults, providerNames: names }, interruptions);
    const interruption = suppress && (await refuseSuppressed(suppress, draft, id, interruptions));
    if (interruption) throw notBegun(interruption, id, interruptions);
    const plan = makePlan(this.#routes.groups, draft, choice);
    for (const skipped of plan.skipped) this.#warnings.excluded(skipped);
    const usefulTime = Math.min(usefulTimeAtMost, allowedTime * usefulShare);
    const task = {
      id,
      began,
      plan,
      onUnknown,
      retry: this.#settings.retry,
      interruptions,
      precedence,
      usefulTime,
    };
    return new Delivery(task, this.#shared).run();
  }

  /** What a failover would have to load is loaded before one is needed, but not before the first mail is out. */
  #loadStandbys(except: N): void {
    if (this.#standbysLoaded || this.#closing.aborted) return;
    this.#standbysLoaded = true;
    for (const { name, provider } of this.#routes.all) {
      if (name !== except) void loadQuietly(provider);
    }
  }
}
