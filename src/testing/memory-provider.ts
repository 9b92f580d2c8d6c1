import { longestTimer } from "../clock.ts";
import { failure, failureInPhase, ProviderError } from "../failure.ts";
import { messageTo, type PreparedBatch } from "../message/batch.ts";
import type { PreparedMessage } from "../message/message.ts";
import { checksOf, good, noSender } from "../providers/checks.ts";
import { requireOptions } from "../providers/options.ts";
import type {
  AttemptContext,
  BatchResult,
  BatchSending,
  Check,
  Provider,
  VerifyQuestion,
} from "../providers/provider.ts";
import { checkDuration } from "./duration.ts";
import { type Outcome, planOf } from "./outcome.ts";

export type { AcceptedOutcome, FailedOutcome, Outcome } from "./outcome.ts";

/** Decides each attempt by its message. */
export type OutcomeRule = (message: PreparedMessage, attempt: AttemptContext) => Outcome;

/** Decides each batch as a whole. */
export type BatchOutcomeRule = (batch: PreparedBatch, attempt: AttemptContext) => Outcome;

/** Options of `memoryProvider`, with their defaults. */
export interface MemoryProviderOptions<N extends string> {
  /** `"memory"` */
  readonly name?: N;
  /** The outcomes of the attempts in order, then all are accepted; or a rule for every attempt. */
  readonly script?: readonly Outcome[] | OutcomeRule;
  /** How long each attempt takes, in milliseconds; 0. */
  readonly latency?: number;
  /** How many recipients its native batch takes; without it, it has none, and mails of a campaign come one by one. */
  readonly batch?: number | undefined;
  /**
   * The outcomes of the batches in order, then all are accepted; or a rule for every batch. Of a batch that is accepted,
   * `script` decides each mail as if it were sent by itself; any other outcome is that of all its mails.
   */
  readonly batchScript?: readonly Outcome[] | BatchOutcomeRule;
  /** Fields that it says it cannot carry: `["sendAt"]`, or by message; none. */
  readonly unsupported?: readonly string[] | ((message: PreparedMessage) => readonly string[]);
}

const keys: readonly (keyof MemoryProviderOptions<string>)[] = [
  "name",
  "script",
  "latency",
  "batch",
  "batchScript",
  "unsupported",
];

/** A message that the provider has, accepted or not. */
export interface StoredMessage {
  /** Id of the send; of a mail in a batch, its own. */
  readonly id: string;
  readonly message: PreparedMessage;
  readonly providerMessageId: string;
  readonly at: Date;
}

export interface MemoryProvider<N extends string = string> extends Provider<N> {
  /** What it has, the oldest first. Always the same array, which grows. */
  readonly inbox: readonly StoredMessage[];
  /** How many attempts were begun; a batch is one. */
  readonly attempts: number;
  /**
   * Replaces what is left of the script: by outcomes for the next attempts, after which all are accepted, or by one
   * rule for every attempt.
   */
  script(...script: readonly Outcome[] | readonly [OutcomeRule]): void;
  /** The same for the batches. */
  scriptBatches(...script: readonly Outcome[] | readonly [BatchOutcomeRule]): void;
}

/**
 * A provider for unit tests that keeps messages in memory and ends attempts as a script has it.
 *
 * With `batch` it takes campaigns in batches, each of which is one attempt. Asked by `mailer.verify()`, it finds
 * everything good, whatever its script.
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
  #nextBatch: BatchOutcomeRule;
  readonly batch: BatchSending | undefined;

  constructor(options: MemoryProviderOptions<string>) {
    const { name = "memory", script = [], batchScript = [], latency = 0, unsupported = [], batch } = options;
    checkDuration("latency", latency);
    if (batch !== undefined && !(Number.isInteger(batch) && batch > 0)) {
      throw new RangeError(`batch must be a positive integer, not ${batch}.`);
    }
    this.name = name;
    this.#latency = latency;
    this.#unsupported = unsupported;
    this.#next = typeof script === "function" ? script : inTurn(script);
    this.#nextBatch = typeof batchScript === "function" ? batchScript : inTurn(batchScript);
    this.batch =
      batch === undefined
        ? undefined
        : { limit: batch, carries: () => true, send: (prepared, attempt) => this.#sendBatch(prepared, attempt) };
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

  scriptBatches(...script: readonly Outcome[] | readonly [BatchOutcomeRule]): void {
    const [first] = script;
    this.#nextBatch =
      typeof first === "function" ? first : inTurn(script.filter((entry) => typeof entry !== "function"));
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

  /** It takes mail from anybody. */
  async verify({ sender }: VerifyQuestion): Promise<readonly Check[]> {
    const taken = good("A provider in memory takes everything.");
    return checksOf({ credentials: taken, account: taken, sender: sender ? taken : noSender });
  }

  async #sendBatch(batch: PreparedBatch, attempt: AttemptContext): Promise<readonly BatchResult[]> {
    this.#attempts += 1;
    const whole = planOf(this.#nextBatch(batch, attempt));
    const mails = batch.recipients.map((recipient, index) => {
      const message = messageTo(batch.content, recipient);
      const providerMessageId = `${this.name}-${this.#attempts}.${index + 1}`;
      const { id } = recipient;
      return {
        providerMessageId,
        plan: whole.error ? whole : planOf(this.#next(message, { ...attempt, id })),
        store: () => this.#inbox.push({ id, message, providerMessageId, at: new Date() }),
      };
    });
    if (attempt.signal.aborted) throw new ProviderError(failureInPhase("aborted", "no"));
    for (const { plan, store } of mails) if (plan.delivered) store();
    // The answer comes once the last one is decided.
    const durations = mails.map(({ plan }) => plan.after ?? 0);
    await pass(Math.max(whole.after ?? this.#latency, ...durations), attempt);
    if (whole.error) throw whole.error;
    return mails.map(({ plan, store, providerMessageId }): BatchResult => {
      if (plan.error) return { failure: plan.error.failure };
      store();
      return { providerMessageId };
    });
  }
}

function inTurn(script: readonly Outcome[]): () => Outcome {
  // Read once beforehand, so that a mistake shows where the script is written.
  for (const outcome of script) planOf(outcome);
  const left = [...script];
  return () => left.shift() ?? "accepted";
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
