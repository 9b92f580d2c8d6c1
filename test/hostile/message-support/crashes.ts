import { afterAll, beforeAll } from "vitest";

const shared = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Promise.prototype,
  Map.prototype,
];

/** What went wrong outside of any promise that a test awaits, and what was done to the prototypes of all objects. */
export class Crashes {
  readonly #seen: string[] = [];
  readonly #prototypes = shared.map((prototype) => Reflect.ownKeys(prototype).length);

  readonly #rejected = () => void this.#seen.push("a rejection was left unhandled");
  readonly #thrown = () => void this.#seen.push("an exception was left uncaught");

  constructor() {
    beforeAll(() => {
      process.on("unhandledRejection", this.#rejected);
      process.on("uncaughtException", this.#thrown);
    });
    afterAll(() => {
      process.off("unhandledRejection", this.#rejected);
      process.off("uncaughtException", this.#thrown);
    });
  }

  /** Since the last call. */
  taken(): readonly string[] {
    const polluted = shared.some((prototype, index) => Reflect.ownKeys(prototype).length !== this.#prototypes[index]);
    return [...this.#seen.splice(0), ...(polluted ? ["a prototype was polluted"] : [])];
  }
}
