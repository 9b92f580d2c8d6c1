import { makeRetriable } from "p-retry";
import type { Emitter, MailerEvents } from "../events.ts";
import type { Permit, PermitKind, Verdict } from "../health/provider-monitor.ts";
import type { OnUnknown } from "../options.ts";
import type { Attempt, Receipt } from "../receipt.ts";
import type { Candidate, Plan } from "../routing/plan.ts";
import { conclude, type Ending } from "./conclude.ts";
import type { Interruptions } from "./interruptions.ts";
import type { LastResort } from "./last-resort.ts";
import { type RetrySettings, retryDelay } from "./retry-delay.ts";
import { type AttemptResult, runAttempt } from "./run-attempt.ts";
import { wayOut } from "./way-out.ts";

/** What one send is to do, and under which limits. */
export interface DeliveryTask<N extends string = string> {
  readonly id: string;
  /** When `send` was called, on the monotonic clock. */
  readonly began: number;
  readonly plan: Plan<N>;
  readonly onUnknown: OnUnknown;
  readonly retry: RetrySettings;
  readonly interruptions: Interruptions;
  /** An attempt with less time than this is not begun, ms. */
  readonly usefulTime: number;
}

/** What all sends of a mailer share. */
export interface DeliveryContext<N extends string = string> {
  readonly events: Emitter<MailerEvents<N>>;
  readonly lastResort: LastResort;
}

/** At most so many attempts whose outcome is unknown: at most so many copies of a message. */
const unknownLimit = 2;

/** So many providers must call a message malformed before it is believed. */
const opinions = 2;

/** Ends a round that may be followed by another; never seen outside. */
class AnotherRound extends Error {}

/**
 * Takes one message through its plan: provider after provider, round after round, to a receipt or to an error that says
 * all. What happened is read from its own record; p-retry turns the rounds and decides nothing.
 */
export class Delivery<N extends string> {
  readonly #task: DeliveryTask<N>;
  readonly #context: DeliveryContext<N>;
  readonly #attempts: Attempt<N>[] = [];
  /** Providers that are done with this message: they refused it, or may have it. */
  readonly #excluded = new Set<N>();
  /** Providers that were charged with a failure: a message counts at most one each. */
  readonly #charged = new Set<N>();
  #ending: Ending<N> | undefined;

  constructor(task: DeliveryTask<N>, context: DeliveryContext<N>) {
    this.#task = task;
    this.#context = context;
  }

  /** @throws SteadyMailError */
  async run(): Promise<Receipt<N>> {
    const { maxRounds } = this.#task.retry;
    try {
      // Not the default export: bundlers disagree on what that is when CommonJS code requires an ES module.
      let round = 0;
      const rounds = makeRetriable(() => this.#round(++round), {
        retries: maxRounds - 1,
        minTimeout: 0,
        shouldRetry: () => this.#waitForRound(round + 1),
      });
      await rounds();
    } catch (error) {
      if (!(error instanceof AnotherRound)) throw error;
    }
    const { id, began, plan, interruptions } = this.#task;
    return conclude({
      id,
      began,
      plan,
      attempts: this.#attempts,
      remaining: this.#remaining,
      ending: this.#ending ?? { how: "exhausted" },
      abortReason: interruptions.abortReason,
      retryDelay: this.#task.retry.maxDelay,
    });
  }

  /** Tries each remaining candidate once; waits for one where none can be tried. */
  async #round(round: number): Promise<void> {
    while (!this.#ending) {
      const triedBefore = this.#attempts.length;
      for (const candidate of this.#task.plan.inOrder()) {
        const kind = this.#leaveFor(candidate);
        if (kind) await this.#attempt(candidate, kind, round);
        if (this.#ending) return;
      }
      if (this.#attempts.length > triedBefore) throw new AnotherRound();
      await this.#waitForSomebody(round);
    }
  }

  get #remaining(): Candidate<N>[] {
    return this.#task.plan.candidates.filter(({ route }) => !this.#excluded.has(route.name));
  }

  /** An open breaker means skip, never fail. */
  #leaveFor({ route }: Candidate<N>): PermitKind | undefined {
    if (this.#excluded.has(route.name)) return undefined;
    const { can } = route.monitor.availability;
    if (can === "send") return "regular";
    if (can !== "probe") return undefined;
    return this.#task.onUnknown === "stop" && this.#anybodyCanSend ? undefined : "probe";
  }

  get #anybodyCanSend(): boolean {
    return this.#remaining.some(({ route }) => route.monitor.availability.can === "send");
  }

  async #attempt(candidate: Candidate<N>, kind: PermitKind, round: number): Promise<void> {
    const { interruptions, usefulTime } = this.#task;
    const hindrance = interruptions.cancelled ?? (interruptions.remaining < usefulTime ? "expired" : undefined);
    if (hindrance) {
      this.#end({ how: hindrance });
      return;
    }
    this.#tellOfFailover(candidate.route.name);

    const { monitor, name } = candidate.route;
    const permit = monitor.permit(kind);
    const { result } = await monitor.run(permit, () => this.#attemptWith(candidate, permit));
    const { startedAt, duration } = result;
    const attempt: Attempt<N> = Object.freeze({
      provider: name,
      round,
      startedAt,
      duration,
      ...(result.outcome === "accepted"
        ? { outcome: result.outcome, providerMessageId: result.providerMessageId }
        : { outcome: result.outcome, failure: result.failure }),
    });
    this.#attempts.push(attempt);
    this.#context.events.emit("attempt", { id: this.#task.id, attempt });
    if (attempt.outcome === "unknown" || (attempt.outcome === "not-sent" && attempt.failure.scope === "message")) {
      this.#excluded.add(name);
    }
    const ending = this.#endingAfter(candidate, attempt);
    if (ending) this.#end(ending);
  }

  async #attemptWith(candidate: Candidate<N>, permit: Permit): Promise<Verdict & { readonly result: AttemptResult }> {
    const { id, onUnknown, interruptions } = this.#task;
    const { route, message } = candidate;
    const fullTime = route.monitor.timeLimit(permit, route.timeout);
    const limit = Math.min(fullTime, interruptions.remaining);
    const result = await runAttempt({
      id,
      provider: route.provider,
      message,
      limit,
      fresh: onUnknown === "stop",
      onCancel: (callback) => interruptions.onCancel(callback),
    });
    if (result.outcome === "accepted") return { outcome: result.outcome, duration: result.duration, result };
    const { outcome, duration, failure } = result;
    const cutShort = result.timedOut && limit < fullTime;
    const lostOnReuse = result.reusedConnection && failure.reason === "response-lost";
    const neutral = cutShort || lostOnReuse || this.#charged.has(route.name);
    if (failure.scope === "provider" && !cutShort && !lostOnReuse) this.#charged.add(route.name);
    return { outcome, duration, failure, neutral, result };
  }

  /** What an attempt means for the message; undefined: go on. */
  #endingAfter(candidate: Candidate<N>, attempt: Attempt<N>): Ending<N> | undefined {
    if (attempt.outcome === "accepted") return { how: "accepted", candidate, attempt };
    const { failure, outcome } = attempt;
    const { cancelled } = this.#task.interruptions;
    if (cancelled && failure.reason === "aborted") return { how: cancelled };
    if (failure.reason === "rejected") return { how: "rejected" };
    if (failure.reason === "invalid" && this.#invalids >= opinions) return { how: "rejected" };
    const enough = this.#task.onUnknown === "stop" || this.#unknowns >= unknownLimit;
    return outcome === "unknown" && enough ? { how: "stopped" } : undefined;
  }

  /** Waits before the next round; false where there is to be none. */
  async #waitForRound(round: number): Promise<boolean> {
    if (this.#ending) return false;
    const remaining = this.#remaining;
    const repeats = remaining.every(({ route }) => this.#wasTried(route.name));
    if (this.#unknowns > 0) this.#end({ how: "stopped" });
    else if (remaining.length === 0) this.#end({ how: "exhausted" });
    else if (repeats) await this.#wait(retryDelay(round, remaining, this.#attempts, this.#task.retry));
    return this.#ending === undefined;
  }

  /** Nobody can be tried now: waits for one, or makes the last resort. */
  async #waitForSomebody(round: number): Promise<void> {
    const { lastResort } = this.#context;
    const { interruptions, usefulTime } = this.#task;
    const way = wayOut(
      this.#remaining,
      lastResort,
      (name) => this.#wasTried(name),
      interruptions.remaining - usefulTime,
    );
    if (way.do === "wait") {
      await way.monitor.queue(this.#wait(way.duration, way.sooner));
    } else if (way.do === "await-verdict") {
      await this.#wait(interruptions.remaining, way.verdict);
      if (this.#remaining.every(({ route }) => route.monitor.state === "down")) this.#end({ how: "exhausted" });
    } else if (way.do === "last-resort") {
      await lastResort.begin(() => this.#attempt(way.candidate, "last-resort", round));
      this.#end({ how: "exhausted" });
    } else {
      this.#end({ how: "exhausted" });
    }
  }

  async #wait(duration: number, sooner?: Promise<unknown>): Promise<void> {
    const { interruptions, usefulTime } = this.#task;
    const pointless = sooner === undefined && duration > interruptions.remaining - usefulTime;
    const interruption = pointless ? "expired" : await interruptions.wait(duration, sooner);
    if (interruption) this.#end({ how: interruption });
  }

  /** The first ending is the one that counts. */
  #end(ending: Ending<N>): void {
    this.#ending ??= ending;
  }

  #wasTried(name: N): boolean {
    return this.#attempts.some((attempt) => attempt.provider === name);
  }

  get #unknowns(): number {
    return this.#attempts.filter((attempt) => attempt.outcome === "unknown").length;
  }

  get #invalids(): number {
    return this.#attempts.filter((each) => each.outcome !== "accepted" && each.failure.reason === "invalid").length;
  }

  #tellOfFailover(to: N): void {
    const last = this.#attempts.at(-1);
    if (!last || last.outcome === "accepted" || last.provider === to) return;
    this.#context.events.emit("failover", { id: this.#task.id, from: last.provider, to, failure: last.failure });
  }
}
