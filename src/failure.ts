/**
 * Why an attempt did not end in an acceptance. The reason alone decides what happens next; see {@link Failure}.
 *
 * - `rejected`: the ESP refuses this content or recipient by its policy
 * - `invalid`: the ESP calls the request malformed
 * - `too-large`, `unsupported`, `not-found`: this ESP cannot carry the message; another may
 * - `authentication`, `suspended`, `sender`, `quota`: the account cannot send
 * - `throttled`: the account sends too fast
 * - `unreachable`: no connection; `unavailable`: the ESP says that it did not take the message
 * - `response-lost`, `timeout`, `bad-response`, `server-error`: the request began and no trustworthy answer came back
 * - `internal`: the adapter itself failed
 * - `aborted`: the caller gave up
 */
export type Reason =
  | "rejected"
  | "invalid"
  | "too-large"
  | "unsupported"
  | "not-found"
  | "authentication"
  | "suspended"
  | "sender"
  | "quota"
  | "throttled"
  | "unreachable"
  | "unavailable"
  | "response-lost"
  | "timeout"
  | "bad-response"
  | "server-error"
  | "internal"
  | "aborted";

/** What a failure speaks of: this message, the account at the ESP, the ESP itself, or neither. */
export type Scope = "message" | "account" | "provider" | "none";

/** Whether a message may have been sent although no acceptance was seen. */
export type Sent = "no" | "maybe";

/** How one attempt failed. Carries no address, subject, body or credential. */
export interface Failure {
  /** Decides alone what happens next. */
  readonly reason: Reason;
  /** Follows from the reason. */
  readonly scope: Scope;
  /** `no` is a proof, by the phase of the request or by the ESP's own words; everything else is `maybe`. */
  readonly sent: Sent;
  /** HTTP status of the answer, or code of the SMTP reply, where there was one. */
  readonly status?: number;
  /** The ESP's own error code (`"MessageRejected"`, `"send-0006"`) or the system's (`"ECONNREFUSED"`). */
  readonly code?: string;
  /** The ESP's own words, redacted. */
  readonly detail?: string;
  /** How long the ESP asks to wait, in milliseconds from now. */
  readonly retryAfter?: number;
  /** Rehearsed by `drill`: the ESP was not asked, and has nothing of this attempt, whatever `sent` says. */
  readonly drill?: true;
}

const verdicts: Readonly<Record<Reason, { readonly scope: Scope; readonly sent: Sent | "by-phase" }>> = {
  rejected: { scope: "message", sent: "no" },
  invalid: { scope: "message", sent: "no" },
  "too-large": { scope: "message", sent: "no" },
  unsupported: { scope: "message", sent: "no" },
  "not-found": { scope: "message", sent: "no" },
  authentication: { scope: "account", sent: "no" },
  suspended: { scope: "account", sent: "no" },
  sender: { scope: "account", sent: "no" },
  quota: { scope: "account", sent: "no" },
  throttled: { scope: "provider", sent: "no" },
  unreachable: { scope: "provider", sent: "no" },
  unavailable: { scope: "provider", sent: "no" },
  "response-lost": { scope: "provider", sent: "maybe" },
  timeout: { scope: "provider", sent: "maybe" },
  "bad-response": { scope: "provider", sent: "maybe" },
  "server-error": { scope: "provider", sent: "maybe" },
  internal: { scope: "none", sent: "by-phase" },
  aborted: { scope: "none", sent: "by-phase" },
};

/** The reasons whose `sent` the phase of the request decides. */
export type PhaseReason = "internal" | "aborted";

/** What an adapter may add to a reason: status, code, the ESP's own words, the pause that it asks for in ms. */
export interface FailureDetails {
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly drill?: true | undefined;
}

/** A failure whose scope and `sent` follow from its reason; `internal` and `aborted` need {@link failureInPhase}. */
export function failure(reason: Exclude<Reason, PhaseReason>, details: FailureDetails = {}): Failure {
  const { scope, sent } = verdicts[reason];
  return build(reason, scope, sent === "by-phase" ? "maybe" : sent, details);
}

/** `internal` or `aborted`, with what the phase of the request proves. */
export function failureInPhase(reason: PhaseReason, sent: Sent, details: FailureDetails = {}): Failure {
  return build(reason, verdicts[reason].scope, sent, details);
}

/** A failure as an adapter gives it: any of it may be missing, or something else. */
type GivenFailure = { readonly [K in keyof Failure]?: unknown };

/**
 * A failure from outside, with scope and `sent` as its reason has them, and details of the right types only. A reason
 * that does not exist proves nothing.
 */
export function normalFailure(given: GivenFailure): Failure {
  const { reason, sent, status, code, detail, retryAfter, drill } = given;
  const details: FailureDetails = {
    status: typeof status === "number" ? status : undefined,
    code: typeof code === "string" ? code : undefined,
    detail: typeof detail === "string" ? detail : undefined,
    retryAfter: isPause(retryAfter) ? Math.min(retryAfter, longestPause) : undefined,
    drill: drill === true ? drill : undefined,
  };
  if (!isReason(reason)) return failureInPhase("internal", "maybe", details);
  if (isPhaseReason(reason)) return failureInPhase(reason, sent === "no" ? "no" : "maybe", details);
  return failure(reason, details);
}

/** A day: who asks for more has misread a date, or means "never". */
const longestPause = 86_400_000;

function isPause(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isReason(reason: unknown): reason is Reason {
  return typeof reason === "string" && Object.hasOwn(verdicts, reason);
}

function isPhaseReason(reason: Reason): reason is PhaseReason {
  return verdicts[reason].sent === "by-phase";
}

function build(reason: Reason, scope: Scope, sent: Sent, details: FailureDetails): Failure {
  const { status, code, detail, retryAfter, drill } = details;
  return Object.freeze({
    reason,
    scope,
    sent,
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code }),
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(drill === undefined ? {} : { drill }),
  });
}

const providerErrorBrand = Symbol.for("steadymail.ProviderError");

/**
 * What an adapter throws for anything but a positive receipt. Recognised by a registered symbol, so that an adapter
 * of one copy of the package works with the mailer of another.
 */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  /** Why, and whether the message may have been sent. */
  readonly failure: Failure;
  /** The request was written to a kept-alive connection that had been used before: its loss says nothing of the ESP. */
  readonly reusedConnection: boolean;

  constructor(failure: Failure, options: { reusedConnection?: boolean } = {}) {
    super(failure.detail ? `${failure.reason}: ${failure.detail}` : failure.reason);
    this.failure = failure;
    this.reusedConnection = options.reusedConnection ?? false;
    Object.defineProperty(this, providerErrorBrand, { value: true });
  }
}

export function isProviderError(error: unknown): error is ProviderError {
  return typeof error === "object" && error !== null && providerErrorBrand in error;
}
