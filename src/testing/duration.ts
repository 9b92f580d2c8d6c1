/** Timers cannot wait longer. */
export const longestDuration = 2 ** 31 - 1;

export function checkDuration(name: string, value: number): void {
  if (!(value >= 0 && value <= longestDuration)) {
    throw new RangeError(`${name} must be milliseconds from 0 to ${longestDuration}, not ${value}.`);
  }
}
