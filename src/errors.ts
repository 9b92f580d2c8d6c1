import type { Sent } from "./failure.ts";
import type { Attempt, Skipped } from "./receipt.ts";

const errorBrand = Symbol.for("steadymail.SteadyMailError");

/** What ended a send without an acceptance. */
export type ErrorKind =
  | "invalid"
  | "unsupported"
  | "suppressed"
  | "rejected"
  | "unavailable"
  | "unknown"
  | "aborted"
  | "overloaded"
  | "closed";

/** What a send had done when it ended. */
export interface SendRecord<N extends string = string> {
  readonly id: string;
  readonly attempts: readonly Attempt<N>[];
  readonly skipped: readonly Skipped<N>[];
  /** `maybe`: an attempt that is not on record may have been sent; default what the attempts say. */
  readonly sent?: Sent;
}

/**
 * Base of every error that `send` rejects with, but for a `RangeError` or `TypeError` for options that make no sense.
 *
 * Recognise it by {@link isSteadyMailError}, not by `instanceof`: a program may hold two copies of this package.
 */
export abstract class SteadyMailError<N extends string = string> extends Error {
  /** What ended the send; tells the classes apart, also across copies of the package. */
  abstract readonly kind: ErrorKind;
  /** Whether the caller may send the same message again without a duplicate, and with hope. */
  abstract readonly retryable: boolean;
  /** Id of the send. */
  readonly id: string;
  /** All tries in order. */
  readonly attempts: readonly Attempt<N>[];
  /** Providers that were passed over because they cannot carry the message. */
  readonly skipped: readonly Skipped<N>[];
  /** `maybe`: some provider may have the message. */
  readonly sent: Sent;
  /** When a provider can be expected to take messages again. */
  declare readonly retryAt?: Date;

  constructor(message: string, record: SendRecord<N>, options: { retryAt?: Date | undefined; cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.id = record.id;
    this.attempts = record.attempts;
    this.skipped = record.skipped;
    this.sent = record.sent ?? (record.attempts.some((attempt) => attempt.outcome === "unknown") ? "maybe" : "no");
    if (options.retryAt) this.retryAt = options.retryAt;
    Object.defineProperty(this, errorBrand, { value: true });
  }
}

/** One fault of a message: where it is and what is wrong, never the value itself. */
export interface Problem {
  /** `"to[3]"`, `"attachments[0].content"`, `"headers.X-Campaign"`. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** Refused before anything was sent; `problems` lists every fault that was found. */
export class InvalidMessageError<N extends string = string> extends SteadyMailError<N> {
  override readonly name = "InvalidMessageError";
  readonly kind = "invalid";
  readonly retryable = false;
  /** Each fault with its place; never the value. */
  readonly problems: readonly Problem[];

  constructor(id: string, problems: readonly Problem[]) {
    const list = problems.map(({ path, message }) => `${path}: ${message}`).join("; ");
    super(`The message was not sent, since it is invalid. ${list}`, { id, attempts: [], skipped: [] });
    this.problems = Object.freeze([...problems]);
  }
}

/** No allowed provider can carry the message, healthy or not. */
export class UnsupportedError<N extends string = string> extends SteadyMailError<N> {
  override readonly name = "UnsupportedError";
  readonly kind = "unsupported";
  readonly retryable = false;
  /** The fields that kept the providers from carrying it. */
  readonly missing: readonly string[];

  constructor(message: string, record: SendRecord<N>, missing: readonly string[]) {
    super(message, record);
    this.missing = Object.freeze([...missing]);
  }
}

/**
 * A recipient is on the suppression list that `MailerOptions.suppress` speaks for, so nothing was sent to anybody, by
 * whichever provider. Without those recipients the message can be sent.
 */
export class SuppressedError<N extends string = string> extends SteadyMailError<N> {
  override readonly name = "SuppressedError";
  readonly kind = "suppressed";
  readonly retryable = false;
  /** Where they stand in the message, never who they are: `"to[0]"`, also of a `to` that is no array; `"bcc[2]"`. */
  readonly paths: readonly string[];

  constructor(id: string, paths: readonly string[]) {
    const shown = paths.slice(0, mostPathsShown).join(", ");
    const more = paths.length > mostPathsShown ? ` and ${paths.length - mostPathsShown} more` : "";
    super(`Message ${id} was not sent, since it has suppressed recipients: ${shown}${more}. Leave them out`, {
      id,
      attempts: [],
      skipped: [],
    });
    this.paths = Object.freeze([...paths]);
  }
}

/** So many recipients are named in the words of an error; all of them are in its `paths`. */
const mostPathsShown = 10;

/**
 * Refused as this very message: by its content, or as malformed by two providers, or in one way or another at every
 * attempt. If any attempt ended otherwise, or one was left that could not be tried, it is an {@link UnavailableError}.
 */
export class RejectedError<N extends string = string> extends SteadyMailError<N> {
  override readonly name = "RejectedError";
  readonly kind = "rejected";
  readonly retryable = false;
}

/** Nobody took the message, and nobody has it. Sending it again, not before `retryAt`, cannot make a duplicate. */
export class UnavailableError<N extends string = string> extends SteadyMailError<N> {
  override readonly name = "UnavailableError";
  readonly kind = "unavailable";
  readonly retryable = true;
}

/** At least one attempt may have been sent, and none was seen to be accepted. Sending again may make a duplicate. */
export class UnknownDeliveryError<N extends string = string> extends SteadyMailError<N> {
  override readonly name = "UnknownDeliveryError";
  readonly kind = "unknown";
  readonly retryable = false;
}

/** The caller's signal ended the send; `cause` is the signal's reason, `sent` what the attempts say. */
export class AbortedError<N extends string = string> extends SteadyMailError<N> {
  override readonly name = "AbortError";
  readonly kind = "aborted";
  readonly retryable = false;
}

/**
 * The queue of those that wait for a limit or a throttle is full. Sending again, not before `retryAt`, cannot make a
 * duplicate.
 */
export class OverloadedError<N extends string = string> extends SteadyMailError<N> {
  override readonly name = "OverloadedError";
  readonly kind = "overloaded";
  readonly retryable = true;
}

/** The mailer was closed before some provider accepted the message. */
export class ClosedError<N extends string = string> extends SteadyMailError<N> {
  override readonly name = "ClosedError";
  readonly kind = "closed";
  readonly retryable = false;
}

/** Each kind with its class, so that a check of `kind` narrows the type. */
export interface ErrorsByKind<N extends string = string> {
  invalid: InvalidMessageError<N>;
  unsupported: UnsupportedError<N>;
  suppressed: SuppressedError<N>;
  rejected: RejectedError<N>;
  unavailable: UnavailableError<N>;
  unknown: UnknownDeliveryError<N>;
  aborted: AbortedError<N>;
  overloaded: OverloadedError<N>;
  closed: ClosedError<N>;
}

/** Any error of a send; a check of `kind` narrows it. */
export type AnySteadyMailError<N extends string = string> = ErrorsByKind<N>[keyof ErrorsByKind];

/**
 * Whether this is an error of steadymail, of whichever copy of the package (ESM beside CJS, two versions in one tree).
 *
 * @example
 * try { await mailer.send(message); }
 * catch (error) { if (isSteadyMailError(error) && error.kind === "unavailable") requeue(message, error.retryAt); }
 */
export function isSteadyMailError<N extends string = string>(error: unknown): error is AnySteadyMailError<N> {
  return typeof error === "object" && error !== null && errorBrand in error;
}
