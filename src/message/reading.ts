import { nameOf } from "../printable.ts";
import type { Place } from "./problems.ts";
import { headerFault } from "./text.ts";

/** No list or record of a message can sensibly be longer; an array may claim any length. */
const mostEntries = 100_000;

/** A value of the caller's object with the place it was found at. */
export interface Found {
  readonly value: unknown;
  readonly place: Place;
}

/** A key of a record, its value, and its place. */
export interface Entry extends Found {
  readonly key: string;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** `Array.isArray`, which throws for a revoked proxy, made safe. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** An object literal, of whichever realm: data, not a Map, a Date or an instance of some class. */
function isPlainObject(value: unknown): value is object {
  if (!isObject(value) || isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Runs what touches the caller's objects, whose getters and proxies may throw. */
export function guarded<T>(place: Place, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    return unreadable(error, place);
  }
}

function unreadable(error: unknown, place: Place): undefined {
  return place.refuse(`could not be read (${nameOf(error)})`);
}

/**
 * Reads each of the known fields once; a field that is not known is refused, since it would be lost in silence.
 *
 * @returns the fields that are set, or `undefined` if the value is no object
 */
export function readFields<F extends string>(
  value: unknown,
  known: readonly F[],
  place: Place,
  expected: string,
): Partial<Record<F, unknown>> | undefined {
  const keys = guarded(place, () => {
    if (!isObject(value) || isArray(value)) return place.refuse(`must be ${expected}`);
    return Object.keys(value);
  });
  if (keys === undefined) return undefined;
  const names: readonly string[] = known;
  keys.forEach((key, position) => {
    if (!names.includes(key)) place.key(key, position).refuse(`is not a known field${suggestion(key, known)}`);
  });
  const fields: Partial<Record<F, unknown>> = {};
  for (const name of known) {
    const field = readField(value, name, place);
    if (field !== undefined) fields[name] = field;
  }
  return fields;
}

function readField(value: unknown, name: string, place: Place): unknown {
  try {
    return Reflect.get(Object(value), name);
  } catch (error) {
    return unreadable(error, place.key(name));
  }
}

/** `reply_to`, `replyto`: the same name in another spelling. */
function suggestion(key: string, known: readonly string[]): string {
  const plain = (name: string) => name.replace(/[_-]/g, "").toLowerCase();
  const meant = known.find((name) => plain(name) === plain(key));
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

/** Reads each item of an array once; reports anything else. */
export function readList(value: unknown, place: Place, expected: string): readonly Found[] | undefined {
  return guarded(place, () => {
    if (!isArray(value)) return place.refuse(`must be ${expected}`);
    const length = value.length;
    if (length > mostEntries) return place.refuse(`has ${length} entries; at most ${mostEntries} are read`);
    return Array.from({ length }, (_, index) => {
      const item = place.item(index);
      return { value: guarded<unknown>(item, () => value[index]), place: item };
    });
  });
}

/** Reads each entry of an object literal once; gives none, and a problem, for anything else. */
export function readEntries(value: unknown, place: Place, expected: string): readonly Entry[] {
  const keys = guarded(place, () => {
    if (!isPlainObject(value)) return place.refuse(`must be ${expected}`);
    return Object.keys(value);
  });
  if (keys === undefined) return [];
  if (keys.length > mostEntries) {
    place.refuse(`has ${keys.length} entries; at most ${mostEntries} are read`);
    return [];
  }
  return keys.flatMap((key, position) => {
    const entry = place.key(key, position);
    if (key === "__proto__") {
      entry.refuse("is not allowed as a name: an object that is built from it would change its prototype");
      return [];
    }
    return [{ key, place: entry, value: guarded<unknown>(entry, () => Reflect.get(Object(value), key)) }];
  });
}

/** A text that is fit for a header and not empty. */
export function readLabel(value: unknown, place: Place, expected = "a string"): string | undefined {
  if (typeof value !== "string") return place.refuse(`must be ${expected}`);
  if (value === "") return place.refuse("is empty");
  const fault = headerFault(value);
  return fault === undefined ? value : place.refuse(fault);
}
