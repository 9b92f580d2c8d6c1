import type { NameAndValue } from "./headers.ts";
import type { Place } from "./problems.ts";
import { readEntries, readLabel, readList } from "./reading.ts";
import { headerFault } from "./text.ts";

/** The metadata under which every attempt carries the id of the send. */
export const idOfTheSend = "steadymail-id";

export function readTags(value: unknown, place: Place): readonly string[] {
  const found = value === undefined ? [] : readList(value, place, "an array of strings");
  return Object.freeze((found ?? []).flatMap((tag) => readLabel(tag.value, tag.place) ?? []));
}

/** Name and value of each entry, in order. */
export function readMetadata(value: unknown, place: Place): readonly NameAndValue[] {
  if (value === undefined) return [];
  return readEntries(value, place, "an object of strings").flatMap((entry) => {
    const value = readMetadatum(entry.key, entry.value, entry.place);
    return value === undefined ? [] : [Object.freeze([entry.key, value] as const)];
  });
}

function readMetadatum(name: string, value: unknown, place: Place): string | undefined {
  if (name === "") return place.refuse("has an empty name");
  if (name.toLowerCase() === idOfTheSend) return place.refuse("is set by the mailer; SendOptions.id gives it a value");
  const nameFault = headerFault(name);
  if (nameFault !== undefined) return place.refuse(`has a name that ${nameFault}`);
  if (typeof value !== "string") return place.refuse("must be a string");
  const fault = headerFault(value);
  return fault === undefined ? value : place.refuse(fault);
}
