import fc from "fast-check";
import { type Effect, type OptionValue, optionValues } from "./option-values.ts";
import { throwingAt } from "./presentations.ts";
import { boom, revokedProxy, throwingProxy } from "./rogues.ts";
import { canary } from "./texts.ts";

/** Options as a whole that are refused, or that say nothing. */
const wholes: readonly (readonly [make: () => unknown, isFine: boolean])[] = [
  [() => undefined, true],
  [() => Object.create(null), true],
  [() => Object.freeze({}), true],
  [() => ({ only: undefined, id: undefined, deadline: undefined, signal: undefined, mayDrop: undefined }), true],
  [() => ({ [Symbol(canary)]: canary }), true],
  [() => Object.create({ onUnknown: "stop" }), true],
  [() => null, false],
  [() => 5, false],
  [() => 5n, false],
  [() => canary, false],
  [() => Symbol(canary), false],
  [() => boom, false],
  [() => [], false],
  [() => [canary], false],
  [() => throwingAt({ id: "a" }, "id"), false],
  [() => throwingAt({ deadline: 5 }, "deadline"), false],
  [() => throwingAt({ signal: undefined }, "signal"), false],
  [() => throwingAt({ only: ["ses"] }, "only"), false],
  [() => throwingProxy("get"), false],
  [() => throwingProxy("ownKeys"), false],
  [() => revokedProxy([]), false],
  [() => JSON.parse('{"__proto__":{"polluted":true}}'), false],
];

export interface Given {
  readonly what: string;
  readonly make: () => unknown;
  /** Without one, the options are refused. */
  readonly effects: readonly Effect[] | undefined;
}

const fineValues = optionValues.filter(({ effect }) => effect !== undefined);

/** Most of them are fine, so that most of a few together are. */
const few = fc.uniqueArray(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...fineValues) },
    { weight: 1, arbitrary: fc.constantFrom(...optionValues) },
  ),
  { minLength: 1, maxLength: 3, selector: ({ name }) => name },
);

function together(chosen: readonly OptionValue[]): Given {
  const effects = chosen.flatMap(({ effect }) => effect ?? []);
  return {
    what: chosen.map((value) => `${value.name.slice(0, 50)} (${optionValues.indexOf(value)})`).join(", "),
    make: () => Object.fromEntries(chosen.map(({ name, make }) => [name, make()])),
    effects: effects.length === chosen.length ? effects : undefined,
  };
}

function whole([make, isFine]: (typeof wholes)[number], index: number): Given {
  return { what: `options as a whole, number ${index}`, make, effects: isFine ? [] : undefined };
}

/** Options of one send: a few of them, each of which may be wrong; or something else altogether. */
export const sendOptions: fc.Arbitrary<Given> = fc
  .oneof({ weight: 12, arbitrary: few.map(together) }, fc.constantFrom(...wholes.map(whole)))
  .map((given) => Object.assign(given, { [fc.toStringMethod]: () => given.what }));
