import { makeRetriable } from "p-retry";
import { now } from "../clock.ts";
import type { Emitter, MailerEvents } from "../events.ts";
import type { AttemptOutcome } from "../health/attempt-outcome.ts";
import type { Permit, PermitKind, ProbeResult } from "../health/permit.ts";
import type { Slot } from "../limits/line.ts";
import type { RetryBudget } from "../limits/retry-budget.ts";
import type { Precedence, WaitingRoom } from "../limits/waiting-room.ts";
import { ownStrings } from "../message/own-strings.ts";
import { attemptContext } from "../providers/attempt-context.ts";
import type { Attempt, Receipt } from "../receipt.ts";
import type { Candidate, Plan } from "../routing/plan.ts";
import { AttemptLog } from "./attempt-log.ts";
import { Charges } from "./charges.ts";
import { type Ending, errorOf, receiptOf } from "./conclude.ts";
import { Eligibility } from "./eligibility.ts";
import type { Interruptions } from "./interruptions.ts";
import type { LastResort } from "./last-resort.ts";
import type { OnUnknown } from "./on-unknown.ts";
import { linesInTime, type Outlook, outlookOf } from "./outlook.ts";
import { redactFailure } from "./redact-failure.ts";
import { type RetrySettings, retryDelay } from "./retry-delay.ts";
import { type AttemptResult, messageIdOf, runAttempt } from "./run-attempt.ts";
import { Turn } from "./turn.ts";
import { type WayOut, wayOut } from "./way-out.ts";

/** What one send is to do, and under which limits. */
export interface DeliveryTask<N extends string = string> {
  readonly id: string;
  /** When `send` was called, on the monotonic clock. */
  readonly began: number;
  readonly plan: Plan<N>;
  readonly onUnknown: OnUnknown;
  readonly retry: RetrySettings;
  readonly interruptions: Interruptions;
  readonly precedence: Precedence;
  /** An attempt with less time than this is not begun, ms. */
  readonly usefulTime: number;
}

/** What all sends of a mailer share. */
export interface DeliveryContext<N extends string = string> {
  readonly events: Emitter<MailerEvents<N>>;
  readonly lastResort: LastResort;
  readonly waitingRoom: WaitingRoom;
  readonly retryBudget: RetryBudget;
}

/** What a timer may be ahead of the clock, ms. */
const clockStep = 1;

/** What the guard is told of an attempt, with the attempt itself. */
type RunOutcome = AttemptOutcome & { readonly result: AttemptResult<string> };

/** Ends a round that may be followed by another; never seen outside. */
class AnotherRound extends Error {}

/**
 * Takes one message through its plan: provider after provider, round after round, to a receipt or to an error that says
 * all. What happened is read from its own record; p-retry turns the rounds and decides nothing.
 */
export class Delivery<N extends string> {
  readonly #task: DeliveryTask<N>;
  readonly #context: DeliveryContext<N>;
  readonly #log = new AttemptLog<N>();
  readonly #charges = new Charges<N>();
  readonly #turn: Turn<N>;
  readonly #eligibility: Eligibility<N>;
  #ending: Ending<N> | undefined;

  constructor(task: DeliveryTask<N>, context: DeliveryContext<N>) {
    this.#task = task;
    this.#context = context;
    this.#turn = new Turn(context.waitingRoom, task.precedence);
    const { plan, onUnknown } = task;
    const { retryBudget } = context;
    this.#eligibility = new Eligibility({ plan, onUnknown, log: this.#log, turn: this.#turn, retryBudget });
  }

  /** @throws SteadyMailError */
  async run(): Promise<Receipt<N>> {
    const { id, began, plan, interruptions, retry } = this.#task;
    const { retryBudget, waitingRoom } = this.#context;
    retryBudget.countSend();
    try {
      // Nearly every send ends in its first round; p-retry turns those that follow.
      if (await this.#round(1)) await this.#furtherRounds();
    } finally {
      this.#turn.giveBack();
    }
    const log = this.#log;
    const ending: Ending<N> = this.#ending ?? { how: "exhausted" };
    if (ending.how === "accepted") return receiptOf({ id, began, plan, log }, ending);
    throw errorOf(
      {
        id,
        began,
        plan,
        log,
        remaining: plan.candidates.filter(({ route }) => !log.settled(route.name)),
        abortReason: interruptions.abortReason,
        queueLimit: waitingRoom.limit,
        budgetSpent: this.#eligibility.lacksBudget,
        retryDelay: retry.maxDelay,
      },
      ending.how,
    );
  }

  async #furtherRounds(): Promise<void> {
    if (!(await this.#waitForRound(2))) return;
    let round = 1;
    const next = async (): Promise<void> => {
      round += 1;
      if (await this.#round(round)) throw new AnotherRound();
    };
    // Not the default export: bundlers disagree on what that is when CommonJS code requires an ES module.
    const rounds = makeRetriable(next, {
      retries: this.#task.retry.maxRounds - 2,
      minTimeout: 0,
      shouldRetry: () => this.#waitForRound(round + 1),
    });
    try {
      await rounds();
    } catch (error) {
      if (!(error instanceof AnotherRound)) throw error;
    }
  }

  /** Tries each candidate once; waits for one where none can be tried. Whether another round may follow. */
  async #round(round: number): Promise<boolean> {
    while (!this.#ending) {
      // From the first again: whoever came back meanwhile is tried in the same round, at its place in the order.
      const attempt = this.#tryNext(round);
      if (attempt) {
        await attempt;
        continue;
      }
      if (this.#log.triedIn(round)) {
        if (round < this.#task.retry.maxRounds) return true;
        this.#eligibility.endWith(round);
      }
      await this.#waitForSomebody(round);
    }
    return false;
  }

  /** Tries the first in the planned order that was not tried in this round, if there is one. */
  #tryNext(round: number): Promise<ProbeResult> | undefined {
    const { plan } = this.#task;
    for (let place = 0; ; place += 1) {
      const candidate = plan.inOrder(place);
      if (!candidate) return undefined;
      if (this.#log.triedIn(round, candidate.route.name)) continue;
      const kind = this.#eligibility.permitKindFor(candidate);
      if (kind) return this.#attempt(candidate, kind, round);
    }
  }

  /** Whether nothing ended the send from outside, and the time left is of use. */
  #mayBegin(): boolean {
    const { interruptions, usefulTime } = this.#task;
    const late = interruptions.remaining < usefulTime ? "expired" : undefined;
    const hindrance = interruptions.cancelled ?? late;
    if (hindrance) this.#end({ how: hindrance });
    return hindrance === undefined;
  }

  async #attempt(candidate: Candidate<N>, kind: PermitKind, round: number): Promise<ProbeResult> {
    const { monitor, name } = candidate.route;
    if (!this.#mayBegin()) return "inconclusive";
    this.#tellOfFailover(name);
    // A listener may have ended the send, or isolated the provider.
    if (!this.#mayBegin() || monitor.isolated) return "inconclusive";
    const slot = this.#turn.slotFor(candidate.route);
    if (!slot) return "inconclusive";
    if (this.#log.tried(name)) this.#context.retryBudget.countRepeat();

    const { result, bearing } = await this.#inSlot(slot, candidate, kind);
    if (result.outcome !== "accepted" && result.failure.reason === "throttled") candidate.route.limits.drain();
    const attempt = recordOf(name, round, result);
    this.#log.add(attempt);
    this.#context.events.emit("attempt", { id: this.#task.id, attempt });
    const ending = this.#endingAfter(candidate, attempt);
    if (ending) this.#end(ending);
    if (bearing === "none") return "inconclusive";
    return monitor.state === "down" ? "failed" : "passed";
  }

  async #inSlot(slot: Slot, candidate: Candidate<N>, kind: PermitKind): Promise<RunOutcome> {
    const { monitor } = candidate.route;
    try {
      const permit = monitor.permit(kind);
      return await monitor.run(permit, () => this.#attemptWith(candidate, permit));
    } finally {
      slot.release();
    }
  }

  async #attemptWith(candidate: Candidate<N>, permit: Permit): Promise<RunOutcome> {
    const { id, onUnknown, interruptions } = this.#task;
    const { route, message } = candidate;
    const fullTime = route.monitor.timeLimit(permit, route.timeout);
    const limit = Math.min(fullTime, interruptions.remaining);
    const result = await runAttempt({
      provider: route.provider,
      request: ({ timeout, cancellation }) =>
        route.provider.send(message, attemptContext(id, timeout, onUnknown === "stop", cancellation)),
      receiptIn: messageIdOf,
      redact: (failure) => redactFailure(failure, () => ownStrings(message)),
      limit,
      onCancel: (callback) => interruptions.onCancel(callback),
    });
    if (result.outcome === "accepted")
      return { outcome: result.outcome, duration: result.duration, bearing: "full", result };
    const { outcome, duration, failure } = result;
    const bearing = this.#charges.bearingOf(route.name, result, limit < fullTime);
    return { outcome, duration, failure, id, bearing, result };
  }

  /** What an attempt means for the message; undefined: go on. */
  #endingAfter(candidate: Candidate<N>, attempt: Attempt<N>): Ending<N> | undefined {
    if (attempt.outcome === "accepted") return { how: "accepted", candidate, attempt };
    const { failure, outcome } = attempt;
    const { cancelled } = this.#task.interruptions;
    if (cancelled && failure.reason === "aborted") return { how: cancelled };
    if (failure.reason === "rejected" || this.#log.enoughCallItInvalid) return { how: "rejected" };
    const stop = this.#task.onUnknown === "stop" || this.#log.tooManyUnknowns;
    return outcome === "unknown" && stop ? { how: "stopped" } : undefined;
  }

  /** Waits before the next round; false where there is to be none. */
  async #waitForRound(round: number): Promise<boolean> {
    const outlooks = this.#outlooks();
    if (this.#log.anyUnknown) this.#end({ how: "stopped" });
    else if (outlooks.length === 0) this.#end({ how: "exhausted" });
    if (this.#ending) return false;
    const delay = retryDelay(round, outlooks, this.#log, this.#task.retry);
    // Where nobody is left but those in whose lines one can wait, the round itself does that.
    if (delay !== undefined) await this.#waitFor(delay, outlooks);
    return this.#ending === undefined;
  }

  /** Waits, but no longer than until one of those calls that are throttled or at their limits. */
  async #waitFor(duration: number, outlooks: readonly Outlook<N>[]): Promise<void> {
    const timeLeft = this.#timeLeft;
    const lines = linesInTime(outlooks, now() + timeLeft);
    if (lines.length === 0) await this.#wait(duration);
    else if (await this.#turn.inLines(lines, (called) => this.#wait(duration, called))) return;
    else if (duration > timeLeft) this.#end({ how: "overloaded" });
    else await this.#wait(duration);
  }

  /** Nobody can be tried now: waits for one, or makes the last resort. */
  async #waitForSomebody(round: number): Promise<void> {
    let failed = false;
    while (!this.#ending && !this.#log.anyUnknown && !this.#eligibility.anybody) {
      if (this.#turn.giveBack()) {
        // Not at once: two that may not use a slot would hand it to each other for ever.
        await this.#wait(clockStep);
        continue;
      }
      const way: WayOut<N> = wayOut({
        outlooks: this.#outlooks(),
        log: this.#log,
        lastResort: this.#context.lastResort,
        trialFailed: failed,
        timeLeft: this.#timeLeft,
      });
      if (way.do === "wait") await this.#waitInLine(way);
      else if (way.do === "await-result") failed = (await this.#awaitResult(way)) === "failed";
      else if (way.do === "last-resort") {
        await this.#context.lastResort.begin(() => this.#attempt(way.candidate, "last-resort", round));
        failed = true;
      } else if (way.do === "give-up") this.#end({ how: "exhausted" });
      else await this.#wait(clockStep);
    }
    if (this.#log.anyUnknown) this.#end({ how: "stopped" });
  }

  async #waitInLine({ duration, lines, sooner }: Extract<WayOut<N>, { readonly do: "wait" }>): Promise<void> {
    const waited = await this.#turn.inLines(lines, (called) =>
      this.#wait(duration, sooner ? Promise.race([called, sooner]) : called),
    );
    if (!waited) this.#end({ how: "overloaded" });
  }

  async #awaitResult({ result, duration }: Extract<WayOut<N>, { readonly do: "await-result" }>): Promise<ProbeResult> {
    let heard: ProbeResult = "inconclusive";
    const hearing = result.then((word) => {
      heard = word;
    });
    await this.#wait(duration, hearing);
    return heard;
  }

  async #wait(duration: number, sooner?: Promise<unknown>): Promise<void> {
    const pointless = sooner === undefined && duration > this.#timeLeft;
    const interruption = pointless ? "expired" : await this.#task.interruptions.wait(duration, sooner);
    if (interruption) this.#end({ how: interruption });
  }

  #outlooks(): Outlook<N>[] {
    return this.#eligibility.remaining.map((candidate) => outlookOf(candidate, this.#log, this.#turn));
  }

  /** Milliseconds that may be waited so that an attempt is still of use. */
  get #timeLeft(): number {
    return this.#task.interruptions.remaining - this.#task.usefulTime;
  }

  /** The first ending is the one that counts. */
  #end(ending: Ending<N>): void {
    this.#ending ??= ending;
  }

  #tellOfFailover(to: N): void {
    const { last } = this.#log;
    if (!last || last.outcome === "accepted" || last.provider === to) return;
    this.#context.events.emit("failover", { id: this.#task.id, from: last.provider, to, failure: last.failure });
  }
}

function recordOf<N extends string>(provider: N, round: number, result: AttemptResult<string>): Attempt<N> {
  const { startedAt, duration, outcome } = result;
  const attempt: Attempt<N> =
    outcome === "accepted"
      ? { provider, round, startedAt, duration, outcome, providerMessageId: result.receipt }
      : { provider, round, startedAt, duration, outcome, failure: result.failure };
  return Object.freeze(attempt);
}
