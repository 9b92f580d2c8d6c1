/** Whether a foreign word may be shown: it is short, and its shape can hold neither an address nor a line break. */
export function isPrintable(word: string): boolean {
  return /^[\w$-]{1,64}$/.test(word);
}

/** A foreign value as an error may show it: a number or a short word as it is, of anything else only what it is. */
export function shown(value: unknown): string {
  if (typeof value === "string") return /^[\w$.:-]{0,64}$/.test(value) ? `"${value}"` : "another text";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "symbol" || typeof value === "function" ? `a ${typeof value}` : String(value);
}

/** What may be told of a foreign error: its code or its name, since its words may hold anything. */
export function nameOf(error: unknown): string {
  for (const property of ["code", "name"]) {
    const word = readWord(error, property);
    if (word !== undefined) return word;
  }
  return "an error without a name";
}

function readWord(error: unknown, property: string): string | undefined {
  try {
    const value: unknown = Object(error)[property];
    return typeof value === "string" && isPrintable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
