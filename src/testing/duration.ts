import { longestTimer } from "../clock.ts";

export function checkDuration(name: string, value: number): void {
  if (!(value >= 0 && value <= longestTimer)) {
    throw new RangeError(`${name} must be milliseconds from 0 to ${longestTimer}, not ${value}.`);
  }
}
