import type { PreparedMessage } from "../message/message.ts";

/** What the mailer gives an adapter for one attempt. */
export interface AttemptContext {
  /** Id of the send; goes to the ESP as metadata `steadymail-id`. */
  readonly id: string;
  /** Aborts when the caller gives up. */
  readonly signal: AbortSignal;
  /** Time limit in milliseconds, to the last byte of the answer. */
  readonly timeout: number;
  /** Use a connection that the server cannot have closed meanwhile: a new one, or one idle for less than a second. */
  readonly fresh: boolean;
}

/**
 * An adapter: it knows one ESP and nothing of failover.
 *
 * `send` resolves for a positive receipt alone; everything else it throws as a `ProviderError`. Whatever other error it
 * throws counts as `internal` and as possibly sent.
 */
export interface Provider<N extends string = string> {
  /** Unique within a mailer; settable, so that two accounts of one ESP stand side by side. */
  readonly name: N;
  /** Fields of the message that this ESP cannot carry, by kind or by value; empty if it can carry all. */
  unsupported(message: PreparedMessage): readonly string[];
  send(message: PreparedMessage, attempt: AttemptContext): Promise<{ providerMessageId: string }>;
  /** Loads what the first send would load. The mailer calls it for standbys in the background after its first send. */
  load?(): Promise<void>;
  /** Closes connections. */
  close?(): Promise<void>;
}
