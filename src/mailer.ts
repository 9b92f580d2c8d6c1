import { once, setMaxListeners } from "node:events";
import { now } from "./clock.ts";
import { Delivery, type DeliveryContext } from "./delivery/delivery.ts";
import { type Interruption, Interruptions } from "./delivery/interruptions.ts";
import { LastResort } from "./delivery/last-resort.ts";
import { loadQuietly } from "./delivery/load-quietly.ts";
import { AbortedError, ClosedError, isSteadyMailError, type SteadyMailError, UnavailableError } from "./errors.ts";
import { Emitter, type Listener, type MailerEvents } from "./events.ts";
import type { ProviderChange } from "./health/change.ts";
import type { ProviderHealth } from "./health/provider-health.ts";
import { ProviderMonitor } from "./health/provider-monitor.ts";
import { ProviderLimits } from "./limits/provider-limits.ts";
import { RetryBudget } from "./limits/retry-budget.ts";
import { WaitingRoom } from "./limits/waiting-room.ts";
import { abandon } from "./message/abandon.ts";
import type { Message } from "./message/message.ts";
import { type MessageDraft, prepare } from "./message/prepare.ts";
import type { MailerOptions, Route, SendOptions } from "./options.ts";
import { ProviderEvents } from "./provider-events.ts";
import type { Receipt } from "./receipt.ts";
import { makePlan } from "./routing/plan.ts";
import { ProvingShare } from "./routing/proving-share.ts";
import type { ResolvedRoute, RouteGroup } from "./routing/resolved-route.ts";
import { trafficShares } from "./routing/shares.ts";
import { SmoothWeightedRoundRobin } from "./routing/smooth-weighted-round-robin.ts";
import { type SendSettings, sendSettings } from "./send-settings.ts";
import { checkDuration, type MailerSettings, mailerSettings, type RouteSettings } from "./settings.ts";
import { Warnings } from "./warnings.ts";

/** @typeParam N names of the providers */
export interface Mailer<N extends string = string> extends AsyncDisposable {
  /**
   * Sends one message by the first provider that takes it.
   *
   * @throws SteadyMailError (a rejection) when nobody did; its `sent` tells whether somebody may have the message
   * @throws RangeError, TypeError (a rejection) for options that make no sense
   */
  send(message: Message<N>, options?: SendOptions<N>): Promise<Receipt<N>>;
  /** How each provider does, in their order of priority. */
  health(): readonly ProviderHealth<N>[];
  /**
   * Takes a provider out for maintenance, until every handle is disposed.
   *
   * @throws RangeError for the name of no provider
   */
  isolate(provider: N): Disposable;
  /** Listens to an event; see {@link MailerEvents}. A listener that throws or rejects is told by a process warning only. */
  on<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this;
  /** Listens to the next event of that name alone. */
  once<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this;
  /** Takes a listener back. */
  off<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this;
  /**
   * Attempts under way finish, and may still fail over; waiting and new sends reject with `ClosedError`. Then the
   * connections are closed; an adapter that takes longer than 5 s for that is left behind.
   *
   * @param options.timeout ms after which attempts under way are aborted; default none, since each has its own limit
   */
  close(options?: { readonly timeout?: number | undefined }): Promise<void>;
}

/**
 * A mailer over one or more providers.
 *
 * @throws TypeError, RangeError for options that make no sense
 */
export function createMailer<const P extends MailerOptions["providers"]>(
  options: Omit<MailerOptions<NameOf<P[number]>>, "providers"> & { readonly providers: P & Checked<P> },
): Mailer<NameOf<P[number]>>;
export function createMailer<N extends string>(options: MailerOptions<N>): Mailer<N>;
export function createMailer<N extends string>(options: MailerOptions<N>): Mailer<N> {
  return new FailoverMailer(mailerSettings(options));
}

/** The names of providers, whichever kinds of them stand side by side, in groups and in routes. */
type NameOf<E> = E extends readonly (infer M)[]
  ? NameOf<M>
  : E extends { readonly provider: { readonly name: infer N extends string } }
    ? N
    : E extends { readonly name: infer N extends string }
      ? N
      : never;

/** The same providers, without what is no option of a route: a misspelt one does not compile. */
type Checked<P> = {
  readonly [K in keyof P]: P[K] extends readonly unknown[]
    ? Checked<P[K]>
    : P[K] extends { readonly provider: unknown }
      ? P[K] & { readonly [Key in Exclude<keyof P[K], keyof Route>]: never }
      : P[K];
};

/** No attempt is begun with less time left than this, ms, or than this share of the whole. */
const usefulTimeAtMost = 250;
const usefulShare = 0.05;

/** How long providers may take to close, ms. */
const closeLimit = 5_000;

class FailoverMailer<N extends string> implements Mailer<N> {
  readonly #settings: MailerSettings<N>;
  readonly #groups: readonly RouteGroup<N>[];
  readonly #routes: readonly ResolvedRoute<N>[];
  readonly #events = new Emitter<MailerEvents<N>>();
  readonly #shared: DeliveryContext<N>;
  readonly #closing = new AbortController();
  readonly #cutoff = new AbortController();
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
    setMaxListeners(0, this.#closing.signal, this.#cutoff.signal);
    const monitors: ProviderMonitor<N>[] = [];
    const told = new ProviderEvents(this.#events, monitors);
    this.#groups = settings.groups.map((group) => ({
      routes: group.map((route) => resolve(route, (change) => told.tell(change))),
      balancer: new SmoothWeightedRoundRobin(),
    }));
    this.#routes = this.#groups.flatMap((group) => group.routes);
    monitors.push(...this.#routes.map((route) => route.monitor));
    this.#events.on("attempt", ({ attempt }) => this.#warnings.attempt(attempt));
  }

  async send(message: Message<N>, options: SendOptions<N> = {}): Promise<Receipt<N>> {
    const began = now();
    const settings = this.#settingsOf(message, options);
    const delivering = this.#deliver(message, settings, began);
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

  #settingsOf(message: Message<N>, options: SendOptions<N>): SendSettings<N> {
    try {
      return sendSettings(options, this.#settings);
    } catch (error) {
      abandon(message);
      throw error;
    }
  }

  health(): readonly ProviderHealth<N>[] {
    const shares = trafficShares(this.#groups);
    return this.#routes.map(({ name, monitor, limits }) =>
      monitor.report({ share: shares.get(name) ?? 0, queued: limits.waiting }),
    );
  }

  isolate(provider: N): Disposable {
    const route = this.#routes.find(({ name }) => name === provider);
    if (!route)
      throw new RangeError(`There is no provider "${provider}"; there are ${this.#settings.names.join(", ")}`);
    route.monitor.isolate();
    let disposed = false;
    return {
      [Symbol.dispose]: () => {
        if (disposed) return;
        disposed = true;
        route.monitor.restore();
      },
    };
  }

  on<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this {
    this.#events.on(event, listener);
    return this;
  }

  once<K extends keyof MailerEvents<N> & string>(event: K, listener: Listener<MailerEvents<N>[K]>): this {
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
    for (const route of this.#routes) route.monitor.dispose();
    const closing = Promise.allSettled(this.#routes.map(async ({ provider }) => provider.close?.()));
    // A provider that never closes must not keep the program from ending.
    const limit = setTimeout(() => this.#cutoff.abort(), closeLimit);
    const closed = new AbortController();
    void closing.then(() => closed.abort());
    if (!this.#cutoff.signal.aborted) {
      await once(this.#cutoff.signal, "abort", { signal: closed.signal }).catch(() => {});
    }
    clearTimeout(limit);
  }

  async #deliver(message: Message<N>, settings: SendSettings<N>, began: number): Promise<Receipt<N>> {
    const { id, onUnknown, choice, allowedTime } = settings;
    const interruptions = new Interruptions(settings.deadline, settings.signal, {
      closing: this.#closing.signal,
      cutoff: this.#cutoff.signal,
    });
    const draft = await this.#prepare(message, id, interruptions);
    const plan = makePlan(this.#groups, draft, choice);
    for (const skipped of plan.skipped) this.#warnings.excluded(skipped);
    const usefulTime = Math.min(usefulTimeAtMost, allowedTime * usefulShare);
    const task = {
      id,
      began,
      plan,
      onUnknown,
      retry: this.#settings.retry,
      interruptions,
      precedence: "single" as const,
      usefulTime,
    };
    return new Delivery(task, this.#shared).run();
  }

  async #prepare(message: Message<N>, id: string, interruptions: Interruptions): Promise<MessageDraft> {
    const preparing = new AbortController();
    const remove = interruptions.onInterrupt(() => preparing.abort());
    try {
      const { pending } = interruptions;
      if (pending) {
        abandon(message);
        throw notBegun(pending, id, interruptions);
      }
      return await prepare(message, {
        id,
        defaults: this.#settings.defaults,
        providerNames: this.#settings.names,
        signal: preparing.signal,
        deadline: Math.ceil(interruptions.remaining),
      });
    } catch (error) {
      if (!preparing.signal.aborted) throw error;
      throw notBegun(interruptions.cancelled ?? "closed", id, interruptions);
    } finally {
      remove();
    }
  }

  /** What a failover would have to load is loaded before one is needed, but not before the first mail is out. */
  #loadStandbys(except: N): void {
    if (this.#standbysLoaded || this.#closing.signal.aborted) return;
    this.#standbysLoaded = true;
    for (const { name, provider } of this.#routes) {
      if (name !== except) void loadQuietly(provider);
    }
  }
}

function resolve<N extends string>(
  { provider, weight, limits, prove, labels, sender, timeout, breaker }: RouteSettings<N>,
  tell: (change: ProviderChange<N>) => void,
): ResolvedRoute<N> {
  const { name } = provider;
  const monitor = new ProviderMonitor(name, breaker, (change) => {
    tell(change);
    route.limits.reconsider();
  });
  const route: ResolvedRoute<N> = {
    name,
    provider,
    weight,
    prove: new ProvingShare(prove),
    labels,
    sender,
    timeout,
    monitor,
    limits: new ProviderLimits(limits, () => monitor.availability),
  };
  return route;
}

function notBegun<N extends string>(how: Interruption, id: string, { abortReason }: Interruptions): SteadyMailError<N> {
  const record = { id, attempts: [], skipped: [] };
  const message = `Message ${id} was not sent`;
  if (how === "closed") return new ClosedError(`${message}: the mailer is closed; create another one`, record);
  if (how === "expired") return new UnavailableError(`${message}: its deadline had passed before any attempt`, record);
  const text = `${message}: the caller's signal was aborted before any attempt`;
  return new AbortedError(text, record, { cause: abortReason });
}
