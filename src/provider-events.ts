import { dateOf } from "./clock.ts";
import type { Emitter, MailerEvents } from "./events.ts";
import type { Overlay, ProviderChange, State } from "./health/change.ts";
import type { ProviderMonitor } from "./health/provider-monitor.ts";

/** The event that tells of a change by name: of an overlay's begin and end, or of the state that was reached. */
const nameOfEnd = { throttled: "provider:unthrottled", isolated: "provider:restored" } as const satisfies Record<
  Overlay,
  keyof MailerEvents
>;
const nameOfBegin = {
  healthy: "provider:recovered",
  degraded: "provider:degraded",
  down: "provider:down",
  probing: "provider:probing",
  recovering: "provider:recovering",
  throttled: "provider:throttled",
  isolated: "provider:isolated",
} as const satisfies Record<State | Overlay, keyof MailerEvents>;

/** Tells the world how providers change: by events, and by a process warning where nobody listens. */
export class ProviderEvents<N extends string> {
  readonly #emitter: Emitter<MailerEvents<N>>;
  readonly #monitors: readonly ProviderMonitor<N>[];
  /** Providers whose outage was told and is not over, and whether all of it is a drill. */
  readonly #outages = new Map<N, boolean>();
  #allDown: { readonly since: Date; readonly drill?: true } | undefined;

  /** @param monitors of all providers; may be filled after this call */
  constructor(emitter: Emitter<MailerEvents<N>>, monitors: readonly ProviderMonitor<N>[]) {
    this.#emitter = emitter;
    this.#monitors = monitors;
  }

  tell(change: ProviderChange<N>): void {
    const { from, to, provider } = change;
    // Asked before the event, which a listener by "once" does not outlive.
    const heard = this.#emitter.hasListeners("provider:down");
    this.#emitter.emit("provider:changed", change);
    this.#emitter.emit(from === "throttled" || from === "isolated" ? nameOfEnd[from] : nameOfBegin[to], change);
    if (to === "down" && from !== "throttled" && from !== "isolated") this.#noteOutage(change, heard);
    if (to === "recovering") this.#outages.delete(provider);
    this.#watchAll(change.at);
  }

  #noteOutage(change: ProviderChange<N>, heard: boolean): void {
    const { provider, drill = false } = change;
    const wasDrill = this.#outages.get(provider);
    // What was told as a drill, and goes on in earnest, is news.
    const isNews = wasDrill === undefined || (wasDrill && !drill);
    if (isNews && !heard) warn(change);
    this.#outages.set(provider, drill && wasDrill !== false);
  }

  #watchAll(at: Date): void {
    const allOut = this.#monitors.every((monitor) => monitor.isOut);
    if (allOut && !this.#allDown) {
      const back = this.#monitors.flatMap(({ isolated, openUntil }) => (isolated || !openUntil ? [] : [openUntil]));
      const retryAt = back.length === 0 ? {} : { retryAt: dateOf(Math.min(...back)) };
      const drill = [...this.#outages.values()].includes(true) ? ({ drill: true } as const) : {};
      this.#allDown = { since: at, ...drill };
      this.#emitter.emit("all-down", { at, ...retryAt, ...drill, severity: "error" });
    } else if (!allOut && this.#allDown) {
      const over = this.#allDown;
      this.#allDown = undefined;
      this.#emitter.emit("all-down:over", { at, ...over, severity: "info" });
    }
  }
}

/** Silence is the complaint that users of failover make most. */
function warn({ provider, reason, failure }: ProviderChange): void {
  const detail = failure?.detail ? `: ${failure.detail}` : "";
  process.emitWarning(
    `Email provider "${provider}" is down (${reason}${detail}). Mails go to the other providers, if there are any. ` +
      `Listen to the event "provider:down" to be told instead of this warning.`,
    { code: "STEADYMAIL_PROVIDER_DOWN" },
  );
}
