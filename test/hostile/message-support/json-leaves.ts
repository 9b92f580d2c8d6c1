import fc from "fast-check";
import { throwingAt } from "./presentations.ts";
import { boom, cyclic, entity, revokedProxy, throwingProxy } from "./rogues.ts";
import { accepted, anyRefused, refused, Specimen } from "./specimen.ts";
import { canary, codePoints, headerText, isWellFormed, textOf } from "./texts.ts";
import { textsOf } from "./written-texts.ts";

const texts = textsOf(
  fc.oneof(headerText, codePoints, fc.constantFrom("", "\r\n.\r\n", "\ud800", textOf(5_000))),
  isWellFormed,
);

const numbers: fc.Arbitrary<Specimen> = fc
  .oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 2 ** 53, 1e308, 5e-324, 0.1 + 0.2))
  .map((number) =>
    Number.isFinite(number)
      ? accepted(String(number), () => number, JSON.parse(JSON.stringify(number)))
      : refused(String(number), () => number),
  );

/** What JSON carries as something else, or leaves out. */
const others: readonly Specimen[] = [
  accepted("null", () => null, null),
  accepted("true", () => true, true),
  accepted("undefined", () => undefined, undefined),
  accepted("a Date", () => new Date(0), "1970-01-01T00:00:00.000Z"),
  accepted("an invalid Date", () => new Date(Number.NaN), null),
  accepted("a URL", () => new URL("https://example.org/"), "https://example.org/"),
  accepted("what has a form in JSON", () => ({ toJSON: () => ({ a: [1] }), b: canary }), { a: [1] }),
  accepted("an array with holes", () => Object.assign(new Array(3), { 1: "x" }), [null, "x", null]),
  accepted("an empty object", () => ({}), {}),
  accepted("an empty list", () => [], []),
];

/** What JSON would lose or change, or cannot write. */
const lost: fc.Arbitrary<Specimen> = fc.oneof(
  {
    weight: 4,
    arbitrary: anyRefused("nothing for JSON", [
      () => 5n,
      () => Symbol(canary),
      () => boom,
      () => new Map([["a", canary]]),
      () => new Set([canary]),
      () => new Error(canary),
      () => /zorilla/,
      () => new String(canary),
      () => new Number(5),
      () => new Uint8Array(3),
      () => Promise.resolve(canary),
      entity,
      () => throwingProxy("ownKeys"),
      () => throwingProxy("get"),
      () => ({ toJSON: boom }),
      () => ({ toJSON: () => boom }),
    ]),
  },
  fc.constantFrom(
    refused("a getter that throws", () => throwingAt({ a: canary }, "a"), ".a"),
    refused("what is part of itself", cyclic, ".loop[0]"),
    new Specimen("an abyss", () => deep(10_000), { faults: "somewhere" }),
    new Specimen("a revoked proxy", () => revokedProxy(), { faults: "somewhere" }),
  ),
);

function deep(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

export const jsonLeaf: fc.Arbitrary<Specimen> = fc.oneof(
  { weight: 8, arbitrary: texts },
  { weight: 6, arbitrary: numbers },
  { weight: 6, arbitrary: fc.constantFrom(...others) },
  { weight: 1, arbitrary: lost },
);
