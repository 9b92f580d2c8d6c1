import * as fc from "fast-check";
import { faults } from "../operations/faults.ts";
import { oneIn, retryAfter, seconds, share, thousandth } from "./quantities.ts";
import type { Disturbance } from "./world/scenario.ts";

const drill: fc.Arbitrary<Disturbance> = fc
  .record({
    one: thousandth,
    other: thousandth,
    provider: fc.integer({ min: 0, max: 5 }),
    fault: fc.constantFrom(...faults),
    latency: oneIn(2, fc.oneof(fc.integer({ min: 0, max: 500 }), seconds(1, 15))),
    retryAfter,
    givenUpAfter: oneIn(3, share),
  })
  .map(({ one, other, retryAfter, givenUpAfter, ...rest }) => {
    const at = Math.min(one, other);
    const until = Math.max(one, other);
    const asks = rest.fault === "throttled" || rest.fault === "unavailable";
    return {
      do: "drill",
      ...rest,
      at,
      until,
      retryAfter: asks ? retryAfter : undefined,
      givenUpAt: givenUpAfter && Math.round(at + (until - at) * givenUpAfter),
    };
  });

/** None, mostly. */
export const drills = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Disturbance[]>([]) },
  { weight: 2, arbitrary: fc.array(drill, { minLength: 1, maxLength: 3 }) },
);
