import { dateOf, now } from "../clock.ts";
import type { Failure } from "../failure.ts";
import { Activity } from "./activity.ts";
import type { AttemptOutcome, Bearing } from "./attempt-outcome.ts";
import type { Availability } from "./availability.ts";
import type { BreakerSettings } from "./breaker-options.ts";
import { type ChangeReason, type Overlay, type ProviderChange, type State, severityOf } from "./change.ts";
import { Circuit } from "./circuit.ts";
import { Evidence } from "./evidence.ts";
import { newProbe, type Permit, type PermitKind, type Probe, type ProbeResult } from "./permit.ts";
import type { ProviderHealth } from "./provider-health.ts";
import { Throttle } from "./throttle.ts";

const canSend: Availability = { can: "send" };
const smallestShare = 0.1;
const degradedShare = 0.5;

/**
 * The health of one provider: the guard over its circuit breaker. Time moves it when it is looked at, by the clock;
 * there is no timer.
 */
export class ProviderMonitor<N extends string = string> {
  readonly #provider: N;
  readonly #settings: BreakerSettings;
  readonly #tell: (change: ProviderChange<N>) => void;
  readonly #circuit: Circuit;
  readonly #evidence: Evidence;
  readonly #throttle: Throttle;
  readonly #activity = new Activity();

  #state: State = "healthy";
  #since = now();
  #sinceDate = new Date();
  /** Counts the periods between openings and closings, so that results of an earlier one change nothing. */
  #generation = 0;
  #openings = 0;
  #openUntil = Number.NEGATIVE_INFINITY;
  /** When it came back last. */
  #recoveringSince = Number.NEGATIVE_INFINITY;
  #probe: Probe | undefined;
  #throttled = false;
  #isolations = 0;

  constructor(provider: N, settings: BreakerSettings, tell: (change: ProviderChange<N>) => void) {
    this.#provider = provider;
    this.#settings = settings;
    this.#tell = tell;
    this.#circuit = new Circuit(provider);
    this.#evidence = new Evidence(settings);
    this.#throttle = new Throttle(settings.maxOpenFor);
  }

  get state(): State {
    this.#advance();
    return this.#state;
  }

  get isolated(): boolean {
    return this.#isolations > 0;
  }

  /** Whether it is out until something happens; a throttle only takes its time. */
  get isOut(): boolean {
    return this.isolated || this.#state === "down" || this.#state === "probing";
  }

  /** End of the throttle on the monotonic clock. */
  get throttledUntil(): number | undefined {
    return this.#throttle.until;
  }

  /** End of the open period on the monotonic clock, while down. */
  get openUntil(): number | undefined {
    return this.#state === "down" ? this.#openUntil : undefined;
  }

  /** @param outside what only a look at the other providers and at the limits can tell */
  report(outside: Pick<ProviderHealth, "share" | "queued" | "drill">): ProviderHealth<N> {
    const { state, throttledUntil, openUntil } = this;
    const { failureRate, slowRate, p50, p95 } = this.#evidence.stats();
    return Object.freeze({
      provider: this.#provider,
      state,
      since: this.#sinceDate,
      isolated: this.isolated,
      ...(throttledUntil === undefined ? {} : { throttledUntil: dateOf(throttledUntil) }),
      ...(openUntil === undefined ? {} : { openUntil: dateOf(openUntil) }),
      failureRate,
      slowRate,
      p50,
      p95,
      ...outside,
      ...this.#activity.report(),
    });
  }

  /** What comes of the probe under way. */
  get probeResult(): Promise<ProbeResult> | undefined {
    return this.#state === "probing" ? this.#probe?.result : undefined;
  }

  get availability(): Availability {
    this.#advance();
    if (this.isolated) return { can: "nothing", because: "isolated" };
    const throttledUntil = this.#throttle.until;
    if (throttledUntil !== undefined) return { can: "nothing", because: "throttled", until: throttledUntil };
    if (this.#state === "probing") return this.#probe ? { can: "nothing", because: "probing" } : { can: "probe" };
    if (this.#state !== "down") return canSend;
    return this.#openUntil > now() ? { can: "nothing", because: "down", until: this.#openUntil } : { can: "probe" };
  }

  /** Share of its configured weight that it should have now: 0–1. */
  get weightFactor(): number {
    if (this.availability.can !== "send") return 0;
    // Most have never been down, and need no look at the clock.
    const grown = this.#recoveringSince === Number.NEGATIVE_INFINITY ? 1 : this.#grownShare();
    return this.#state === "degraded" ? degradedShare * grown : grown;
  }

  #grownShare(): number {
    const { slowStart } = this.#settings;
    const age = slowStart === 0 ? 1 : (now() - this.#recoveringSince) / slowStart;
    return Math.max(smallestShare, Math.min(1, age));
  }

  /** Takes the provider out; each call needs its own {@link restore}. */
  isolate(): void {
    this.#isolations += 1;
    if (this.#isolations === 1) this.#announce(this.#state, "isolated", "isolated");
  }

  restore(): void {
    this.#isolations -= 1;
    if (this.#isolations === 0) this.#announce("isolated", this.#state, "restored");
  }

  /** Leave for one attempt, which {@link run} must use. Ask {@link availability} first. */
  permit(kind: PermitKind): Permit {
    const permit: Permit = { kind, generation: this.#generation };
    if (kind === "probe") {
      // Before the change is told: who hears of it must find the place taken.
      this.#probe = newProbe(permit);
      if (this.#state === "down") this.#moveTo("probing", "open-period-passed");
    }
    return permit;
  }

  /** The longest time that an attempt with this permit may take. */
  timeLimit(permit: Permit, timeout: number): number {
    return permit.kind === "probe" ? Math.min(timeout, this.#settings.slowAttempt) : timeout;
  }

  /** Runs an attempt and takes its outcome into account. The attempt must not reject. */
  async run<O extends AttemptOutcome>(permit: Permit, attempt: () => Promise<O>): Promise<O> {
    let outcome: O | undefined;
    const keep = (result: O): void => {
      outcome = result;
    };
    const action = (): Promise<void> => attempt().then(keep);
    this.#activity.begin();
    try {
      await (permit.kind === "regular" ? this.#circuit.run(action) : this.#circuit.probe(action));
    } catch (error) {
      // What opossum makes of an attempt changes nothing of an outcome that is on record.
      if (!outcome) throw error;
    } finally {
      this.#activity.end();
      // Whatever happened, the place of the probe must not be lost: that is how breakers get stuck half-open.
      if (!outcome) this.#releaseProbe(permit, "inconclusive");
    }
    if (!outcome) throw new Error(`The attempt at ${this.#provider} ended without an outcome`);
    this.#settle(permit, outcome);
    return outcome;
  }

  dispose(): void {
    this.#circuit.dispose();
  }

  #settle(permit: Permit, outcome: AttemptOutcome): void {
    this.#advance();
    this.#activity.note(outcome);
    const current = permit.generation === this.#generation;
    if (current && permit.kind === "regular") this.#settleRegular(outcome);
    else if (current) this.#settleTrial(permit, outcome);
    this.#releaseProbe(permit, resultOf(this.#state));
  }

  #settleRegular(outcome: AttemptOutcome): void {
    if (outcome.outcome === "accepted") {
      this.#throttle.accepted();
      this.#evidence.accepted(outcome.duration);
      this.#applyFinding();
      return;
    }
    const { failure, bearing, duration, id } = outcome;
    if (isAccountFault(failure)) this.#open(failure.reason, failure);
    else if (failure.reason === "throttled") this.#pause(failure);
    else if (failure.scope === "message") {
      this.#evidence.refused(failure, id);
      this.#applyFinding();
    } else if (bearing === "full") {
      this.#evidence.failed(duration, failure);
      this.#applyFinding();
    }
  }

  /** A probe, or a last resort at a provider that is down. */
  #settleTrial(permit: Permit, outcome: AttemptOutcome): void {
    if (outcome.outcome === "accepted" || outcome.failure.scope === "message") {
      this.#throttle.accepted();
      this.#recover(permit);
      return;
    }
    const { failure, bearing } = outcome;
    if (failure.reason === "throttled") this.#pause(failure);
    else if (permit.kind === "probe" && bearing !== "none") this.#failProbe(failure, bearing);
  }

  /** A failure that says nothing of the provider keeps it out as long as before; any other doubles the time. */
  #failProbe(failure: Failure, bearing: Bearing): void {
    if (bearing === "neutral") this.#openings -= 1;
    this.#open("probe-failed", failure);
  }

  /** Draws the conclusion from the evidence. */
  #applyFinding(): void {
    const { finding } = this.#evidence;
    if (finding?.state === "down") this.#open(finding.reason, finding.failure);
    else if (finding && this.#state !== "degraded") this.#moveTo("degraded", finding.reason, finding.failure);
  }

  #pause(failure: Failure): void {
    this.#throttle.begin(failure.retryAfter);
    if (this.#throttled) return;
    this.#throttled = true;
    this.#announce(this.#state, "throttled", "throttled", failure);
  }

  #open(reason: ChangeReason, failure?: Failure): void {
    this.#openings += 1;
    this.#generation += 1;
    const { openFor, maxOpenFor } = this.#settings;
    const jitter = 0.8 + 0.4 * Math.random();
    this.#openUntil = now() + Math.min(openFor * 2 ** (this.#openings - 1), maxOpenFor) * jitter;
    this.#circuit.open();
    this.#moveTo("down", reason, failure);
  }

  #recover(permit: Permit): void {
    if (permit.kind === "last-resort" && this.#state === "down") this.#moveTo("probing", "last-resort-accepted");
    this.#generation += 1;
    this.#evidence.forget();
    this.#circuit.close();
    this.#recoveringSince = now();
    this.#moveTo("recovering", "probe-accepted");
  }

  #releaseProbe(permit: Permit, result: ProbeResult): void {
    if (this.#probe?.permit !== permit) return;
    const { settle } = this.#probe;
    this.#probe = undefined;
    settle(result);
  }

  /** Lets the time that passed take effect. */
  #advance(): void {
    if (this.#throttled && this.#throttle.until === undefined) {
      this.#throttled = false;
      this.#announce("throttled", this.#state, "throttle-passed");
    }
    if (this.#state === "recovering" && now() - this.#since >= this.#settings.slowStart) {
      this.#openings = 0;
      this.#moveTo("healthy", "slow-start-passed");
    }
    if (this.#state === "degraded") this.#leaveDegraded();
  }

  #leaveDegraded(): void {
    if (!this.#evidence.wellForOneWindow(this.#since)) return;
    this.#evidence.forgetInvalid();
    this.#openings = 0;
    this.#moveTo("healthy", "rates-recovered");
  }

  #moveTo(to: State, reason: ChangeReason, failure?: Failure): void {
    const from = this.#state;
    this.#state = to;
    this.#since = now();
    this.#sinceDate = new Date();
    this.#announce(from, to, reason, failure);
  }

  #announce(from: State | Overlay, to: State | Overlay, reason: ChangeReason, failure?: Failure): void {
    this.#tell(
      Object.freeze({
        provider: this.#provider,
        from,
        to,
        reason,
        ...(failure ? { failure } : {}),
        stats: this.#evidence.stats(),
        at: new Date(),
        severity: severityOf(to, from),
      }),
    );
  }
}

/** What a trial came to, by the state that it led to. */
function resultOf(state: State): ProbeResult {
  if (state === "probing") return "inconclusive";
  return state === "down" ? "failed" : "passed";
}

function isAccountFault(
  failure: Failure,
): failure is Failure & { readonly reason: "authentication" | "suspended" | "sender" | "quota" } {
  return failure.scope === "account";
}
