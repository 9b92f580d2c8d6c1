/** A literal, or the name of a value. */
type Piece = string | { readonly name: string };

/**
 * What SES does with a template that comes with the request: simple substitutions in the notation of Handlebars. Nothing
 * is escaped; a backslash before `{{` takes its meaning away, two are one before a value.
 */
export class InlineTemplate {
  readonly #pieces: readonly Piece[];

  private constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** @returns "unsupported" for whatever is no simple substitution */
  static parse(text: string): InlineTemplate | "unsupported" {
    const pieces: Piece[] = [];
    let rest = text;
    for (;;) {
      const at = rest.indexOf("{{");
      if (at < 0) return new InlineTemplate([...pieces, rest]);
      const before = rest.slice(0, at);
      const isEscaped = before.endsWith("\\") && !before.endsWith("\\\\");
      if (isEscaped) {
        // Up to the next one, or its backslashes, all is text.
        const end = at + 2 + (/\\{0,2}\{\{/u.exec(rest.slice(at + 2))?.index ?? rest.length);
        pieces.push(before.slice(0, -1), rest.slice(at, end));
        rest = rest.slice(end);
        continue;
      }
      const [whole, raw, plain] =
        /^\{\{(?:\{\s*([\w-]+)\s*\}\}\}|\s*([\w-]+)\s*\}\}(?!\}))/u.exec(rest.slice(at)) ?? [];
      const name = raw ?? plain;
      if (whole === undefined || name === undefined) return "unsupported";
      pieces.push(before.endsWith("\\\\") ? before.slice(0, -1) : before, { name });
      rest = rest.slice(at + whole.length);
    }
  }

  /** The text with the values in place; nothing where one is missing, since SES does not send that. */
  render(values: Readonly<Record<string, unknown>>): string | undefined {
    let rendered = "";
    for (const piece of this.#pieces) {
      if (typeof piece !== "string" && !Object.hasOwn(values, piece.name)) return undefined;
      rendered += typeof piece === "string" ? piece : String(values[piece.name]);
    }
    return rendered;
  }
}
