/** The longest delay that `setTimeout` keeps, in milliseconds; a longer one it takes for 1 ms. */
export const longestTimer = 2 ** 31 - 1;

/**
 * Milliseconds on the monotonic clock: for durations and limits. Read through the global at each call, so that fake
 * timers take effect.
 */
export function now(): number {
  return performance.now();
}

/** The wall-clock date of a moment on the monotonic clock. */
export function dateOf(moment: number): Date {
  return new Date(Date.now() + moment - now());
}
