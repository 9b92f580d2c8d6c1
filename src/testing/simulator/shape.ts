import { isObject } from "./json-value.ts";

/** The form that a JSON value must have. A closed object refuses members that it does not know. */
export type Shape =
  | "string"
  | "boolean"
  | "integer"
  | "any"
  | { readonly each: Shape }
  | { readonly every: Shape }
  | { readonly members: Readonly<Record<string, Shape>>; readonly required?: readonly string[]; readonly open?: true };

export const list = (each: Shape): Shape => ({ each });
/** An object of any names whose values have one form. */
export const map = (every: Shape): Shape => ({ every });
export const object = (members: Readonly<Record<string, Shape>>, ...required: readonly string[]): Shape => ({
  members,
  required,
});

/** Where a value does not have its form, and how. `path` has the names and indexes that lead there. */
export type Mismatch = { readonly path: readonly (string | number)[] } & (
  | { readonly kind: "type"; readonly expected: string; readonly given: string }
  | { readonly kind: "missing" | "unknown"; readonly name: string }
);

export function mismatches(value: unknown, shape: Shape, path: Mismatch["path"] = []): readonly Mismatch[] {
  if (shape === "any") return [];
  const expected = typeName(shape);
  const given = jsonType(value);
  if (given !== expected) return [{ path, kind: "type", expected, given }];
  if (typeof shape === "string") return [];
  if ("each" in shape && Array.isArray(value)) {
    return value.flatMap((item, index) => mismatches(item, shape.each, [...path, index]));
  }
  if (!isObject(value)) return [];
  if ("every" in shape) {
    return Object.entries(value).flatMap(([name, member]) => mismatches(member, shape.every, [...path, name]));
  }
  return "members" in shape ? memberMismatches(value, shape, path) : [];
}

function memberMismatches(
  value: Readonly<Record<string, unknown>>,
  { members, required = [], open }: Extract<Shape, { members: object }>,
  path: Mismatch["path"],
): readonly Mismatch[] {
  const present = Object.entries(value).filter(([, member]) => member !== null);
  const missing = required.filter((name) => !present.some(([given]) => given === name));
  return [
    ...missing.map((name) => ({ path, kind: "missing" as const, name })),
    ...present.flatMap(([name, member]): readonly Mismatch[] => {
      const shape = Object.hasOwn(members, name) ? members[name] : undefined;
      if (shape) return mismatches(member, shape, [...path, name]);
      return open ? [] : [{ path, kind: "unknown", name }];
    }),
  ];
}

function typeName(shape: Exclude<Shape, "any">): string {
  if (typeof shape === "string") return shape;
  return "each" in shape ? "array" : "object";
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}
