import type { BreakerOptions } from "../../../src/index.ts";
import type { Scenario } from "./scenario.ts";

export type BreakerSetup = { readonly [K in keyof BreakerOptions]-?: number };

/** As the documentation has them. */
const defaults: BreakerSetup = {
  failureRate: 0.5,
  openFor: 15_000,
  slowAttempt: 5_000,
  minimumAttempts: 5,
  consecutiveFailures: 5,
  window: 30_000,
  slowRate: 0.5,
  degradedRate: 0.2,
  slowStart: 30_000,
  maxOpenFor: 300_000,
};

/** The breaker of a provider with everything filled in. */
export function breakerOf({ mailer, providers }: Scenario, place: number): BreakerSetup {
  const given = { ...mailer.breaker, ...providers[place]?.breaker };
  const settings: Record<keyof BreakerSetup, number> = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (isOption(name) && value !== undefined) settings[name] = value;
  }
  return settings;
}

function isOption(name: string): name is keyof BreakerSetup {
  return Object.hasOwn(defaults, name);
}

/** The time limit of one attempt at a provider. */
export function timeoutOf({ mailer, providers }: Scenario, place: number): number {
  return providers[place]?.timeout ?? mailer.timeout ?? Math.min(10_000, mailer.deadline / 2);
}
