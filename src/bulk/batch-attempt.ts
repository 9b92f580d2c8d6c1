import { redactFailure } from "../delivery/redact-failure.ts";
import { messageIdOf, type RequestLimits, runAttempt } from "../delivery/run-attempt.ts";
import { type Failure, normalFailure } from "../failure.ts";
import type { AttemptOutcome } from "../health/attempt-outcome.ts";
import { messageTo, type PreparedBatch } from "../message/batch.ts";
import { attemptContext } from "../providers/attempt-context.ts";
import { batchStrings } from "../providers/batch-strings.ts";
import type { BatchResult } from "../providers/provider.ts";
import type { ResolvedRoute } from "../routing/resolved-route.ts";
import type { History } from "./history.ts";
import type { Load } from "./piece.ts";

export interface BatchTask<N extends string> {
  /** Id of the attempt, for events. */
  readonly id: string;
  readonly route: ResolvedRoute<N>;
  readonly kind: "regular" | "probe";
  readonly load: Load<unknown>;
  readonly history: History<N>;
  /** Use a connection that the provider is unlikely to have closed. */
  readonly fresh: boolean;
  /** Calls back when the attempt is to end at once; returns what takes that back. */
  readonly onCancel: (callback: () => void) => () => void;
}

/** What became of a batch: something of each mail, or one thing of all. */
export type BatchOutcome = { readonly startedAt: Date; readonly duration: number } & (
  | { readonly results: readonly BatchResult[] }
  | { readonly results: undefined; readonly failure: Failure }
);

/** Makes one attempt for all these mails, and lets the provider's health know; never rejects. */
export async function attemptBatch<N extends string>(task: BatchTask<N>): Promise<BatchOutcome> {
  const { route, kind } = task;
  const { monitor } = route;
  const permit = monitor.permit(kind);
  const { batch } = await monitor.run(permit, () => attempt(task, monitor.timeLimit(permit, route.timeout)));
  return batch;
}

async function attempt<N extends string>(
  task: BatchTask<N>,
  limit: number,
): Promise<AttemptOutcome & { readonly batch: BatchOutcome }> {
  const { id, route, load, history, onCancel } = task;
  const prepared: PreparedBatch = { content: load.content, recipients: load.recipients };
  let strings: readonly string[] | undefined;
  const own = (): readonly string[] => {
    strings ??= batchStrings(prepared);
    return strings;
  };
  const result = await runAttempt<readonly BatchResult[]>({
    provider: route.provider,
    request: (limits) => requestOf(task, prepared, limits),
    receiptIn: (value) => resultsIn(value, load.mails.length, own),
    redact: (failure) => redactFailure(failure, own),
    limit,
    onCancel,
  });
  const { startedAt, duration } = result;
  const batch: BatchOutcome =
    result.outcome === "accepted"
      ? { startedAt, duration, results: result.receipt }
      : { startedAt, duration, results: undefined, failure: result.failure };
  const failure = failureIn(batch);
  if (!failure) return { outcome: "accepted", duration, bearing: "full", batch };
  const circumstances = result.outcome === "accepted" ? answered : result;
  const bearing = history.charges.bearingOf(route.name, { ...circumstances, failure }, false, load.mails.length);
  return { outcome: failure.sent === "maybe" ? "unknown" : "not-sent", failure, id, duration, bearing, batch };
}

/** The provider said of each mail what became of it. */
const answered = { timedOut: false, reusedConnection: false };

async function requestOf<N extends string>(
  { id, route, load, fresh }: BatchTask<N>,
  batch: PreparedBatch,
  { timeout, cancellation }: RequestLimits,
): Promise<unknown> {
  const { provider } = route;
  if (provider.batch && load.batched) {
    return provider.batch.send(batch, attemptContext(id, timeout, fresh, cancellation));
  }
  const [mail] = batch.recipients;
  if (!mail) return [];
  return [await provider.send(messageTo(load.content, mail), attemptContext(mail.id, timeout, fresh, cancellation))];
}

/** What the adapter said of each mail, if it said something of each. */
function resultsIn(value: unknown, count: number, own: () => readonly string[]): readonly BatchResult[] | undefined {
  if (!Array.isArray(value) || value.length !== count) return undefined;
  const results = value.flatMap((each: unknown) => resultIn(each, own) ?? []);
  return results.length === count ? results : undefined;
}

function resultIn(value: unknown, own: () => readonly string[]): BatchResult | undefined {
  const providerMessageId = messageIdOf(value);
  if (providerMessageId !== undefined) return { providerMessageId };
  const failure: unknown = Reflect.get(Object(value), "failure");
  if (typeof failure !== "object" || failure === null) return undefined;
  return { failure: redactFailure(normalFailure(failure), own) };
}

/**
 * What an attempt says against its provider, or against all of its mails. Whoever took some of them works, whatever it said
 * of the others, unless that is of its account or of their number.
 */
export function failureIn(
  outcome: Pick<BatchOutcome, "results"> & { readonly failure?: Failure },
): Failure | undefined {
  if (!outcome.results) return outcome.failure;
  const failures = outcome.results.flatMap((result) => ("failure" in result ? [result.failure] : []));
  return (
    failures.find(({ scope }) => scope === "account") ??
    failures.find(({ reason }) => reason === "throttled") ??
    (failures.length === outcome.results.length ? failures[0] : undefined)
  );
}
