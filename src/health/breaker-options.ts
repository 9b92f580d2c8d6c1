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
  /** Advanced. How long the share of a recovering provider grows from 10 % to all, ms; default 30_000. */
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

const rates = ["failureRate", "slowRate", "degradedRate"] as const;
const counts = ["minimumAttempts", "consecutiveFailures"] as const;
const durations = ["openFor", "slowAttempt", "window", "slowStart", "maxOpenFor"] as const;

/**
 * Fills in the defaults; of several layers the later wins.
 *
 * @throws RangeError for a value out of range, TypeError for an unknown option
 */
export function breakerSettings(where: string, ...layers: readonly (BreakerOptions | undefined)[]): BreakerSettings {
  const settings: Record<keyof BreakerOptions, number> = { ...defaults };
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer ?? {})) {
      if (!isOption(key)) throw new TypeError(`${where}.${key} is no option of the breaker`);
      if (value !== undefined) settings[key] = value;
    }
  }
  for (const key of rates) check(settings[key] > 0 && settings[key] <= 1, key, "a number above 0 and at most 1");
  for (const key of counts) check(Number.isInteger(settings[key]) && settings[key] > 0, key, "a positive integer");
  for (const key of durations) check(settings[key] > 0 && Number.isFinite(settings[key]), key, "milliseconds above 0");
  return Object.freeze(settings);

  function check(valid: boolean, key: keyof BreakerOptions, expected: string): void {
    if (!valid) throw new RangeError(`${where}.${key} must be ${expected}, but is ${settings[key]}`);
  }
}

function isOption(key: string): key is keyof BreakerOptions {
  return Object.hasOwn(defaults, key);
}
