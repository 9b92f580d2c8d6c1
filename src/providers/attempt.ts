import { failure, failureInPhase, isProviderError, ProviderError } from "../failure.ts";
import type { PreparedBatch } from "../message/batch.ts";
import type { PreparedMessage } from "../message/message.ts";
import { ownStrings } from "../message/own-strings.ts";
import { redact } from "../redaction.ts";
import type { Wire, WireResponse } from "../wire/wire.ts";
import { batchStrings } from "./batch-strings.ts";
import { type EntryAnswers, judgeBatch } from "./batch-verdict.ts";
import type { AttemptContext, BatchResult, BatchSending } from "./provider.ts";
import { Seam, type Way } from "./seam.ts";
import { type Answers, type JudgedReason, judge } from "./verdict.ts";

/** What an SDK is given for one attempt. */
export interface Outgoing extends Way {
  readonly message: PreparedMessage;
  /** Id of the send, for the metadata `steadymail-id`. */
  readonly id: string;
}

/** What an SDK is given for one attempt of a batch. */
export interface OutgoingBatch extends Way {
  readonly batch: PreparedBatch;
}

/** What an error before any request means. */
export interface BeforeRequest {
  readonly reason: JudgedReason;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

/** What sets one ESP apart from the others in an attempt. */
export interface Esp<Sdk> {
  /** The SDK itself once it is loaded. */
  load(): Sdk | Promise<Sdk>;
  /** Has the SDK build its request and hand it to `send`. What it makes of the answer does not matter. */
  dispatch(sdk: Sdk, outgoing: Outgoing): Promise<unknown>;
  readonly answers: Answers;
  /** What an error means that the SDK threw before there was a request; by default it is `internal`. */
  judgeBeforeRequest?(error: unknown): BeforeRequest | undefined;
  /** What must not appear in an error. */
  readonly secrets: readonly string[];
  readonly batch?: EspBatch<Sdk>;
}

/** What sets one ESP's native batch apart. */
export interface EspBatch<Sdk> extends Omit<BatchSending, "send"> {
  /** Has the SDK build its request and hand it to `send`. What it makes of the answer does not matter. */
  dispatch(sdk: Sdk, outgoing: OutgoingBatch): Promise<unknown>;
  readonly answers: EntryAnswers;
}

/**
 * One attempt: the SDK builds the request, the wire carries it, and the verdict follows from what the wire recorded,
 * never from what the SDK makes of it.
 */
export async function attempt<Sdk>(
  esp: Esp<Sdk>,
  wire: Wire,
  message: PreparedMessage,
  context: AttemptContext,
): Promise<{ providerMessageId: string }> {
  const seam = new Seam(wire, context);
  const outgoing = { message, id: context.id, send: seam.send };
  const secrets = () => [...esp.secrets, ...seam.secrets, ...ownStrings(message)];
  const thrown = await seam.run(() => loaded(esp, (sdk) => esp.dispatch(sdk, outgoing)));
  return { providerMessageId: judge(answerTo(esp, seam, thrown, secrets), esp.answers, secrets) };
}

/** The same for a batch. */
export async function attemptBatch<Sdk>(
  esp: Esp<Sdk>,
  { dispatch, answers }: EspBatch<Sdk>,
  wire: Wire,
  batch: PreparedBatch,
  context: AttemptContext,
): Promise<readonly BatchResult[]> {
  const seam = new Seam(wire, context);
  const outgoing = { batch, send: seam.send };
  const secrets = () => [...esp.secrets, ...seam.secrets, ...batchStrings(batch)];
  const thrown = await seam.run(() => loaded(esp, (sdk) => dispatch(sdk, outgoing)));
  return judgeBatch(answerTo(esp, seam, thrown, secrets), batch, esp.answers, answers, secrets);
}

/** Without a wait where there is nothing to wait for. */
export function loaded<Sdk>(esp: Esp<Sdk>, work: (sdk: Sdk) => Promise<unknown>): Promise<unknown> {
  const sdk = esp.load();
  return sdk instanceof Promise ? sdk.then(work) : work(sdk);
}

/** @throws ProviderError if there was none */
export function answerTo<Sdk>(
  esp: Esp<Sdk>,
  seam: Seam,
  thrown: unknown,
  secrets: () => readonly string[],
): WireResponse {
  const { response } = seam;
  if (!response) throw seam.error ?? beforeRequest(esp, thrown, secrets);
  return response;
}

/** What it means that there was no request. */
export function beforeRequest<Sdk>(esp: Esp<Sdk>, thrown: unknown, secrets: () => readonly string[]): ProviderError {
  if (isProviderError(thrown)) return thrown;
  const words = redact(wordsOf(thrown), secrets());
  const judged = esp.judgeBeforeRequest?.(thrown);
  if (!judged) return new ProviderError(failureInPhase("internal", "no", { detail: words }));
  const { reason, advice } = judged;
  return new ProviderError(
    failure(reason, { detail: advice === undefined ? words : `${words.replace(/\.$/, "")}: ${advice}` }),
  );
}

function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "the SDK made no request";
  return thrown.name === "Error" ? thrown.message : `${thrown.name}: ${thrown.message}`;
}
