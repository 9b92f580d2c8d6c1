import type { DrillFault } from "../../src/index.ts";

/** Every fault that can be rehearsed; the type makes sure that none is missing. */
const everyFault: Readonly<Record<DrillFault, true>> = {
  authentication: true,
  suspended: true,
  sender: true,
  quota: true,
  throttled: true,
  unreachable: true,
  unavailable: true,
  "response-lost": true,
  timeout: true,
  "bad-response": true,
  "server-error": true,
};
export const faults = Object.keys(everyFault).filter((fault): fault is DrillFault => fault in everyFault);
