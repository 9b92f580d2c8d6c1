import type { Emitter, MailerEvents, MailerWarning } from "./events.ts";
import type { Failure } from "./failure.ts";
import type { Attempt, Skipped } from "./receipt.ts";

/** Tells of what somebody should mend, each thing once. */
export class Warnings<N extends string> {
  readonly #emitter: Emitter<MailerEvents<N>>;
  readonly #told = new Set<string>();

  constructor(emitter: Emitter<MailerEvents<N>>) {
    this.#emitter = emitter;
  }

  /** A provider that cannot carry messages of this shape is no standby for them. */
  excluded({ provider, fields }: Skipped<N>): void {
    if (this.#told.has(keyOf("excluded", provider, fields))) return;
    const message = `Messages with ${fields.join(", ")} never go to ${provider}, which cannot carry that: it is no standby for them.`;
    this.#tellOnce({ code: "excluded", provider, fields, message });
  }

  /** An adapter that fails by itself is neutral for its provider's health, so nothing else would tell. */
  attempt(attempt: Attempt<N>): void {
    if (attempt.outcome === "accepted" || attempt.failure.reason !== "internal") return;
    const { provider, failure } = attempt;
    const message = `The adapter of ${provider} failed by itself: ${wordsOf(failure)}`;
    this.#tellLoudly({ code: "adapter", provider, message }, "STEADYMAIL_ADAPTER");
  }

  /** A provider that could not send now is one that a failover would not find either. */
  notReady(provider: N, failure: Failure): void {
    const message = `${provider} is not ready to send: ${failure.reason}: ${wordsOf(failure)}`;
    this.#tellLoudly({ code: "not-ready", provider, message }, "STEADYMAIL_NOT_READY");
  }

  #tellLoudly(warning: MailerWarning<N>, code: string): void {
    const told = this.#tellOnce(warning);
    if (told && !this.#emitter.hasListeners("warning")) process.emitWarning(warning.message, { code });
  }

  #tellOnce(warning: MailerWarning<N>): boolean {
    const key = keyOf(warning.code, warning.provider, warning.fields);
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    this.#emitter.emit("warning", Object.freeze(warning));
    return true;
  }
}

function wordsOf({ detail, code }: Failure): string {
  return detail ?? code ?? "no detail";
}

/** Without what is unbounded, as an adapter's own words: it must not make the record grow for ever. */
function keyOf(code: MailerWarning["code"], provider: string, fields: readonly string[] = []): string {
  return [code, provider, ...fields].join(" ");
}
