import type { PreparedMessage } from "../message/message.ts";

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
  /** Loads what the first send would load. The mailer calls it for standbys in the background after its first send. */
  load?(): Promise<void>;
  /** Closes connections. */
  close?(): Promise<void>;
}
