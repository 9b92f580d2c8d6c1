import * as fc from "fast-check";

/** Milliseconds, by seconds. */
export const seconds = (from: number, to: number) => fc.integer({ min: from * 1_000, max: to * 1_000 });
export const share = fc.integer({ min: 1, max: 10 }).map((tenths) => tenths / 10);
/** What a provider asks for, ms. */
export const retryAfter = fc.option(fc.oneof(fc.constant(0), seconds(1, 5), seconds(5, 90)), { nil: undefined });

/** A moment in the time that the traffic takes. */
export const thousandth = fc.integer({ min: 0, max: 1_000 });

/** One in so many has it. */
export function oneIn<T>(number: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: number - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary },
  );
}
