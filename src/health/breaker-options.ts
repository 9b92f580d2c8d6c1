import { shown } from "../printable.ts";

/**
 * When a provider counts as degraded or down, and how it comes back.
 *
 * The first three are what most users need; the rest is for tuning.
 */
export interface BreakerOptions {
  /** Share of failed attempts in the window above which the breaker opens; 0–1, default 0.5. */
  readonly failureRate?: number | undefined;
  /** How long it stays open, ms; doubled at each opening in a row up to `maxOpenFor`, jittered by 20 %; default 15_000. */
  readonly openFor?: number | undefined;
  /** An accepted attempt slower than this is slow, ms; also a probe's time limit; default 5_000. */
  readonly slowAttempt?: number | undefined;
  /** Advanced. Attempts in the window before a rate means anything; default 5. */
  readonly minimumAttempts?: number | undefined;
  /** Advanced. So many failures in a row open the breaker whatever the rate; default 5. */
  readonly consecutiveFailures?: number | undefined;
  /** Advanced. How far back attempts count, ms; default 30_000. */
  readonly window?: number | undefined;
  /** Advanced. Share of slow attempts at which the provider is degraded; 0–1, default 0.5. */
  readonly slowRate?: number | undefined;
  /** Advanced. Share of failed attempts at which the provider is degraded; 0–1, default 0.2. */
  readonly degradedRate?: number | undefined;
  /** Advanced. How long the share of a recovering provider grows from 10 % to all, ms; 0: at once; default 30_000. */
  readonly slowStart?: number | undefined;
  /** Advanced. Longest time out, by the breaker or by a throttle, ms; default 300_000. */
  readonly maxOpenFor?: number | undefined;
}

export type BreakerSettings = { readonly [K in keyof BreakerOptions]-?: number };

const defaults: BreakerSettings = {
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

/** For each option what it must be, and whether a number is that. */
const ranges: Readonly<Record<keyof BreakerOptions, readonly [expected: string, valid: (value: number) => boolean]>> = {
  failureRate: ["a number from 0 to 1", (value) => value >= 0 && value <= 1],
  slowRate: ["a number above 0 and at most 1", isShare],
  degradedRate: ["a number above 0 and at most 1", isShare],
  minimumAttempts: ["a positive integer", isCount],
  consecutiveFailures: ["a positive integer", isCount],
  openFor: ["milliseconds above 0", isDuration],
  slowAttempt: ["milliseconds above 0", isDuration],
  window: ["milliseconds above 0", isDuration],
  slowStart: ["milliseconds from 0", (value) => value === 0 || isDuration(value)],
  maxOpenFor: ["milliseconds above 0", isDuration],
};

function isShare(value: number): boolean {
  return value > 0 && value <= 1;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}

function isDuration(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}

/**
 * Checks the options of a breaker.
 *
 * @throws RangeError for a value out of range, TypeError for an unknown option or for something that is no options
 */
export function checkBreakerOptions(where: string, options: unknown): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${where} must be an object, but is ${shown(options)}`);
  }
  for (const [key, value] of Object.entries(options)) {
    if (!isOption(key))
      throw new TypeError(`${where}.${key} is no option; there are ${Object.keys(ranges).join(", ")}`);
    const [expected, valid] = ranges[key];
    if (value !== undefined && !(typeof value === "number" && valid(value))) {
      throw new RangeError(`${where}.${key} must be ${expected}, but is ${shown(value)}`);
    }
  }
}

/** Fills in the defaults; of several layers the later wins. */
export function breakerSettings(...layers: readonly (BreakerOptions | undefined)[]): BreakerSettings {
  const settings: Record<keyof BreakerOptions, number> = { ...defaults };
  for (const [key, value] of layers.flatMap((layer) => Object.entries(layer ?? {}))) {
    if (isOption(key) && value !== undefined) settings[key] = value;
  }
  return Object.freeze(settings);
}

function isOption(key: string): key is keyof BreakerOptions {
  return Object.hasOwn(defaults, key);
}
