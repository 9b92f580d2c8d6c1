/** Whether a foreign word may be shown: it is short, and its shape can hold neither an address nor a line break. */
export function isPrintable(word: string): boolean {
  return /^[\w$-]{1,64}$/.test(word);
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
