import { EventEmitter } from "node:events";
import type { Drill } from "./drill.ts";
import type { AnySteadyMailError } from "./errors.ts";
import type { Failure } from "./failure.ts";
import type { ProviderChange } from "./health/change.ts";
import { shown } from "./printable.ts";
import type { Attempt, Receipt } from "./receipt.ts";

/**
 * What a mailer tells. No event carries an address, a subject, a body or a credential. There are no timers but for the
 * end of a drill: what only time brings about (`provider:unthrottled`, `provider:recovered`) is told when somebody next
 * sends or calls `health()`.
 *
 * A listener that throws or rejects changes nothing but for a process warning.
 */
export interface MailerEvents<N extends string = string> {
  /** A provider accepted a message. */
  accepted: { readonly id: string; readonly receipt: Receipt<N> };
  /** A send ended without an acceptance. */
  failed: { readonly id: string; readonly error: AnySteadyMailError<N> };
  /**
   * One attempt ended, however. That of a campaign's batch may have several recipients, and is accepted if any of them was:
   * `accepted` and `failed` tell what became of each.
   */
  attempt: { readonly id: string; readonly attempt: Attempt<N>; readonly recipients?: number };
  /** A message goes on to another provider. */
  failover: { readonly id: string; readonly from: N; readonly to: N; readonly failure: Failure };
  /** Any of the changes below. */
  "provider:changed": ProviderChange<N>;
  /** Too many failed or slow attempts; its share in its group is halved. */
  "provider:degraded": ProviderChange<N>;
  /** It gets no mail until its time out is over. */
  "provider:down": ProviderChange<N>;
  /** One real message tries whether it is back. */
  "provider:probing": ProviderChange<N>;
  /** It is back; its share grows. */
  "provider:recovering": ProviderChange<N>;
  /** Its share is whole again. */
  "provider:recovered": ProviderChange<N>;
  /** It asked for a pause, which is no failure. */
  "provider:throttled": ProviderChange<N>;
  /** The pause is over. */
  "provider:unthrottled": ProviderChange<N>;
  /** `Mailer.isolate` took it out. */
  "provider:isolated": ProviderChange<N>;
  /** All handles of `Mailer.isolate` are disposed. */
  "provider:restored": ProviderChange<N>;
  /** No provider is left: each is down, probing or isolated. Once on entry. `drill`: one of them because of a drill. */
  "all-down": { readonly at: Date; readonly retryAt?: Date; readonly drill?: true; readonly severity: "error" };
  /** Some provider is back. `drill`: as of the `all-down` that is over. */
  "all-down:over": { readonly at: Date; readonly since: Date; readonly drill?: true; readonly severity: "info" };
  /**
   * A campaign pauses: it was asked to; every provider that it may use is out; or `suppress` failed. But for the first, it
   * goes on by itself.
   */
  "campaign:paused": {
    readonly id: string;
    readonly reason: "asked" | "all-out" | "suppress";
    readonly at: Date;
    /** When it tries again, where that is known. */
    readonly retryAt?: Date;
    readonly severity: "info" | "error";
  };
  /** A campaign that was paused goes on. */
  "campaign:resumed": { readonly id: string; readonly at: Date; readonly severity: "info" };
  /** A rehearsed outage begins, which ends at `until` by itself; see `Mailer.drill`. */
  "drill:started": DrillEvent<N>;
  /** It has ended, also when it was ended early. Its provider comes back as after any outage. */
  "drill:over": DrillEvent<N>;
  /** Something that somebody should mend; each is told once. */
  warning: MailerWarning<N>;
}

/** The begin or the end of a drill. */
const everyEvent: Readonly<Record<keyof MailerEvents, true>> = {
  accepted: true,
  failed: true,
  attempt: true,
  failover: true,
  "provider:changed": true,
  "provider:degraded": true,
  "provider:down": true,
  "provider:probing": true,
  "provider:recovering": true,
  "provider:recovered": true,
  "provider:throttled": true,
  "provider:unthrottled": true,
  "provider:isolated": true,
  "provider:restored": true,
  "all-down": true,
  "all-down:over": true,
  "campaign:paused": true,
  "campaign:resumed": true,
  "drill:started": true,
  "drill:over": true,
  warning: true,
};

/**
 * An alert on a misspelt event would never come, and nobody would notice.
 *
 * @throws RangeError
 */
export function checkEventName(name: string): void {
  if (Object.hasOwn(everyEvent, name)) return;
  throw new RangeError(`There is no event ${shown(name)}; there are ${Object.keys(everyEvent).join(", ")}`);
}

export interface DrillEvent<N extends string = string> extends Drill {
  /** Whose outage is rehearsed. */
  readonly provider: N;
  readonly severity: "info";
}

/** Something that somebody should mend. */
export interface MailerWarning<N extends string = string> {
  /**
   * `excluded`: messages of this shape never go to this provider; `adapter`: the adapter itself failed; `not-ready`:
   * `warm` found that the provider could not send.
   */
  readonly code: "excluded" | "adapter" | "not-ready";
  /** Whose. */
  readonly provider: N;
  /** What is wrong and what follows from it, in a sentence. */
  readonly message: string;
  /** The fields that it cannot carry. */
  readonly fields?: readonly string[];
}

/** What is called with an event. What it returns does not matter, but a promise that rejects is told as if it had thrown. */
export type Listener<E> = (event: E) => unknown;

/** Node's emitter, but for one thing: it survives its listeners, whose errors must not change what becomes of a mail. */
export class Emitter<Events extends object> {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  on<K extends keyof Events & string>(name: K, listener: Listener<Events[K]>): void {
    this.#emitter.on(name, listener);
  }

  once<K extends keyof Events & string>(name: K, listener: Listener<Events[K]>): void {
    this.#emitter.once(name, listener);
  }

  off<K extends keyof Events & string>(name: K, listener: Listener<Events[K]>): void {
    this.#emitter.off(name, listener);
  }

  hasListeners(name: keyof Events & string): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  emit<K extends keyof Events & string>(name: K, event: Events[K]): void {
    for (const listener of this.#emitter.rawListeners(name)) {
      try {
        const result: unknown = listener(event);
        if (result !== undefined) Promise.resolve(result).catch((error: unknown) => warnOfListener(name, error));
      } catch (error) {
        warnOfListener(name, error);
      }
    }
  }
}

/** Says where the listener failed, not its message: that is the user's own text and may hold an address. */
function warnOfListener(event: string, error: unknown): void {
  process.emitWarning(
    `A listener of "${event}" failed (${describe(error)}). No send was affected; mend the listener.`,
    { code: "STEADYMAIL_LISTENER" },
  );
}

function describe(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `it threw a ${typeof error}`;
    const { message, stack = "" } = error;
    const frames = stack.slice(stack.indexOf(message) + message.length);
    return `${error.constructor.name} ${/^\s+at .*$/mu.exec(frames)?.[0].trim() ?? ""}`.trim();
  } catch {
    return "it threw an error that cannot be read";
  }
}
