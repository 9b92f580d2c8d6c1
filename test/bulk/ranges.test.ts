import fc from "fast-check";
import { expect, test } from "vitest";
import { Ranges } from "../../src/bulk/ranges.ts";

const number = fc.integer({ min: 0, max: 60 });
const change = fc.record({ add: fc.boolean(), number });

function applied(changes: readonly { readonly add: boolean; readonly number: number }[]) {
  const ranges = new Ranges();
  const set = new Set<number>();
  for (const { add, number: each } of changes) {
    if (add) {
      ranges.add(each);
      set.add(each);
    } else {
      ranges.delete(each);
      set.delete(each);
    }
  }
  return { ranges, set };
}

test("Ranges hold what a set would, whatever was added and taken out", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const { ranges, set } = applied(changes);
      const expected = [...set].sort((a, b) => a - b);
      expect(
        ranges.list().flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
      ).toEqual(expected);
      for (let each = 0; each <= 60; each++) expect(ranges.has(each)).toBe(set.has(each));
    }),
    { numRuns: 300 },
  );
});

test("Ranges are in order, and no two of them touch; so they are again after they were written and read", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const list = applied(changes).ranges.list();
      for (const [index, [first, last]] of list.entries()) {
        expect(first).toBeLessThanOrEqual(last);
        expect(first).toBeGreaterThan((list[index - 1]?.[1] ?? -2) + 1);
      }
      expect(new Ranges(list).list()).toEqual(list);
    }),
    { numRuns: 300 },
  );
});
