import fc from "fast-check";
import type { Watch } from "./specimen.ts";
import { canary } from "./texts.ts";

/** What a property says to everyone who asks twice. */
const poison = `${canary}\r\nBcc: eve@example.net`;

type Values = Readonly<Record<string, unknown>>;

/** One way in which an object can hold its values. Read once, each of them gives the values as they are. */
export type Presentation = (values: Values, watch: Watch) => object;

/** As `Object.entries`, in which `__proto__` is a name as any other. */
export function own(values: Values): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values));
}

/** Tells of every attempt to change an object. */
function guardedBy<T extends object>(watch: Watch): ProxyHandler<T> {
  let changes = 0;
  watch.after(() => (changes > 0 ? "the caller's object was changed" : undefined));
  const change = () => {
    changes += 1;
    return true;
  };
  return {
    set: change,
    defineProperty: change,
    deleteProperty: change,
    setPrototypeOf: change,
    preventExtensions: () => {
      changes += 1;
      return false;
    },
  };
}

function flippingProxy<T extends object>(target: T, watch: Watch): T {
  const asked = new Set<string | symbol>();
  return new Proxy(target, {
    ...guardedBy<T>(watch),
    get(object, key) {
      if (!Object.hasOwn(object, key) || key === "length") return Reflect.get(object, key);
      if (asked.has(key)) return poison;
      asked.add(key);
      return Reflect.get(object, key);
    },
  });
}

function flippingGetters(values: Values, watch: Watch, holder: object = {}): object {
  for (const [key, value] of Object.entries(values)) {
    let asked = 0;
    Object.defineProperty(holder, key, {
      enumerable: true,
      configurable: true,
      get: () => {
        asked += 1;
        return asked === 1 ? value : poison;
      },
    });
    watch.after(() => (asked > 1 ? `${key} was read ${asked} times` : undefined));
  }
  return holder;
}

/** Object literals, which are data wherever they come from. */
export const literals: Readonly<Record<string, Presentation>> = {
  plain: own,
  "without a prototype": (values) => Object.setPrototypeOf(own(values), null),
  frozen: (values) => Object.freeze(own(values)),
  "of getters that lie when they are asked again": flippingGetters,
  "behind a proxy that lies when it is asked again": (values, watch) => flippingProxy(own(values), watch),
};

/** Any object that has the properties will do where the names of its fields are known. */
export const objects: Readonly<Record<string, Presentation>> = {
  ...literals,
  "an instance of a class with getters": (values, watch) => {
    class Entity {}
    flippingGetters(values, watch, Entity.prototype);
    return new Entity();
  },
  "inheriting from another": (values) => Object.create(own(values)),
  "with symbols beside its names": (values) => ({ ...values, [Symbol(canary)]: poison }),
};

/** One that throws when one of its values is read. */
export function throwingAt(values: Values, name: string): object {
  return Object.defineProperty(own(values), name, {
    enumerable: true,
    get() {
      throw new SyntaxError(`${canary} is what I say`);
    },
  });
}

export type ListPresentation = (items: readonly unknown[], watch: Watch) => readonly unknown[];

export const lists: Readonly<Record<string, ListPresentation>> = {
  plain: (items) => [...items],
  frozen: (items) => Object.freeze([...items]),
  "behind a proxy that lies when it is asked again": (items, watch) => flippingProxy([...items], watch),
  "with a method of its own": (items) =>
    Object.assign([...items], { map: () => [poison], [Symbol.iterator]: () => [poison][Symbol.iterator]() }),
};

/** Mostly the first, which is what everybody writes. */
export function oneOf<T>(kinds: Readonly<Record<string, T>>): fc.Arbitrary<readonly [name: string, kind: T]> {
  const [first, ...others] = Object.entries(kinds).map(([name, kind]) =>
    Object.assign([name, kind] as const, { [fc.toStringMethod]: () => name }),
  );
  if (first === undefined) throw new Error("there is nothing to choose from");
  return fc.oneof({ weight: 2, arbitrary: fc.constant(first) }, fc.constantFrom(first, ...others));
}
