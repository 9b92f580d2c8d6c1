/** A defect that is put into the library, to see whether the simulation finds it. */
export interface Sabotage {
  /** What the library does then. */
  readonly name: string;
  /** Under src. */
  readonly file: string;
  readonly replace: readonly (readonly [text: string, by: string])[];
  /** Words of the invariant that it breaks. */
  readonly breaks: RegExp;
  /** Where it is found soon; 1. */
  readonly seed?: number;
}

export const sabotages: readonly Sabotage[] = [
  {
    name: "fails over on a time-out under stop",
    file: "delivery/delivery.ts",
    replace: [
      [
        'const stop = this.#task.onUnknown === "stop" ||',
        'const stop = (this.#task.onUnknown === "stop" && failure.reason !== "timeout") ||',
      ],
    ],
    breaks: /taken at most once under stop|stops where it has to/,
  },
  {
    name: "throws where a breaker is open",
    file: "delivery/eligibility.ts",
    replace: [
      [
        'if (can !== "probe") return undefined;',
        'if (can !== "probe") return candidate.route.monitor.state === "down" ? "regular" : undefined;',
      ],
    ],
    breaks: /never reported as failed/,
  },
  {
    name: "never gives the place of a probe back",
    file: "health/provider-monitor.ts",
    replace: [["if (this.#probe?.permit !== permit) return;", "if (permit) return;"]],
    breaks: /no state absorbs|gives up only where|is accepted$/,
  },
  {
    name: "has a window that does not move while the process is frozen",
    file: "health/sliding-window.ts",
    replace: [
      ["const time = now();", "const time = now() - this.#frozen;"],
      ["this.#duration = duration;", "this.#duration = duration;\n    this.#turn(now() + 1_000);"],
      [
        "  add(",
        `  #frozen = 0;

  #turn(due: number): void {
    setTimeout(() => {
      this.#frozen += now() - due;
      this.#turn(now() + 1_000);
    }, 1_000).unref();
  }

  add(`,
      ],
    ],
    breaks: /no sample older than its window|follows from the attempts that count/,
  },
  {
    name: "lets two probe at once",
    file: "health/provider-monitor.ts",
    replace: [
      ['return this.#probe ? { can: "nothing", because: "probing" } : { can: "probe" };', 'return { can: "probe" };'],
    ],
    breaks: /one probe at a time/,
  },
  {
    name: "reports an acceptance as aborted, if its caller gave up meanwhile",
    file: "delivery/delivery.ts",
    replace: [
      [
        'if (attempt.outcome === "accepted") return { how: "accepted", candidate, attempt };',
        'if (attempt.outcome === "accepted" && this.#task.interruptions.cancelled) return { how: "aborted" };\n' +
          '    if (attempt.outcome === "accepted") return { how: "accepted", candidate, attempt };',
      ],
    ],
    breaks: /never reported as failed/,
    seed: 2,
  },
  {
    name: "does not say that there may be a duplicate",
    file: "delivery/conclude.ts",
    replace: [['log.anyUnknown ? "possible" : "no"', '"no"']],
    breaks: /a duplicate is on record/,
  },
  {
    name: "counts results of an earlier period",
    file: "health/provider-monitor.ts",
    replace: [["const current = permit.generation === this.#generation;", "const current = true;"]],
    breaks: /follows from the attempts that count/,
  },
  {
    name: "counts what says nothing of the provider",
    file: "delivery/charges.ts",
    replace: [['if (failure.scope === "none") return "neutral";', 'if (failure.scope === "none") return "full";']],
    breaks: /follows from the attempts that count/,
    seed: 3,
  },
  {
    name: "sends to a provider that is throttled",
    file: "health/provider-monitor.ts",
    replace: [
      ['if (throttledUntil !== undefined) return { can: "nothing", because: "throttled", until: throttledUntil };', ""],
    ],
    breaks: /that is throttled or isolated/,
  },
  {
    name: "answers an outage of all with one last resort for each send",
    file: "delivery/last-resort.ts",
    replace: [["return this.#underWay === undefined && now() - this.#lastBegan >= atMostOncePer;", "return true;"]],
    breaks: /declared last resort/,
    seed: 2,
  },
  {
    name: "has no retry budget",
    file: "limits/retry-budget.ts",
    replace: [["return this.#repeats.sum < reserve + this.#share * this.#sends.sum;", "return true;"]],
    breaks: /retry budget/,
    seed: 2,
  },
  {
    name: "limits its rate as a token bucket does",
    file: "limits/rate-limit.ts",
    replace: [["now() + this.#interval;", "now() + this.#interval / this.#limit;"]],
    breaks: /over the concurrency or the rate/,
  },
  {
    name: "does not lower its rate when it is throttled",
    file: "delivery/delivery.ts",
    replace: [["candidate.route.limits.drain();", ";"]],
    breaks: /over the concurrency or the rate/,
    seed: 2,
  },
  {
    name: "lets one attempt more through than concurrency says",
    file: "limits/provider-limits.ts",
    replace: [["this.#inFlight < this.#concurrency", "this.#inFlight <= this.#concurrency"]],
    breaks: /over the concurrency or the rate/,
  },
  {
    name: "refuses sends while the queue has room",
    file: "limits/waiting-room.ts",
    replace: [["if (this.#waiting >= this.limit) return false;", "if (this.#waiting >= this.limit - 1) return false;"]],
    breaks: /as many sends wait as the queue has places/,
  },
  {
    name: "hands sticky keys round while a provider is degraded",
    file: "routing/plan.ts",
    replace: [["rendezvous(stickyKey, list.map(configuredWeight))", "rendezvous(stickyKey, list.map(weightNow))"]],
    breaks: /a sticky key moves only/,
  },
  {
    name: "always takes the heaviest first",
    file: "routing/smooth-weighted-round-robin.ts",
    replace: [["if (winner) this.#credit.set(winner.key, winner.credit - total);", ""]],
    breaks: /within one pick of its exact share/,
  },
  {
    name: "gives an attempt its whole time although the deadline is nearer",
    file: "delivery/delivery.ts",
    replace: [["const limit = Math.min(fullTime, interruptions.remaining);", "const limit = fullTime;"]],
    breaks: /settles by its deadline|stops where it has to/,
  },
  {
    name: "blames a provider for the short deadline of a caller",
    file: "delivery/charges.ts",
    replace: [["if ((timedOut && shortened) ||", "if ((timedOut && shortened && false) ||"]],
    breaks: /follows from the attempts that count/,
  },
  {
    name: "uses a message that must not be sent twice as a probe",
    file: "delivery/eligibility.ts",
    replace: [['const risky = onUnknown === "stop" ||', "const risky ="]],
    breaks: /must not be sent twice/,
  },
  {
    name: "sends to a provider that is isolated",
    file: "health/provider-monitor.ts",
    replace: [['if (this.isolated) return { can: "nothing", because: "isolated" };', ""]],
    breaks: /that is throttled or isolated|no state longer than its time/,
  },
  {
    name: "leaves a standby down for ever",
    file: "routing/plan.ts",
    replace: [["if (probe) return probe;", ""]],
    breaks: /no state absorbs/,
  },
  {
    name: "leaves its timer behind when an attempt is over",
    file: "delivery/run-attempt.ts",
    replace: [["  cut.dispose();\n", ""]],
    breaks: /left behind/,
  },
  {
    name: "never proves a standby",
    file: "routing/proving-share.ts",
    replace: [["return this.#credit !== undefined && this.#credit >= 1;", "return false;"]],
    breaks: /proves a standby is exact/,
  },
  {
    name: "calls whoever came last",
    file: "limits/line.ts",
    replace: [["this.#waiters.shift()?.call(slot);", "this.#waiters.pop()?.call(slot);"]],
    breaks: /goes before who was sent later/,
    seed: 4,
  },
  {
    name: "forgets to end a drill",
    file: "operations/rehearsal.ts",
    replace: [
      ["if (this.#running && now() >= this.#running.end) this.#stop(this.#running);", ""],
      ["setTimeout(() => this.#stop(running), options.for)", "setTimeout(() => {}, options.for)"],
    ],
    breaks: /a drill ends in time/,
  },
  {
    name: "ends a drill by its timer alone, which stands still in a frozen process",
    file: "operations/rehearsal.ts",
    replace: [["if (this.#running && now() >= this.#running.end) this.#stop(this.#running);", ""]],
    breaks: /in a drill its provider is not asked/,
  },
  {
    name: "asks the provider in a drill",
    file: "operations/rehearsable.ts",
    replace: [["rehearsal.attempt(context) ?? provider.send(message, context)", "provider.send(message, context)"]],
    breaks: /in a drill its provider is not asked/,
  },
  {
    name: "marks a real outage as a drill",
    file: "operations/drill-marks.ts",
    replace: [["return isOfDrill;\n    }\n    const isWayBack", "return true;\n    }\n    const isWayBack"]],
    breaks: /what a drill brings about is marked/,
  },
  {
    name: "does not mark an outage that an acceptance after the drill tips over",
    file: "health/evidence.ts",
    replace: [["const failure = this.#lastFailed;", "const failure = undefined;"]],
    breaks: /what a drill brings about is marked/,
  },
];
