import type { Problem } from "../errors.ts";
import { isPrintable } from "../printable.ts";

/** More would help nobody, and a hostile message could bring a million. */
const longestList = 100;

/** Collects the faults of one message. */
export class Problems {
  readonly #listed: Problem[] = [];
  #unlisted = 0;

  add(path: string, message: string): void {
    if (this.#listed.length < longestList) this.#listed.push(Object.freeze({ path, message }));
    else this.#unlisted += 1;
  }

  /** In the order found; the last entry says how many more there are, if not all are listed. */
  list(): readonly Problem[] {
    if (this.#unlisted === 0) return Object.freeze([...this.#listed]);
    const rest = { path: "message", message: `has ${this.#unlisted} further problems, which are not listed` };
    return Object.freeze([...this.#listed, Object.freeze(rest)]);
  }
}

/** A place in the message, such as `to[3]`, at which a fault can be reported. */
export class Place {
  readonly #problems: Problems;
  readonly #path: string;

  constructor(problems: Problems, path = "") {
    this.#problems = problems;
    this.#path = path;
  }

  /** The place of a property; a name that should not be shown is replaced by its position. */
  key(name: string, position = 0): Place {
    if (!isPrintable(name)) return this.item(position);
    return new Place(this.#problems, this.#path === "" ? name : `${this.#path}.${name}`);
  }

  item(index: number): Place {
    return new Place(this.#problems, `${this.#path || "message"}[${index}]`);
  }

  /** Reports what is wrong here. Gives `undefined`, to be returned in place of the value. */
  refuse(message: string): undefined {
    this.#problems.add(this.#path || "message", message);
    return undefined;
  }
}
