import type { Failure } from "./failure.ts";

/** One try at one provider. */
export type Attempt<N extends string = string> = {
  readonly provider: N;
  /** From 1; a round tries each candidate once. */
  readonly round: number;
  readonly startedAt: Date;
  /** Milliseconds. */
  readonly duration: number;
} & (
  | { readonly outcome: "accepted"; readonly providerMessageId: string }
  | { readonly outcome: "not-sent" | "unknown"; readonly failure: Failure }
);

/** A provider that was passed over because it cannot carry the message. */
export interface Skipped<N extends string = string> {
  readonly provider: N;
  /** The fields that it cannot carry. */
  readonly fields: readonly string[];
}

/** Proof that a provider accepted the message: that the ESP took it, not that it reached the inbox. */
export interface Receipt<N extends string = string> {
  /** Id of this send; every attempt carries it to the ESP as metadata `steadymail-id`. */
  readonly id: string;
  /** Who took the message. */
  readonly provider: N;
  /** By which that ESP knows it. */
  readonly providerMessageId: string;
  /** All tries in order, the accepted one last. */
  readonly attempts: readonly Attempt<N>[];
  /** Milliseconds from `send` to the acceptance. */
  readonly duration: number;
  /** `possible`: an earlier attempt may have been sent too. */
  readonly duplicate: "no" | "possible";
  /** Fields of `mayDrop` that this provider could not carry. */
  readonly dropped: readonly string[];
  /** Providers that were passed over because they cannot carry the message. */
  readonly skipped: readonly Skipped<N>[];
}
