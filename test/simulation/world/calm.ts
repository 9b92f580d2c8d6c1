import type { ProviderHealth } from "../../../src/index.ts";
import type { VirtualClock } from "../engine/virtual-clock.ts";
import { type BreakerSetup, breakerOf } from "./breaker.ts";
import type { PlannedSend, Scenario } from "./scenario.ts";

/** A time without faults. */
export interface Calm {
  /** The ids of its sends begin with it. */
  readonly name: string;
  /** Within it everybody is to be well. */
  readonly duration: number;
  /** ms between two sends. */
  readonly every: number;
}

/** Sends in the longest of the times that recovery takes. */
const sendsMeanwhile = 14;

/**
 * The bound on recovery, from a window after the last fault, for until then old samples may still take a provider down:
 * the longest open period or throttle that is left; a mail for each provider, as its probe, and
 * two more; slow start; and two windows, since bad samples leave after one, and rates must be well for another.
 */
export function calmBefore(scenario: Scenario, report: readonly ProviderHealth[], clock: VirtualClock): Calm {
  const breakers = scenario.providers.map((_, place) => breakerOf(scenario, place));
  const longest = (what: keyof BreakerSetup) => Math.max(...breakers.map((breaker) => breaker[what]));
  const out = Math.max(
    0,
    ...report.flatMap(({ openUntil, throttledUntil }) =>
      [openUntil, throttledUntil].map((date) => (date ? date.getTime() - clock.wallTime : 0)),
    ),
  );
  const afterwards = longest("slowStart") + 2 * longest("window");
  const slowest = Math.max(...scenario.providers.map(({ rate }) => rate?.interval ?? 0));
  const every = Math.max(2_000, slowest + 1, Math.ceil((out + afterwards) / sendsMeanwhile));
  return { name: "calm", duration: Math.ceil(out) + (scenario.providers.length + 2) * every + afterwards, every };
}

export function calmSends({ name, duration, every }: Calm, from: number): PlannedSend[] {
  return Array.from({ length: Math.floor(duration / every) }, (_, index) => ({
    id: `${name}${index}`,
    at: Math.round(from + index * every),
    options: { onUnknown: "failover" },
  }));
}

export function longestWindow(scenario: Scenario): number {
  return Math.max(...scenario.providers.map((_, place) => breakerOf(scenario, place).window));
}
