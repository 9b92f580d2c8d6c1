import { type Candidate, isAsked } from "./letter.ts";

/** Where a message must be refused, and where it may be. */
export interface Faults {
  /** Paths; one with a star covers all below it. */
  readonly expected: readonly string[];
  readonly possible: readonly string[];
}

export function faultsOf({ parts, faults = [], defaults }: Candidate): Faults {
  const asked = Object.entries(defaults?.parts ?? {}).filter(([field]) => isAsked(field, parts));
  const placed = [...Object.entries(parts), ...asked.map(([field, part]) => [`defaults.${field}`, part] as const)];
  return {
    expected: [
      ...faults,
      ...placed.flatMap(([place, part]) =>
        part.faults === "somewhere" ? [`${place}*`] : part.faults.map((fault) => pathOf(place, fault)),
      ),
    ],
    possible: placed.filter(([, part]) => part.isOpen).map(([place]) => `${place}*`),
  };
}

/** A fault after a slash is one of the message as a whole. */
function pathOf(place: string, fault: string): string {
  return fault.startsWith("/") ? fault.slice(1) : `${place}${fault}`;
}

/** Whether a problem at this path tells of the fault. */
export function covers(fault: string, path: string): boolean {
  if (!fault.endsWith("*")) return fault === path;
  const place = fault.slice(0, -1);
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
}
