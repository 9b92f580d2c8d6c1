import type { ProviderChange, ProviderHealth, State } from "../../../src/index.ts";
import { startOfTime } from "../engine/virtual-clock.ts";
import { groupsOf } from "./candidates.ts";
import type { Invariant } from "./invariant.ts";
import type { ProviderRecord } from "./records.ts";
import type { Replay } from "./replay.ts";

/** Neutral outcomes, results of an earlier period and samples that are too old change nothing; everything else does. */
export const healthByAttempts: Invariant = {
  name: "health follows from the attempts that count, and from nothing else",
  sees: ["send", "changed", "attempt", "settled", "health", "closed"],
  observe: (replay) => ({
    *see({ mailer }) {
      for (const { name, model } of replay.providersOf(mailer)) {
        for (const fault of model.faults.splice(0)) yield `${name}: ${fault}`;
      }
    },
  }),
};

/** The arrows of the documentation. */
const arrows: Readonly<Record<State, readonly State[]>> = {
  healthy: ["degraded", "down"],
  degraded: ["healthy", "down"],
  down: ["probing"],
  probing: ["recovering", "down"],
  recovering: ["healthy", "degraded", "down"],
};

export const replayedEvents: Invariant = {
  name: "events replayed give the states of health(), each change once and along an arrow",
  sees: ["changed", "named", "health"],
  observe: (replay) => {
    const heard = new Map<string, Overlays>();
    const unnamed = new Map<ProviderChange, number>();
    return {
      *see(entry) {
        if (entry.what === "changed") {
          const key = `${entry.mailer} ${entry.provider}`;
          const overlays = heard.get(key) ?? new Overlays();
          heard.set(key, overlays);
          for (const misfit of overlays.hear(entry.change)) yield `${entry.provider}: ${misfit}`;
          unnamed.set(entry.change, 1);
        }
        if (entry.what === "named" && !unnamed.delete(entry.change))
          yield `${entry.name} was told twice, or of nothing`;
        if (entry.what !== "health") return;
        if (unnamed.size > 0) yield `${unnamed.size} changes were not told by name`;
        for (const report of entry.report) {
          const { state, isolated, throttled } = heard.get(`${entry.mailer} ${report.provider}`) ?? new Overlays();
          if (report.state !== state) yield `${report.provider} is ${report.state}, and ${state} by its events`;
          if (report.isolated !== isolated) yield `${report.provider} is isolated: ${report.isolated}`;
          if ((report.throttledUntil !== undefined) !== throttled)
            yield `${report.provider} is throttled: ${!throttled}`;
        }
      },
      *conclude() {
        if (unnamed.size > 0) yield `${unnamed.size} changes were not told by name`;
        if (replay.sends.size === 0) yield "nothing was sent";
      },
    };
  },
};

class Overlays {
  state: State = "healthy";
  isolated = false;
  throttled = false;

  *hear({ from, to }: ProviderChange): Generator<string> {
    if (from === "isolated" || to === "isolated") {
      if (this.isolated !== (from === "isolated")) yield `${from} → ${to} was told twice`;
      this.isolated = to === "isolated";
    } else if (from === "throttled" || to === "throttled") {
      if (this.throttled !== (from === "throttled")) yield `${from} → ${to} was told twice`;
      this.throttled = to === "throttled";
    } else {
      if (this.state !== from) yield `${from} → ${to} from ${this.state}`;
      if (!arrows[this.state].includes(to)) yield `${this.state} → ${to} is no arrow`;
      this.state = to;
    }
  }
}

export const healthReports: Invariant = {
  name: "health() tells what the attempts say: no sample older than its window, no state longer than its time",
  sees: ["health"],
  observe: (replay) => ({
    *see(entry) {
      if (entry.what !== "health") return;
      for (const report of entry.report) {
        const provider = replay.providerOf(entry.mailer, report.provider);
        for (const fault of faultsOf(replay, provider, report, entry.at)) yield `${report.provider}: ${fault}`;
      }
      yield* shareFaults(replay, entry.mailer, entry.report, entry.at);
    },
  }),
};

function* faultsOf(replay: Replay, { model, inFlight }: ProviderRecord, report: ProviderHealth, now: number) {
  const { failureRate, slowRate } = model.ratesAt(now);
  if (Math.abs(report.failureRate - failureRate) > 1e-9) yield `failureRate ${report.failureRate}, not ${failureRate}`;
  if (Math.abs(report.slowRate - slowRate) > 1e-9) yield `slowRate ${report.slowRate}, not ${slowRate}`;
  if (report.inFlight !== inFlight.size) yield `${report.inFlight} in flight, not ${inFlight.size}`;
  if (model.isOverdue(now)) yield `it is still ${report.state}`;
  const onClock = (date: Date) => date.getTime() - startOfTime - replay.wallStep;
  const { throttledUntil, openUntil } = report;
  if (throttledUntil && Math.abs(onClock(throttledUntil) - model.pause.until) > 1) {
    yield `throttled until ${onClock(throttledUntil)}, not ${model.pause.until}`;
  }
  if ((openUntil !== undefined) !== (report.state === "down")) yield `${report.state} and openUntil is ${openUntil}`;
  const { least, most } = model.openUntil;
  if (openUntil && (onClock(openUntil) < least - 1 || onClock(openUntil) > most + 1)) {
    yield `open until ${onClock(openUntil)}, not between ${least} and ${most}`;
  }
}

const smallestShare = 0.1;

/** How much of its configured weight a provider should have. */
function weightFactor(provider: ProviderRecord, now: number): number {
  if (!provider.canSend(now)) return 0;
  const { slowStart } = provider.breaker;
  const grown = slowStart === 0 ? 1 : (now - provider.recoveringSince) / slowStart;
  return Math.max(smallestShare, Math.min(1, grown)) * (provider.state === "degraded" ? 0.5 : 1);
}

/** The share of each provider: the first group that can send has what the standbys do not need to prove themselves. */
function* shareFaults(replay: Replay, mailer: number, report: readonly ProviderHealth[], now: number) {
  const providers = replay.providersOf(mailer);
  const groups = groupsOf(replay);
  const weight = (provider: ProviderRecord) => provider.setup.weight * weightFactor(provider, now);
  const used = Math.min(...providers.flatMap((each, place) => (weight(each) > 0 ? (groups[place] ?? 0) : [])));
  const inGroup = providers.filter((_, place) => groups[place] === used);
  const standbys = providers.filter((each, place) => (groups[place] ?? 0) > used && weight(each) > 0);
  const proving = standbys.reduce((sum, { setup }) => sum + (setup.prove ?? 0), 0);
  const total = inGroup.reduce((sum, each) => sum + weight(each), 0);
  for (const provider of providers) {
    const told = report.find((each) => each.provider === provider.name)?.share ?? 0;
    const expected = inGroup.includes(provider)
      ? (Math.max(0, 1 - proving) * weight(provider)) / total
      : standbys.includes(provider)
        ? (provider.setup.prove ?? 0)
        : 0;
    if (Math.abs(told - expected) > 1e-9) yield `${provider.name} has the share ${told}, not ${expected}`;
  }
}
