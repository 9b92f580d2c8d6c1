import { dateOf } from "../clock.ts";
import type { Emitter, MailerEvents } from "../events.ts";
import type { Attempt } from "../receipt.ts";
import { type BatchOutcome, failureIn } from "./batch-attempt.ts";
import type { History } from "./history.ts";

/** What a campaign tells the listeners of its mailer, beside what becomes of each mail. */
export class CampaignEvents<N extends string> {
  readonly #id: string;
  readonly #events: Emitter<MailerEvents<N>>;

  constructor(id: string, events: Emitter<MailerEvents<N>>) {
    this.#id = id;
    this.#events = events;
  }

  /** @param until when it is tried again, on the monotonic clock */
  paused(reason: MailerEvents["campaign:paused"]["reason"], until = Number.POSITIVE_INFINITY): void {
    const retryAt = until === Number.POSITIVE_INFINITY ? {} : { retryAt: dateOf(until) };
    const severity = reason === "asked" ? "info" : "error";
    this.#events.emit("campaign:paused", { id: this.#id, reason, at: new Date(), ...retryAt, severity });
  }

  resumed(): void {
    this.#events.emit("campaign:resumed", { id: this.#id, at: new Date(), severity: "info" });
  }

  /** Mails go on to another provider. */
  failover(id: string, { attempts }: History<N>, to: N): void {
    const last = attempts.at(-1);
    if (!last || last.outcome === "accepted" || last.provider === to) return;
    this.#events.emit("failover", { id, from: last.provider, to, failure: last.failure });
  }

  /** @param history of the mails before this attempt */
  attempt(id: string, outcome: BatchOutcome, provider: N, history: History<N>, recipients: number): void {
    const { startedAt, duration } = outcome;
    const common = { provider, round: history.roundAt(provider), startedAt, duration };
    const failure = failureIn(outcome);
    const attempt: Attempt<N> = failure
      ? { ...common, outcome: failure.sent === "maybe" ? "unknown" : "not-sent", failure }
      : { ...common, outcome: "accepted", providerMessageId: firstId(outcome) };
    this.#events.emit("attempt", { id, attempt: Object.freeze(attempt), recipients });
  }
}

function firstId({ results = [] }: Pick<BatchOutcome, "results">): string {
  const first = results.find((result) => "providerMessageId" in result);
  return first && "providerMessageId" in first ? first.providerMessageId : "";
}
