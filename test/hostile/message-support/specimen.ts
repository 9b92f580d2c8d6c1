import fc from "fast-check";

/** What the mailer must make of a value: what arrives at an ESP, or the places at which it is refused. */
export type Verdict<T> =
  | { readonly arrives: T }
  /** Places below the field: `[1]`, `.X-Note`, or nothing for the field itself. */
  | { readonly faults: readonly string[] }
  /** Refused at the field or anywhere below it. */
  | { readonly faults: "somewhere" }
  /** Accepted or refused; the other fields arrive as they are. */
  | "either";

/**
 * A value for one field, made anew for each send (streams are read once), with the verdict that follows from how it was
 * made. It prints as what it is, since what it makes may throw when it is printed.
 */
export class Specimen<T = unknown> {
  readonly what: string;
  readonly make: (watch: Watch) => unknown;
  readonly verdict: Verdict<T>;

  constructor(what: string, make: (watch: Watch) => unknown, verdict: Verdict<T>) {
    this.what = what;
    this.make = make;
    this.verdict = verdict;
  }

  /** What arrives of it; undefined where it is refused, and where nothing is what arrives. */
  get arrives(): T | undefined {
    return this.verdict !== "either" && "arrives" in this.verdict ? this.verdict.arrives : undefined;
  }

  /** Where it is refused; none where it is not, or where nobody can tell. */
  get faults(): readonly string[] | "somewhere" {
    return this.verdict !== "either" && "faults" in this.verdict ? this.verdict.faults : [];
  }

  get isOpen(): boolean {
    return this.verdict === "either";
  }

  get isAccepted(): boolean {
    return !this.isOpen && this.faults.length === 0;
  }

  /** The same value for something else, of which the part that arrives is made into another. */
  map<U>(change: (arrives: T) => U): Specimen<U> {
    const { what, make, verdict } = this;
    if (verdict === "either" || "faults" in verdict) return new Specimen(what, make, verdict);
    return new Specimen(what, make, { arrives: change(verdict.arrives) });
  }

  [fc.toStringMethod](): string {
    return this.what;
  }
}

export function accepted<T>(what: string, make: Specimen["make"], arrives: T): Specimen<T> {
  return new Specimen(what, make, { arrives });
}

export function refused(what: string, make: Specimen["make"], ...faults: readonly string[]): Specimen<never> {
  return new Specimen(what, make, { faults: faults.length === 0 ? [""] : faults });
}

/** One of several values that are refused, each made anew. */
export function anyRefused(what: string, makers: readonly (() => unknown)[]): fc.Arbitrary<Specimen<never>> {
  return fc
    .nat({ max: makers.length - 1 })
    .map((index) => refused(`${what}, number ${index}`, () => makers[index]?.()));
}

/** What has to be seen while a message is sent, and after. */
export class Watch {
  readonly #checks: (() => string | undefined)[] = [];
  /** Whether the message has a part that never ends. */
  endless = false;

  /** Looks after the send; a text that it gives is a complaint. */
  after(check: () => string | undefined): void {
    this.#checks.push(check);
  }

  complaints(): readonly string[] {
    return this.#checks.flatMap((check) => check() ?? []);
  }
}

/** Several values as the items of one list. */
export function listed<T>(items: readonly Specimen<T>[]): Verdict<readonly T[]> {
  return gathered(items.map((item, index) => [`[${index}]`, item]));
}

/** The verdict on several values together, each at its place. */
export function gathered<T>(parts: readonly (readonly [place: string, part: Specimen<T>])[]): Verdict<readonly T[]> {
  if (parts.some(([, part]) => part.isOpen)) return "either";
  const faults: string[] = [];
  for (const [place, part] of parts) {
    if (part.faults === "somewhere") return { faults: "somewhere" };
    faults.push(...part.faults.map((fault) => `${place}${fault}`));
  }
  if (faults.length > 0) return { faults };
  return {
    arrives: parts.flatMap(([, { verdict }]) =>
      verdict !== "either" && "arrives" in verdict ? [verdict.arrives] : [],
    ),
  };
}
