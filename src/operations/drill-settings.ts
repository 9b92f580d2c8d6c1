import { longestTimer } from "../clock.ts";
import type { DrillFault, DrillOptions } from "../drill.ts";
import { shown } from "../printable.ts";
import { checkDuration, refuseUnknownKeys } from "../settings.ts";

const faults: ReadonlySet<unknown> = new Set<DrillFault>([
  "authentication",
  "suspended",
  "sender",
  "quota",
  "throttled",
  "unreachable",
  "unavailable",
  "response-lost",
  "timeout",
  "bad-response",
  "server-error",
]);

const optionKeys = ["for", "latency", "retryAfter"] satisfies (keyof DrillOptions)[];

/** @throws TypeError, RangeError for what is no drill */
export function checkDrill(fault: unknown, options: DrillOptions): asserts fault is DrillFault {
  if (!faults.has(fault)) {
    throw new RangeError(`drill: the fault must be one of ${[...faults].join(", ")}, but is ${shown(fault)}`);
  }
  refuseUnknownKeys("drill: options", options, optionKeys);
  checkDuration("drill: options.for", options.for);
  checkPause("latency", options.latency);
  checkPause("retryAfter", options.retryAfter);
  if (options.retryAfter !== undefined && fault !== "throttled" && fault !== "unavailable") {
    throw new RangeError(`drill: options.retryAfter is for "throttled" and "unavailable" alone, not for "${fault}"`);
  }
}

function checkPause(name: keyof DrillOptions, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value >= 0 && value <= longestTimer)) return;
  throw new RangeError(`drill: options.${name} must be milliseconds from 0 to ${longestTimer}, but is ${shown(value)}`);
}
