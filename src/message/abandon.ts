import { types } from "node:util";

/** Listens to the promises of a message that nobody is going to read: a rejection must not end the process. */
export function abandon(message: unknown): void {
  for (const field of ["text", "html"]) {
    try {
      const content: unknown = Reflect.get(Object(message), field);
      if (types.isPromise(content)) Promise.prototype.then.call(content, undefined, () => {});
    } catch {}
  }
}
