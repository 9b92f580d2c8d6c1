import { now } from "../clock.ts";
import type { OnUnknown } from "../delivery/on-unknown.ts";
import type { RetrySettings } from "../delivery/retry-delay.ts";
import type { AnySteadyMailError } from "../errors.ts";
import type { Failure } from "../failure.ts";
import type { Attempt, Receipt } from "../receipt.ts";
import type { BatchOutcome } from "./batch-attempt.ts";
import { endingOf } from "./endings.ts";
import { type Fate, fateAfter } from "./fate.ts";
import type { Mail } from "./feed.ts";
import type { History } from "./history.ts";
import type { Load, Piece } from "./piece.ts";

/** What follows from an attempt for each of its mails. */
export interface Settlement<N extends string, R> {
  readonly accepted: readonly { readonly mail: Mail<R>; readonly receipt: Receipt<N> }[];
  readonly ended: readonly { readonly mail: Mail<R>; readonly error: AnySteadyMailError<N> }[];
  /** Those that are to be tried again, in the pieces in which they are. */
  readonly pieces: readonly Piece<N, R>[];
}

export interface SettlementContext<N extends string> {
  readonly provider: N;
  readonly history: History<N>;
  readonly onUnknown: OnUnknown;
  readonly retry: RetrySettings;
  /** Whether somebody would be left if these were not asked again. */
  readonly isAnyLeft: (excluded: ReadonlySet<N>) => boolean;
  /** One mail after the other was refused lately. */
  readonly isHopeless: boolean;
  /** The provider accepted other mails since these were last tried. */
  readonly takesOthers: boolean;
}

/** So often a mail may fail at a provider that takes others meanwhile; without them, the provider may be to blame. */
const mostSetbacks = 20;

/** No pause between two attempts is longer, whatever a provider asks for, ms. */
const longestPause = 300_000;

/** What follows from an attempt for each of its mails. */
export function settlementOf<N extends string, R>(
  outcome: BatchOutcome,
  load: Load<R>,
  context: SettlementContext<N>,
): Settlement<N, R> {
  const accepted: { mail: Mail<R>; receipt: Receipt<N> }[] = [];
  const ended: { mail: Mail<R>; error: AnySteadyMailError<N> }[] = [];
  const pieces: Piece<N, R>[] = [];
  for (const { failure, mails } of failuresIn(outcome, load)) {
    // What was said of each by itself is about that one, however many it was said of.
    const size = outcome.results ? 1 : mails.length;
    const attempt = failedAttempt(context, outcome, failure);
    const fate = fateOf(failure, size, context);
    const history = context.history.with(attempt, {
      excluding: fate === "elsewhere" || failure.sent === "maybe",
      pause: fate === "again" ? pauseBefore(context, failure) : 0,
      isSetback: isSetback(failure, context),
    });
    if (fate === "again" || fate === "elsewhere") pieces.push({ mails: [...mails], history });
    else if (fate === "split") pieces.push(...halves(mails, history));
    else for (const mail of mails) ended.push({ mail, error: endingOf(mail.mail.id, history, fate === "refused") });
  }
  for (const [index, result] of (outcome.results ?? []).entries()) {
    const mail = load.mails[index];
    if (mail && "providerMessageId" in result) {
      accepted.push({ mail, receipt: receiptOf(mail, result.providerMessageId, outcome, load, context) });
    }
  }
  return { accepted, ended, pieces };
}

/**
 * Each failure with the mails that it is about; those of whom the same was said stay together. What is not about the mails
 * is the same whatever its words.
 */
function failuresIn<R>(
  outcome: BatchOutcome,
  { mails }: Load<R>,
): readonly { readonly failure: Failure; readonly mails: readonly Mail<R>[] }[] {
  if (!outcome.results) return [{ failure: outcome.failure, mails }];
  const groups = new Map<string, { failure: Failure; mails: Mail<R>[] }>();
  for (const [index, result] of outcome.results.entries()) {
    const mail = mails[index];
    if (!mail || !("failure" in result)) continue;
    const { reason, scope, sent, retryAfter } = result.failure;
    const key = JSON.stringify(scope === "message" ? result.failure : [reason, sent, retryAfter]);
    const group = groups.get(key) ?? { failure: result.failure, mails: [] };
    groups.set(key, group);
    group.mails.push(mail);
  }
  return [...groups.values()];
}

function fateOf<N extends string>(failure: Failure, size: number, context: SettlementContext<N>): Fate {
  const { provider, history, onUnknown, isHopeless, isAnyLeft } = context;
  const calling = history.callingInvalid;
  const fate = fateAfter(failure, {
    onUnknown,
    size,
    isHopeless,
    unknowns: history.unknowns,
    invalids: calling.size - (calling.has(provider) ? 1 : 0),
    elsewhere: isAnyLeft(new Set([...history.excluded, provider])),
  });
  const isTooOften = isSetback(failure, context) && history.setbacks + 1 >= mostSetbacks;
  return fate === "again" && isTooOften ? "failed" : fate;
}

/** Whether it fails these mails but not others. A provider that asks for time, or whose account is closed, fails all. */
function isSetback<N extends string>({ reason, scope }: Failure, { takesOthers }: SettlementContext<N>): boolean {
  return takesOthers && scope !== "account" && reason !== "throttled";
}

function failedAttempt<N extends string>(
  { provider, history }: SettlementContext<N>,
  { startedAt, duration }: BatchOutcome,
  failure: Failure,
): Attempt<N> {
  return Object.freeze({
    provider,
    round: history.roundAt(provider),
    startedAt,
    duration,
    outcome: failure.sent === "maybe" ? "unknown" : "not-sent",
    failure,
  });
}

function receiptOf<N extends string, R>(
  { mail }: Mail<R>,
  providerMessageId: string,
  { startedAt, duration }: BatchOutcome,
  { dropped }: Load<R>,
  { provider, history }: SettlementContext<N>,
): Receipt<N> {
  const round = history.roundAt(provider);
  const attempt: Attempt<N> = { provider, round, startedAt, duration, outcome: "accepted", providerMessageId };
  return Object.freeze({
    id: mail.id,
    provider,
    providerMessageId,
    attempts: Object.freeze([...history.attempts, Object.freeze(attempt)]),
    duration: now() - history.began,
    duplicate: history.unknowns > 0 ? "possible" : "no",
    dropped,
    skipped: history.skipped,
  });
}

/**
 * How long to wait before that provider has them again: as long as it asks, or with exponential back-off and full jitter,
 * as between the rounds of a single send. Whom health keeps out needs no pause beside that.
 */
function pauseBefore<N extends string>(
  { provider, history, retry }: SettlementContext<N>,
  { reason, scope, retryAfter }: Failure,
): number {
  if (reason === "throttled" || scope === "account") return 0;
  if (retryAfter !== undefined) return Math.min(retryAfter, longestPause);
  return Math.random() * Math.min(retry.maxDelay, retry.minDelay * 2 ** history.roundAt(provider));
}

function halves<N extends string, R>(mails: readonly Mail<R>[], history: History<N>): readonly Piece<N, R>[] {
  const middle = Math.ceil(mails.length / 2);
  return [mails.slice(0, middle), mails.slice(middle)].map((half) => ({ mails: half, history }));
}
