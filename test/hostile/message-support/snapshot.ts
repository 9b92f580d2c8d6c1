import { types } from "node:util";

const mostItems = 1_000;

/** What a caller's objects look like, without reading any of their getters; proxies watch themselves. */
export function snapshotOf(root: unknown): () => boolean {
  const seen = new Set<object>();
  const checks: (() => boolean)[] = [];
  const waiting: unknown[] = [root];
  for (let value = waiting.pop(); value !== undefined || waiting.length > 0; value = waiting.pop()) {
    if (typeof value !== "object" || value === null || seen.has(value) || types.isProxy(value)) continue;
    seen.add(value);
    if (types.isUint8Array(value)) checks.push(bytesOf(value));
    else if (isData(value)) checks.push(membersOf(value, waiting));
  }
  return () => checks.every((isUnchanged) => isUnchanged());
}

/** Streams, promises and the like change by being read. */
function isData(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function bytesOf(bytes: Uint8Array): () => boolean {
  if (bytes.length > 100_000) return () => true;
  const before = Buffer.from(bytes);
  return () => before.equals(bytes);
}

function membersOf(value: object, waiting: unknown[]): () => boolean {
  const before = describe(value);
  for (const [, , content] of before.members) waiting.push(content);
  return () => {
    const after = describe(value);
    return (
      after.prototype === before.prototype &&
      after.isExtensible === before.isExtensible &&
      after.members.length === before.members.length &&
      after.members.every((member, index) => before.members[index]?.every((part, at) => Object.is(part, member[at])))
    );
  };
}

function describe(value: object) {
  return {
    prototype: Object.getPrototypeOf(value),
    isExtensible: Object.isExtensible(value),
    members: keysOf(value).map((key) => {
      const { value: content, get, writable, enumerable } = Object.getOwnPropertyDescriptor(value, key) ?? {};
      return [key, get, content, writable, enumerable] as const;
    }),
  };
}

/** Of a long list, its beginning and its length. */
function keysOf(value: object): readonly PropertyKey[] {
  if (!Array.isArray(value) || value.length <= mostItems) return Reflect.ownKeys(value);
  return ["length", ...Array.from({ length: mostItems }, (_, index) => index)];
}
