/** A list that has entries, or nothing, which JSON leaves out. */
export function filled<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
