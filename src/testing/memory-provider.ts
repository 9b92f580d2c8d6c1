import { longestTimer } from "../clock.ts";
import { failure, failureInPhase, normalFailure, ProviderError, type Reason, type Sent } from "../failure.ts";
import type { PreparedMessage } from "../message/message.ts";
import { requireOptions } from "../providers/options.ts";
import type { AttemptContext, Provider } from "../providers/provider.ts";
import { checkDuration } from "./duration.ts";

/**
 * How one attempt ends:
 *
 * - `"accepted"`: the message goes into the inbox
 * - a reason, such as `"throttled"`: it fails so
 * - `"hang"`: no answer; it ends as `aborted` by its signal or as `timeout` by its time limit
 * - an object: one of these with details
 */
export type Outcome = "accepted" | "hang" | Reason | AcceptedOutcome | FailedOutcome;

export interface AcceptedOutcome {
  readonly accepted: true;
  /** How long the attempt takes, in milliseconds; the provider's `latency`. */
  readonly after?: number;
}

export interface FailedOutcome {
  readonly reason: Reason;
  /** How long the attempt takes, in milliseconds; the provider's `latency`. */
  readonly after?: number;
  /**
   * The message goes into the inbox although the attempt fails, as when the answer to an accepted request is lost. Only
   * for failures that leave open whether the message was sent; false.
   */
  readonly delivered?: boolean;
  /** For `internal` and `aborted`, where the reason does not say it; `"maybe"`. */
  readonly sent?: Sent;
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
  /** Milliseconds. */
  readonly retryAfter?: number;
  /** The request was written to a connection that had been used before; false. */
  readonly reusedConnection?: boolean;
}

/** Decides each attempt by its message. */
export type OutcomeRule = (message: PreparedMessage, attempt: AttemptContext) => Outcome;

export interface MemoryProviderOptions<N extends string> {
  /** `"memory"` */
  readonly name?: N;
  /** The outcomes of the attempts in order, then all are accepted; or a rule for every attempt. */
  readonly script?: readonly Outcome[] | OutcomeRule;
  /** How long each attempt takes, in milliseconds; 0. */
  readonly latency?: number;
  /** Fields that it says it cannot carry: `["sendAt"]`, or by message; none. */
  readonly unsupported?: readonly string[] | ((message: PreparedMessage) => readonly string[]);
}

const keys: readonly (keyof MemoryProviderOptions<string>)[] = ["name", "script", "latency", "unsupported"];

/** A message that the provider has, accepted or not. */
export interface StoredMessage {
  /** Id of the send. */
  readonly id: string;
  readonly message: PreparedMessage;
  readonly providerMessageId: string;
  readonly at: Date;
}

export interface MemoryProvider<N extends string = string> extends Provider<N> {
  /** What it has, the oldest first. Always the same array, which grows. */
  readonly inbox: readonly StoredMessage[];
  /** How many attempts were begun. */
  readonly attempts: number;
  /**
   * Replaces what is left of the script: by outcomes for the next attempts, after which all are accepted, or by one
   * rule for every attempt.
   */
  script(...script: readonly Outcome[] | readonly [OutcomeRule]): void;
}

/**
 * A provider for unit tests that keeps messages in memory and ends attempts as a script has it.
 *
 * It waits by `setTimeout` alone, and only where there is something to wait for, so it works under fake timers. An
 * attempt heeds its signal and its time limit.
 *
 * @example
 * const primary = memoryProvider({ name: "primary", script: ["unavailable", { reason: "throttled", retryAfter: 2_000 }] });
 *
 * @throws TypeError for an outcome or option that does not exist, RangeError for a duration out of range
 */
export function memoryProvider<const N extends string = "memory">(
  options?: MemoryProviderOptions<N>,
): MemoryProvider<NoInfer<N>>;
export function memoryProvider(options: MemoryProviderOptions<string> = {}): MemoryProvider {
  requireOptions(options, "memoryProvider", keys);
  return new ScriptedProvider(options);
}

class ScriptedProvider implements MemoryProvider {
  readonly name: string;
  readonly #inbox: StoredMessage[] = [];
  readonly #latency: number;
  readonly #unsupported: NonNullable<MemoryProviderOptions<string>["unsupported"]>;
  #attempts = 0;
  #next: OutcomeRule;

  constructor({ name = "memory", script = [], latency = 0, unsupported = [] }: MemoryProviderOptions<string>) {
    checkDuration("latency", latency);
    this.name = name;
    this.#latency = latency;
    this.#unsupported = unsupported;
    this.#next = typeof script === "function" ? script : inTurn(script);
  }

  get inbox(): readonly StoredMessage[] {
    return this.#inbox;
  }

  get attempts(): number {
    return this.#attempts;
  }

  script(...script: readonly Outcome[] | readonly [OutcomeRule]): void {
    const [first] = script;
    this.#next = typeof first === "function" ? first : inTurn(script.filter((entry) => typeof entry !== "function"));
  }

  unsupported(message: PreparedMessage): readonly string[] {
    return typeof this.#unsupported === "function" ? this.#unsupported(message) : this.#unsupported;
  }

  async send(message: PreparedMessage, attempt: AttemptContext): Promise<{ providerMessageId: string }> {
    this.#attempts += 1;
    const providerMessageId = `${this.name}-${this.#attempts}`;
    const { after = this.#latency, delivered, error } = planOf(this.#next(message, attempt));
    const store = () => this.#inbox.push({ id: attempt.id, message, providerMessageId, at: new Date() });
    if (attempt.signal.aborted) throw new ProviderError(failureInPhase("aborted", "no"));
    // What loses an answer does not hold up the message.
    if (delivered) store();
    await pass(after, attempt);
    if (error) throw error;
    store();
    return { providerMessageId };
  }
}

/** An outcome, read. */
interface Plan {
  readonly after?: number | undefined;
  readonly delivered?: boolean | undefined;
  readonly error?: ProviderError;
}

function inTurn(script: readonly Outcome[]): OutcomeRule {
  // Read once beforehand, so that a mistake shows where the script is written.
  for (const outcome of script) planOf(outcome);
  const left = [...script];
  return () => left.shift() ?? "accepted";
}

function planOf(outcome: Outcome): Plan {
  if (outcome === "accepted") return {};
  if (outcome === "hang") return { after: Number.POSITIVE_INFINITY };
  if (typeof outcome === "string") return { error: errorOf({ reason: outcome }) };
  if (outcome.after !== undefined) checkDuration("after", outcome.after);
  if ("accepted" in outcome) return { after: outcome.after };
  const error = errorOf(outcome);
  if (outcome.delivered && error.failure.sent === "no") {
    throw new TypeError(`An attempt that fails as ${outcome.reason} did not send the message: leave out delivered.`);
  }
  return { after: outcome.after, delivered: outcome.delivered, error };
}

function errorOf({ sent = "maybe", reusedConnection = false, ...given }: FailedOutcome): ProviderError {
  const failure = normalFailure({ scope: "none", sent, ...given });
  if (failure.reason !== given.reason) {
    throw new TypeError(`There is no outcome ${JSON.stringify(given.reason)}: it is "accepted", "hang" or a Reason.`);
  }
  return new ProviderError(failure, { reusedConnection });
}

/** Lets the time of an attempt pass; ends early as the attempt's signal or limit has it. */
async function pass(duration: number, { signal, timeout }: AttemptContext): Promise<void> {
  if (duration === 0) return;
  await new Promise<void>((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer);
      reject(new ProviderError(failureInPhase("aborted", "maybe")));
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener("abort", aborted);
        if (duration < timeout) resolve();
        else reject(new ProviderError(failure("timeout")));
      },
      Math.min(duration, timeout, longestTimer),
    );
    signal.addEventListener("abort", aborted, { once: true });
  });
}
