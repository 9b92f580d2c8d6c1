import { canary } from "./texts.ts";

/** Throws in words that nobody may repeat. */
export function boom(): never {
  throw new Error(canary);
}

/** A proxy whose traps of these names throw. */
export function throwingProxy(...traps: readonly (keyof ProxyHandler<object>)[]): object {
  return new Proxy({}, Object.fromEntries(traps.map((trap) => [trap, boom])));
}

export function revokedProxy(target: object = {}): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** An instance of a class, which is no object literal. */
export function entity(): object {
  class Entity {
    readonly note = canary;
  }
  return new Entity();
}

/** An object that has itself as a part, three steps down. */
export function cyclic(): object {
  const loop: Record<string, unknown> = { note: canary };
  loop.loop = [loop];
  return loop;
}
