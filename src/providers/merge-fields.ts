import type { MergeText } from "../message/merge-text.ts";

/** What could be read as part of an ESP's own notation, so that it must not stand where it stands. */
export interface Misread {
  /** Anywhere in a literal. */
  readonly within?: RegExp;
  /** At the end of a literal, before a field. */
  readonly before?: RegExp;
  /** At the beginning of a literal, after a field. */
  readonly after?: RegExp;
}

/** A part of what a field is filled with: a text as it is, or the value of a variable. */
type Part = string | { readonly name: string };

/**
 * A text for an ESP that fills in the values itself. Each place that is filled holds one field, which the ESP sees; what
 * it could misread of the literals is filled in like the values.
 */
export class MergeFields {
  /** One more than there are places. */
  readonly #literals: readonly string[];
  /** The field of each place. */
  readonly #places: readonly number[];
  readonly #fields: readonly (readonly Part[])[];
  /** Whether it is empty where all values are. */
  readonly #isBare: boolean;

  constructor(text: MergeText, misread: Misread = {}) {
    const { literals, places } = apart(text, misread);
    const fields = new Map(places.map((parts) => [JSON.stringify(parts), parts]));
    const keys = [...fields.keys()];
    this.#literals = literals;
    this.#places = places.map((parts) => keys.indexOf(JSON.stringify(parts)));
    this.#fields = [...fields.values()];
    this.#isBare = text.literals.every((literal) => literal === "");
  }

  /** How many different fields there are. */
  get count(): number {
    return this.#fields.length;
  }

  /** The text with `notation` in each place; fields are numbered from 0. */
  text(notation: (field: number) => string): string {
    let text = this.#literals[0] ?? "";
    this.#places.forEach((field, place) => {
      text += notation(field) + (this.#literals[place + 1] ?? "");
    });
    return text;
  }

  /** What each field is filled with, in their order. */
  fill(valueIn: (name: string) => string): string[] {
    return this.#fields.map((parts) => {
      let filled = "";
      for (const part of parts) filled += typeof part === "string" ? part : valueIn(part.name);
      return filled;
    });
  }

  /** Whether nothing is left of the text for somebody with these values. */
  isEmptyFor(variables: ReadonlyMap<string, string>): boolean {
    return (
      this.#isBare &&
      this.#fields.every((parts) => parts.every((part) => typeof part !== "string" && !variables.get(part.name)))
    );
  }
}

/** Literals and fields in turn, with all that could be misread in the fields. */
function apart(text: MergeText, misread: Misread) {
  const literals = [""];
  const places: Part[][] = [];
  const fill = (part: Part) => {
    const last = places.at(-1);
    // Two fields side by side would be read as one by some.
    if (last && literals.at(-1) === "") last.push(part);
    else {
      places.push([part]);
      literals.push("");
    }
  };
  const write = (literal: string) => {
    literals[literals.length - 1] += literal;
  };
  text.literals.forEach((literal, index) => {
    const after = index > 0 ? misread.after : undefined;
    const before = index < text.names.length ? misread.before : undefined;
    const [leading, inner, trailing] = cut(literal, after, before);
    if (leading !== "") fill(leading);
    const { within } = misread;
    for (const [position, piece] of (within ? inner.split(within) : [inner]).entries()) {
      if (position % 2 === 0) write(piece);
      else fill(piece);
    }
    if (trailing !== "") fill(trailing);
    const name = text.names[index];
    if (name !== undefined) fill({ name });
  });
  return { literals, places };
}

/** What matches at the beginning, the rest, and what matches at the end. */
function cut(literal: string, after: RegExp | undefined, before: RegExp | undefined) {
  const leading = after?.exec(literal)?.[0] ?? "";
  const rest = literal.slice(leading.length);
  const trailing = before?.exec(rest)?.[0] ?? "";
  return [leading, rest.slice(0, rest.length - trailing.length), trailing] as const;
}
