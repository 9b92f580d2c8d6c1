import fc from "fast-check";
import { type Presentation, throwingAt } from "./presentations.ts";
import { entity, throwingProxy } from "./rogues.ts";
import { accepted, anyRefused, gathered, refused, Specimen } from "./specimen.ts";
import { canary, shown, step } from "./texts.ts";

type Entry<T> = readonly [name: string, value: T];

/** Whether an object may have this name, beside the names before it. */
export type NameRule = (name: string, before: readonly string[]) => boolean;

/** An object of names and values, in one of the ways in which it can hold them. */
export function record<T>(
  given: readonly Entry<Specimen<T>>[],
  isName: NameRule,
  [how, present]: readonly [string, Presentation],
): Specimen<readonly Entry<T>[]> {
  // As an object has them: each name once, numbers first.
  const entries = Object.entries<Specimen<T>>(Object.fromEntries(given));
  const names = entries.map(([name]) => name);
  const what = entries.map(([name, value]) => `${shown(name)}: ${value.what}`).join(", ");
  const make: Specimen["make"] = (watch) =>
    present(Object.fromEntries(entries.map(([name, value]) => [name, value.make(watch)])), watch);
  const parts = entries.map(([name, value], position): Entry<Specimen<Entry<T>>> => {
    const isFine = isName(name, names.slice(0, position));
    return [step(name, position), isFine ? value.map((one) => [name, one]) : refused(value.what, value.make)];
  });
  return new Specimen(`{ ${what} } ${how}`, make, gathered(parts));
}

/** What is no object of names and values, wherever there should be one. */
export const noRecord: fc.Arbitrary<Specimen<never>> = anyRefused("no object literal", [
  () => null,
  () => canary,
  () => 5n,
  () => [[canary, canary]],
  () => new Map([["X-Note", canary]]),
  () => new Headers({ "X-Note": canary }),
  () => Object.assign(new Error(canary), { "X-Note": canary }),
  entity,
  () => Object.create({ "X-Note": canary }),
  () => throwingProxy("ownKeys"),
  () => throwingProxy("getPrototypeOf"),
  () => Object.assign(() => canary, { "X-Note": canary }),
]);

/** One that throws when one of its values is read. */
export const throwingRecord: fc.Arbitrary<Specimen<never>> = fc.constant(
  refused("an object that throws", () => throwingAt({ note: canary, other: canary }, "note"), ".note"),
);

/** As many entries as that, each of them valid. */
export function crowded(count: number): Specimen<readonly Entry<string>[]> {
  const entries = Array.from({ length: count }, (_, index) => [`X-${index}`, canary] as const);
  return accepted(`${count} entries`, () => Object.fromEntries(entries), entries);
}
