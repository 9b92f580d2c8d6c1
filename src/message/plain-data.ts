import { types } from "node:util";
import type { Place } from "./problems.ts";
import { guarded, isArray, isObject, readEntries, readList } from "./reading.ts";
import { encodingFault } from "./text.ts";

const deepest = 100;
/** Shared parts are copied at each place, so a small object could stand for a huge one. */
const mostValues = 100_000;

/** An object is copied as another value that stands for it, or kept whole as a leaf. */
type Representation = { readonly instead: unknown } | { readonly leaf: unknown };
type Represent = (value: object) => Representation;

/**
 * A frozen copy of what JSON can carry, so that later changes by the caller change nothing. As in JSON, `toJSON` is
 * honoured and an `undefined` property left out; what JSON would lose or change (a function, NaN, a Map) is refused.
 */
export function copyJson(value: unknown, place: Place): Readonly<Record<string, unknown>> {
  return new Copy(asJson).root(value, place);
}

/** A frozen copy of a provider's options: as JSON, with bytes, Blobs and Dates kept as what they are. */
export function copyOptions(value: unknown, place: Place): Readonly<Record<string, unknown>> {
  return new Copy(asOption).root(value, place);
}

const asJson: Represent = (value) => {
  const toJSON: unknown = Reflect.get(value, "toJSON");
  return { instead: typeof toJSON === "function" ? toJSON.call(value) : value };
};

const asOption: Represent = (value) => {
  if (types.isDate(value)) return { leaf: new Date(value) };
  if (types.isUint8Array(value)) return { leaf: new Uint8Array(value) };
  return value instanceof Blob ? { leaf: value } : { instead: value };
};

class Copy {
  readonly #represent: Represent;
  readonly #ancestors = new Set<object>();
  #values = 0;

  constructor(represent: Represent) {
    this.#represent = represent;
  }

  root(value: unknown, place: Place): Readonly<Record<string, unknown>> {
    if (isObject(value)) this.#ancestors.add(value);
    return this.#record(value, place);
  }

  #record(value: unknown, place: Place): Readonly<Record<string, unknown>> {
    const copy: Record<string, unknown> = {};
    for (const entry of readEntries(value, place, "a plain object")) {
      const part = this.#any(entry.value, entry.place);
      if (part !== undefined) copy[entry.key] = part;
    }
    return Object.freeze(copy);
  }

  /** As in JSON, a hole or an undefined item becomes null: leaving it out would shift the others. */
  #list(value: unknown, place: Place): readonly unknown[] {
    const items = readList(value, place, "an array") ?? [];
    return Object.freeze(items.map((item) => this.#any(item.value, item.place) ?? null));
  }

  #any(value: unknown, place: Place): unknown {
    this.#values += 1;
    if (this.#values === mostValues) place.refuse(`is one too many: at most ${mostValues} values are read`);
    if (this.#values >= mostValues) return undefined;
    if (!isObject(value)) return primitive(value, place);
    const representation = guarded(place, () => this.#represent(value));
    if (representation === undefined) return undefined;
    if ("leaf" in representation) return representation.leaf;
    const { instead } = representation;
    return isObject(instead) ? this.#container(instead, place) : primitive(instead, place);
  }

  #container(value: object, place: Place): unknown {
    if (this.#ancestors.has(value)) return place.refuse("refers back to an object that it is part of");
    if (this.#ancestors.size === deepest) return place.refuse(`is nested more than ${deepest} levels deep`);
    this.#ancestors.add(value);
    const copy = isArray(value) ? this.#list(value, place) : this.#record(value, place);
    this.#ancestors.delete(value);
    return copy;
  }
}

function primitive(value: unknown, place: Place): unknown {
  if (value === undefined || value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : place.refuse("is not a finite number");
  if (typeof value !== "string") return place.refuse(`is a ${typeof value}, which JSON cannot carry`);
  const fault = encodingFault(value);
  return fault === undefined ? value : place.refuse(fault);
}
