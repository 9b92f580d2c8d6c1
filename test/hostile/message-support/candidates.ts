import fc from "fast-check";
import type { Candidate, Parts } from "./letter.ts";
import { objects, oneOf } from "./presentations.ts";

/** Messages with one or a few of these parts, in whatever object. */
export function candidatesOf(
  parts: { readonly [F in keyof Parts]: fc.Arbitrary<NonNullable<Parts[F]>> },
  most = 2,
): fc.Arbitrary<Candidate> {
  const names = Object.keys(parts);
  return fc
    .tuple(fc.subarray(names, { minLength: 1, maxLength: most }), fc.record(parts), oneOf(objects))
    .map(([chosen, all, [how, present]]) => {
      const given: Parts = Object.fromEntries(Object.entries(all).filter(([name]) => chosen.includes(name)));
      return Object.assign({ parts: given, present }, { [fc.toStringMethod]: () => `${fc.stringify(given)} ${how}` });
    });
}
