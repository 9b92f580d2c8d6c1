import type { Place } from "./problems.ts";

/** A name that every ESP's own language of templates could take: it begins with a letter. */
const placeholder = /\{\{\s*([A-Za-z][A-Za-z0-9_]{0,63})\s*\}\}/g;

/**
 * A text with `{{placeholders}}`, taken apart once. What it is filled with is never looked at again, so nothing that a
 * value holds is expanded.
 */
export class MergeText {
  /** One more than there are placeholders. */
  readonly literals: readonly string[];
  /** The variable of each placeholder, in order; a variable may come twice. */
  readonly names: readonly string[];

  private constructor(literals: readonly string[], names: readonly string[]) {
    this.literals = literals;
    this.names = names;
  }

  /** Takes a text apart; reports what looks like a placeholder and is none, since it would be shown to the recipient. */
  static parse(text: string, place: Place): MergeText | undefined {
    const parts = text.split(placeholder);
    const literals = parts.filter((_, index) => index % 2 === 0);
    if (literals.some((literal) => literal.includes("{{"))) {
      return place.refuse('holds "{{" that begins no placeholder; one is written {{name}}, with letters, digits and _');
    }
    return new MergeText(
      literals,
      parts.filter((_, index) => index % 2 === 1),
    );
  }

  /** The text as it stands, whatever it holds. */
  static literal(text: string): MergeText {
    return new MergeText([text], []);
  }

  /** The text with a value for each placeholder, as the function gives it. */
  fill(valueIn: (name: string) => string): string {
    let filled = this.literals[0] ?? "";
    for (let i = 0; i < this.names.length; i++) filled += valueIn(this.names[i] ?? "") + (this.literals[i + 1] ?? "");
    return filled;
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A value as it stands in HTML, as text or inside a quoted attribute. */
export function escapeHtml(value: string): string {
  return /[&<>"']/.test(value) ? value.replace(/[&<>"']/g, (character) => entities[character] ?? "") : value;
}
