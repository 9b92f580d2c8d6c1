import fc from "fast-check";
import { type ListPresentation, lists, oneOf } from "./presentations.ts";
import { boom } from "./rogues.ts";
import { anyRefused, listed, Specimen } from "./specimen.ts";
import { canary } from "./texts.ts";

/** Some values as one list, in one of the ways in which a list can hold them. */
export function list<T>(
  items: readonly Specimen<T>[],
  [how, present]: readonly [string, ListPresentation],
): Specimen<readonly T[]> {
  const make: Specimen["make"] = (watch) => {
    const values = items.map((item) => item.make(watch));
    return present(values, watch);
  };
  return new Specimen(`[${items.map(({ what }) => what).join(", ")}] ${how}`, make, listed(items));
}

export function listsOf<T>(items: fc.Arbitrary<readonly Specimen<T>[]>): fc.Arbitrary<Specimen<readonly T[]>> {
  return fc.tuple(items, oneOf(lists)).map(([some, how]) => list(some, how));
}

/** What is no list, wherever there should be one. */
export const noList: fc.Arbitrary<Specimen<never>> = anyRefused("no list", [
  () => canary,
  () => null,
  () => new Set([canary]),
  () => ({ 0: canary, length: 1 }),
  () => new Uint8Array(3),
  () => Promise.resolve([canary]),
  () => new Proxy([canary], { get: boom }),
  () => new Array(2 ** 32 - 1),
  () => new Array(100_001).fill(canary),
]);
