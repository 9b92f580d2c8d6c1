import { dateOf, now } from "../clock.ts";
import {
  AbortedError,
  ClosedError,
  OverloadedError,
  RejectedError,
  type SteadyMailError,
  UnavailableError,
  UnknownDeliveryError,
  UnsupportedError,
} from "../errors.ts";
import type { Attempt, Receipt } from "../receipt.ts";
import type { Candidate, Plan } from "../routing/plan.ts";
import { availabilityOf } from "../routing/resolved-route.ts";
import type { AttemptLog } from "./attempt-log.ts";
import { type DeliveryErrorKind, explain } from "./explain.ts";

type Accepted<N extends string> = Extract<Attempt<N>, { readonly outcome: "accepted" }>;

/** What ended a delivery. */
export type Ending<N extends string = string> =
  | { readonly how: "accepted"; readonly candidate: Candidate<N>; readonly attempt: Accepted<N> }
  | { readonly how: "rejected" | "stopped" | "exhausted" | "expired" | "overloaded" | "aborted" | "closed" };

/** What was to be done, and what was done. */
interface DeliverySummary<N extends string = string> {
  readonly id: string;
  /** On the monotonic clock. */
  readonly began: number;
  readonly plan: Plan<N>;
  readonly log: AttemptLog<N>;
}

/** The whole record of a delivery that ended without an acceptance. */
export interface DeliveryRecord<N extends string = string> extends DeliverySummary<N> {
  /** Candidates that neither refused the message nor may have it. */
  readonly remaining: readonly Candidate<N>[];
  /** The reason of the caller's signal. */
  readonly abortReason: unknown;
  /** So many sends may wait for limits and throttles. */
  readonly queueLimit: number;
  /** Somebody would have been tried again if the retry budget had allowed it. */
  readonly budgetSpent: boolean;
  /** Milliseconds after which a provider that failed but is not down may be worth another try. */
  readonly retryDelay: number;
}

export function receiptOf<N extends string>(
  { id, began, plan, log }: DeliverySummary<N>,
  { candidate, attempt }: Extract<Ending<N>, { readonly how: "accepted" }>,
): Receipt<N> {
  return Object.freeze({
    id,
    provider: attempt.provider,
    providerMessageId: attempt.providerMessageId,
    attempts: Object.freeze([...log.all]),
    duration: now() - began,
    duplicate: log.anyUnknown ? "possible" : "no",
    dropped: candidate.dropped,
    skipped: plan.skipped,
  });
}

/** What is true of a message that nobody accepted, from the record alone. */
export function errorOf<N extends string>(
  record: DeliveryRecord<N>,
  how: Exclude<Ending["how"], "accepted">,
): SteadyMailError<N> {
  const { plan, log, remaining } = record;
  const summary = { id: record.id, attempts: Object.freeze([...log.all]), skipped: plan.skipped };
  const text = (kind: DeliveryErrorKind): string => explain(kind, record);
  if (how === "aborted") return new AbortedError(text("aborted"), summary, { cause: record.abortReason });
  if (how === "closed") return new ClosedError(text("closed"), summary);
  if (log.anyUnknown) return new UnknownDeliveryError(text("unknown"), summary);
  if (how === "overloaded") return new OverloadedError(text("overloaded"), summary, { retryAt: retryAt(record) });
  if (plan.allowed.length > 0 && plan.skipped.length === plan.allowed.length) {
    const missing = [...new Set(plan.skipped.flatMap((skipped) => skipped.fields))];
    return new UnsupportedError(text("unsupported"), summary, missing);
  }
  const refusedByAll = remaining.length === 0 && log.all.length > 0 && log.all.every(isMessageFault);
  if (how === "rejected" || refusedByAll) return new RejectedError(text("rejected"), summary);
  return new UnavailableError(text("unavailable"), summary, { retryAt: retryAt(record) });
}

function isMessageFault(attempt: Attempt): boolean {
  return attempt.outcome !== "accepted" && attempt.failure.scope === "message";
}

/** When the first of the remaining providers can be expected to take mail again. */
function retryAt<N extends string>({ remaining, log, retryDelay }: DeliveryRecord<N>): Date | undefined {
  const times = remaining.flatMap(({ route }) => {
    const availability = availabilityOf(route);
    if (availability.can !== "nothing") return [log.pauseOf(route.name) ?? now() + retryDelay];
    if (availability.because === "isolated") return [];
    return ["until" in availability ? availability.until : (route.limits.expectedAt() ?? now() + retryDelay)];
  });
  return times.length === 0 ? undefined : dateOf(Math.max(now(), Math.min(...times)));
}
