import type { Attempt, ChangeReason, Failure, Overlay, ProviderChange, State } from "../../../src/index.ts";
import type { BreakerSetup } from "../world/breaker.ts";
import { MarkModel } from "./mark-model.ts";
import { PauseModel } from "./pause-model.ts";
import { type Rates, SampleWindow } from "./sample-window.ts";

/** An ended attempt, with what decides how much it says of its provider. */
export interface EndedAttempt {
  readonly id: string;
  readonly attempt: Attempt;
  readonly at: number;
  readonly kind: "regular" | "probe" | "last-resort";
  /** It had less time than usual. */
  readonly shortened: boolean;
  /** It began before the last opening or recovery. */
  readonly stale: boolean;
  readonly limit: number;
  readonly reusedConnection: boolean;
}

interface Expected {
  readonly from: State | Overlay;
  readonly to: State | Overlay;
  readonly reason: ChangeReason;
  readonly stats: Rates;
  /** The failure that brings it about is of a drill. */
  readonly isOfDrill: boolean;
}

const jitter = { least: 0.8, most: 1.2 };
const invalidInARow = 10;
const timerSlack = 2;

/** What only time brings about; it is told when somebody looks. */
const byTime: readonly ChangeReason[] = [
  "throttle-passed",
  "slow-start-passed",
  "rates-recovered",
  "open-period-passed",
  "isolated",
  "restored",
];

export function isByTime({ reason }: ProviderChange): boolean {
  return byTime.includes(reason);
}

/**
 * The health of one provider, worked out from the attempts alone by the table of the documentation. What the mailer
 * tells is compared with it.
 */
export class HealthModel {
  readonly #breaker: BreakerSetup;
  readonly #window: SampleWindow;
  readonly pause: PauseModel;
  /** Violations that nobody has taken yet. */
  readonly faults: string[] = [];
  readonly marks = new MarkModel();
  state: State = "healthy";
  since = 0;
  recoveringSince = Number.NEGATIVE_INFINITY;
  openUntil = { least: 0, most: 0 };
  #throttleTold = false;
  #openings = 0;
  #failuresInARow = 0;
  /** The latest failure that counted is of a drill. */
  #failedInDrill = false;
  readonly #invalid = new Set<string>();
  /** Messages that counted against it once. */
  readonly #charged = new Set<string>();
  #expected: Expected[] = [];

  constructor(breaker: BreakerSetup) {
    this.#breaker = breaker;
    this.#window = new SampleWindow(breaker);
    this.pause = new PauseModel(breaker.maxOpenFor);
  }

  ratesAt(now: number): Rates {
    return this.#window.ratesAt(now);
  }

  /** Whether time alone should have moved it by now. */
  isOverdue(now: number): boolean {
    if (this.#throttleTold && this.pause.until <= now) return true;
    if (this.state === "recovering") return now - this.since >= this.#breaker.slowStart;
    return this.state === "degraded" && this.#window.wellSince(this.since, now);
  }

  settle(ended: EndedAttempt): void {
    if (ended.stale) {
      this.#bearingOf(ended);
      return;
    }
    if (ended.kind === "regular") this.#settleRegular(ended);
    else this.#settleTrial(ended);
  }

  /** All that a turn was to bring about was told in it. */
  endTurn(): void {
    for (const { from, to, reason } of this.#expected) this.faults.push(`${from} → ${to} (${reason}) was never told`);
    this.#expected = [];
  }

  hear(change: ProviderChange, now: number): void {
    const { from, to, reason, stats } = change;
    const expected = isByTime(change) ? this.#expectedByTime(change, now) : this.#expected.shift();
    if (!expected) {
      this.faults.push(`${from} → ${to} (${reason}) has no cause`);
      return;
    }
    if (expected.from !== from || expected.to !== to || expected.reason !== reason) {
      this.faults.push(`${from} → ${to} (${reason}) should be ${expected.from} → ${expected.to} (${expected.reason})`);
    }
    this.marks.hear(change, expected.isOfDrill);
    if (!sameRates(stats, expected.stats)) {
      this.faults.push(`${from} → ${to} counts ${text(stats)}, where ${text(expected.stats)} are in its window`);
    }
  }

  #settleRegular(ended: EndedAttempt): void {
    const { attempt, at, id } = ended;
    if (attempt.outcome === "accepted") {
      this.pause.accepted();
      this.#failuresInARow = 0;
      this.#invalid.clear();
      this.#window.add(at, attempt.duration > this.#breaker.slowAttempt ? "slow" : "ok");
      this.#conclude(at);
      return;
    }
    const { failure } = attempt;
    const bearing = this.#bearingOf(ended);
    if (isAccountReason(failure.reason)) this.#open(failure.reason, at, failure);
    else if (failure.reason === "throttled") this.#throttle(failure, at);
    else if (failure.scope === "message") {
      this.#refused(failure, id, at);
      this.#conclude(at);
    } else if (bearing === "full") {
      this.#failuresInARow += 1;
      this.#failedInDrill = failure.drill === true;
      this.#window.add(at, "failed");
      this.#conclude(at);
    }
  }

  #settleTrial(ended: EndedAttempt): void {
    const { attempt, at, kind } = ended;
    const bearing = this.#bearingOf(ended);
    if (attempt.outcome === "accepted" || attempt.failure.scope === "message") {
      this.pause.accepted();
      if (kind === "last-resort" && this.state === "down") this.#expect("probing", "last-resort-accepted", at);
      this.#window.forget();
      this.#failuresInARow = 0;
      this.#invalid.clear();
      this.recoveringSince = at;
      this.#expect("recovering", "probe-accepted", at);
    } else if (attempt.failure.reason === "throttled") this.#throttle(attempt.failure, at);
    else if (kind === "probe" && bearing !== "none") {
      if (bearing === "neutral") this.#openings -= 1;
      this.#open("probe-failed", at, attempt.failure);
    }
  }

  #bearingOf({ id, attempt, limit, shortened, reusedConnection }: EndedAttempt): "full" | "neutral" | "none" {
    if (attempt.outcome === "accepted") return "full";
    const { failure, duration } = attempt;
    if (shortened && duration >= limit - timerSlack) return "none";
    if (reusedConnection && failure.reason === "response-lost") return "none";
    if (failure.reason === "aborted") return "none";
    if (failure.scope === "none") return "neutral";
    if (failure.scope !== "provider" || failure.reason === "throttled") return "full";
    if (this.#charged.has(id)) return "neutral";
    this.#charged.add(id);
    return "full";
  }

  #refused({ reason }: Failure, id: string, at: number): void {
    if (reason !== "invalid") this.#invalid.clear();
    else if (this.#invalid.size < invalidInARow) this.#invalid.add(id);
    else this.#window.noteUnwell(at);
  }

  #conclude(at: number): void {
    const { minimumAttempts, consecutiveFailures, failureRate: most, degradedRate, slowRate: slowest } = this.#breaker;
    const { attempts, failureRate, slowRate } = this.#window.ratesAt(at);
    const enough = attempts >= minimumAttempts;
    const failed = this.#failedInDrill ? ({ drill: true } as const) : {};
    if (this.#failuresInARow >= consecutiveFailures) this.#open("consecutive-failures", at, failed);
    else if (enough && failureRate > most) this.#open("failure-rate", at, failed);
    else if (this.state === "degraded") return;
    else if (enough && failureRate >= degradedRate) this.#expect("degraded", "failure-rate", at, failed);
    else if (enough && slowRate >= slowest) this.#expect("degraded", "slow-rate", at);
    else if (this.#invalid.size >= invalidInARow) this.#expect("degraded", "invalid-in-a-row", at);
  }

  #open(reason: ChangeReason, at: number, failure: Pick<Failure, "drill">): void {
    this.#openings += 1;
    const { openFor, maxOpenFor } = this.#breaker;
    const period = Math.min(openFor * 2 ** (this.#openings - 1), maxOpenFor);
    this.openUntil = { least: at + period * jitter.least, most: at + period * jitter.most };
    this.#expect("down", reason, at, failure);
  }

  #throttle({ retryAfter, drill }: Failure, at: number): void {
    const told = this.#throttleTold;
    this.pause.throttled(at, retryAfter);
    this.#throttleTold = true;
    if (told) return;
    const stats = this.ratesAt(at);
    this.#expected.push({ from: this.state, to: "throttled", reason: "throttled", stats, isOfDrill: drill === true });
  }

  #expect(to: State, reason: ChangeReason, at: number, { drill }: Pick<Failure, "drill"> = {}): void {
    this.#expected.push({ from: this.state, to, reason, stats: this.ratesAt(at), isOfDrill: drill === true });
    this.#enter(to, at);
  }

  #expectedByTime({ reason, to }: ProviderChange, now: number): Expected | undefined {
    const common = { reason, stats: this.ratesAt(now), isOfDrill: false };
    const { state } = this;
    if (reason === "isolated") return { from: state, to: "isolated", ...common };
    if (reason === "restored") return { from: "isolated", to: state, ...common };
    if (reason === "throttle-passed") {
      if (!this.#throttleTold || this.pause.until > now) return undefined;
      this.#throttleTold = false;
      return { from: "throttled", to: state, ...common };
    }
    if (reason === "open-period-passed") {
      if (state !== "down" || now < this.openUntil.least) return undefined;
      this.#enter("probing", now);
      return { from: state, to: "probing", ...common };
    }
    if (to !== "healthy" || !this.isOverdue(now)) return undefined;
    if ((reason === "slow-start-passed") !== (state === "recovering")) return undefined;
    this.#openings = 0;
    if (state === "degraded") this.#invalid.clear();
    this.#enter("healthy", now);
    return { from: state, to: "healthy", ...common };
  }

  #enter(state: State, now: number): void {
    this.state = state;
    this.since = now;
  }
}

function isAccountReason(reason: Failure["reason"]): reason is "authentication" | "suspended" | "sender" | "quota" {
  return ["authentication", "suspended", "sender", "quota"].includes(reason);
}

function sameRates(some: Rates, others: Rates): boolean {
  const close = (one: number, other: number) => Math.abs(one - other) < 1e-9;
  return (
    some.attempts === others.attempts &&
    close(some.failureRate, others.failureRate) &&
    close(some.slowRate, others.slowRate)
  );
}

function text({ attempts, failureRate, slowRate }: Rates): string {
  return `${attempts} (${failureRate.toFixed(3)} failed, ${slowRate.toFixed(3)} slow)`;
}
