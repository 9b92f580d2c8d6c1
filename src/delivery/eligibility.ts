import type { PermitKind } from "../health/permit.ts";
import type { RetryBudget } from "../limits/retry-budget.ts";
import type { Candidate, Plan } from "../routing/plan.ts";
import { availabilityOf, type ResolvedRoute } from "../routing/resolved-route.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { OnUnknown } from "./on-unknown.ts";
import type { Turn } from "./turn.ts";

/** What decides who may be tried for one message. */
export interface EligibilityRules<N extends string = string> {
  readonly plan: Plan<N>;
  readonly onUnknown: OnUnknown;
  readonly log: AttemptLog<N>;
  readonly turn: Turn<N>;
  readonly retryBudget: RetryBudget;
}

/** Who may be tried for one message: at all, and at this moment. */
export class Eligibility<N extends string> {
  readonly #rules: EligibilityRules<N>;
  /** The last round, once somebody was tried in it: only those that could not be tried yet are still waited for. */
  #lastRound: number | undefined;

  constructor(rules: EligibilityRules<N>) {
    this.#rules = rules;
  }

  endWith(round: number): void {
    this.#lastRound = round;
  }

  /** Candidates that may still be tried, now or later. */
  get remaining(): Candidate<N>[] {
    return this.#rules.plan.candidates.filter((candidate) => this.#mayStillTry(candidate));
  }

  /** Whether somebody may be tried now. */
  get anybody(): boolean {
    return this.#rules.plan.candidates.some((candidate) => this.permitKindFor(candidate) !== undefined);
  }

  /** How a candidate may be tried now. An open breaker means skip, never fail. */
  permitKindFor(candidate: Candidate<N>): PermitKind | undefined {
    const { log, onUnknown } = this.#rules;
    if (!this.#mayStillTry(candidate)) return undefined;
    // One that asked for a pause may be well, but is not asked again before that.
    if (log.isPaused(candidate.route.name)) return undefined;
    const can = this.#whatCan(candidate.route);
    if (can === "send") return "regular";
    if (can !== "probe") return undefined;
    // Who was lost somewhere, or must not be sent twice, is not risked while somebody is known to be well.
    const risky = onUnknown === "stop" || log.last !== undefined;
    return risky && this.#isAnotherWell() ? undefined : "probe";
  }

  /** Whether somebody would be tried again if the retry budget allowed it. */
  get lacksBudget(): boolean {
    return this.#rules.plan.candidates.some(
      (candidate) => this.#hasAnotherTry(candidate) && !this.#isAffordable(candidate),
    );
  }

  #mayStillTry(candidate: Candidate<N>): boolean {
    return this.#hasAnotherTry(candidate) && this.#isAffordable(candidate);
  }

  #hasAnotherTry({ route: { name } }: Candidate<N>): boolean {
    const { log } = this.#rules;
    return !log.settled(name) && (this.#lastRound === undefined || !log.triedIn(this.#lastRound, name));
  }

  /** First tries cost nothing. */
  #isAffordable({ route: { name } }: Candidate<N>): boolean {
    const { log, retryBudget } = this.#rules;
    return !log.tried(name) || retryBudget.isLeft;
  }

  #whatCan(route: ResolvedRoute<N>): "send" | "probe" | "nothing" {
    // A slot that was given to this message is free for it, though for nobody else.
    return (this.#rules.turn.isAt(route) ? route.monitor.availability : availabilityOf(route)).can;
  }

  #isAnotherWell(): boolean {
    const { log } = this.#rules;
    return this.remaining.some(({ route }) => this.#whatCan(route) === "send" && !log.tried(route.name));
  }
}
