import type { Failure } from "../failure.ts";
import type { BatchContent, BatchRecipient, PreparedBatch } from "../message/batch.ts";
import type { Address, PreparedMessage } from "../message/message.ts";

/** What the mailer gives an adapter for one attempt. */
export interface AttemptContext {
  /** Id of the send; goes to the ESP as metadata `steadymail-id`. */
  readonly id: string;
  /** Aborts when the caller gives up. */
  readonly signal: AbortSignal;
  /** Time limit in milliseconds, to the last byte of the answer. */
  readonly timeout: number;
  /** Use a connection that the server is unlikely to have closed: a new one, or one idle for less than a second. */
  readonly fresh: boolean;
}

/** An adapter: it knows one ESP and nothing of failover. */
export interface Provider<N extends string = string> {
  /** Unique within a mailer; settable, so that two accounts of one ESP stand side by side. */
  readonly name: N;
  /** Fields of the message that this ESP cannot carry, by kind or by value; empty if it can carry all. */
  unsupported(message: PreparedMessage): readonly string[];
  /**
   * Makes one attempt; resolves for a positive receipt alone.
   *
   * When `signal` aborts or `timeout` has passed, throw a `ProviderError` (`aborted`, `timeout`, or `unreachable` where
   * there was no connection) if the adapter knows how far the request got. Any other error thrown after the signal has
   * aborted counts as that abort or time-out, with `sent: "maybe"`.
   *
   * @throws ProviderError for everything but a receipt; any other error counts as `internal` and as possibly sent
   */
  send(message: PreparedMessage, attempt: AttemptContext): Promise<{ providerMessageId: string }>;
  /** The ESP's own batch; without it, the mails of a campaign are sent one by one. */
  readonly batch?: BatchSending | undefined;
  /** Loads what the first send would load. The mailer calls it for standbys in the background after its first send. */
  load?(): Promise<void>;
  /**
   * Does all that a first send would have to do before its request: loads what it needs, finds credentials, opens a
   * connection. Sends no mail.
   *
   * @throws ProviderError which says what is missing
   */
  warm?(limits: QuestionLimits): Promise<void>;
  /**
   * Asks the ESP, without sending, whether it would take mail: are the credentials good, may the account send, is the
   * sender verified. What cannot be known, for want of a permission or of a connection, is `unknown`, never `bad`.
   *
   * @throws ProviderError where no question could be asked at all, such as `unreachable` or `internal`
   */
  verify?(question: VerifyQuestion): Promise<readonly Check[]>;
  /** Closes connections. */
  close?(): Promise<void>;
}

/** What bounds a question to an ESP. */
export interface QuestionLimits {
  /** Aborts when the caller gives up. */
  readonly signal: AbortSignal;
  /** Time limit in milliseconds for all of it. */
  readonly timeout: number;
}

export interface VerifyQuestion extends QuestionLimits {
  /** Who is to send; without one, nothing is asked of a sender. */
  readonly sender?: Address | undefined;
}

/** `unknown`: the ESP could not be asked, or would not say. */
export type CheckVerdict = "good" | "bad" | "unknown";

/** One thing that was asked of an ESP. Carries no address and no credential. */
export interface Check {
  /** `adapter`: what it needs in this program, such as its SDK. */
  readonly of: "adapter" | "credentials" | "account" | "sender";
  readonly verdict: CheckVerdict;
  /** What the ESP said of it, in a sentence. */
  readonly finding: string;
  /** What to do about it, where it is not good. */
  readonly advice?: string | undefined;
  /** As an attempt would have failed, where the ESP's answer says so. */
  readonly failure?: Failure | undefined;
}

/** What the ESP said of one recipient of a batch: its id for that mail, or why it did not take it. */
export type BatchResult = { readonly providerMessageId: string } | { readonly failure: Failure };

/** One content to many recipients in one request. */
export interface BatchSending {
  /** Recipients in one request at most. */
  readonly limit: number;
  /**
   * Whether the batch can carry this mail exactly as `send` would, whoever else is in it; who is not carried is sent to
   * singly. `unsupported` is asked beside it.
   */
  carries(content: BatchContent, recipient: BatchRecipient): boolean;
  /**
   * What recipients must have in common to stand in one batch: those of whom it says the same may. Without it, all may.
   */
  groupBy?(content: BatchContent, recipient: BatchRecipient): string;
  /**
   * Makes one attempt for all of them; resolves with what the ESP said of each, in their order, of whom it may have
   * taken none. The `id` of the attempt is that of the batch, and goes nowhere.
   *
   * @throws ProviderError for what became of the whole batch, by the rules of `Provider.send`; also where the ESP says
   *   the same of every recipient, and it is about the account or the ESP and not about the mails
   */
  send(batch: PreparedBatch, attempt: AttemptContext): Promise<readonly BatchResult[]>;
}
