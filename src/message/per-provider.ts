import { copyJson, copyOptions } from "./plain-data.ts";
import type { Place } from "./problems.ts";
import { type Entry, readEntries, readFields, readLabel } from "./reading.ts";

/** A value for each provider that has one, by name; without a prototype, so that any name is safe to look up. */
export type ByProvider<T> = Readonly<Record<string, T>>;

export interface DraftTemplate {
  /** One id, where there is one provider, or an id by the provider's name. */
  readonly id: string | ByProvider<string>;
  readonly variables: Readonly<Record<string, unknown>>;
}

export function readTemplate(
  value: unknown,
  place: Place,
  providerNames: readonly string[],
): DraftTemplate | undefined {
  if (value === undefined) return undefined;
  const fields = readFields(value, ["id", "variables"], place, "an object: { id, variables? }");
  if (fields === undefined) return undefined;
  const id = readTemplateId(fields.id, place.key("id"), providerNames);
  const variables = copyJson(fields.variables ?? {}, place.key("variables"));
  return id === undefined ? undefined : Object.freeze({ id, variables });
}

function readTemplateId(
  value: unknown,
  place: Place,
  providerNames: readonly string[],
): string | ByProvider<string> | undefined {
  if (typeof value === "string") {
    if (providerNames.length === 1) return readLabel(value, place);
    return place.refuse("must be an object of ids by provider name, since ids differ between providers");
  }
  return readByProvider(value, place, providerNames, "a string, or an object of ids by provider name", (id) =>
    readLabel(id.value, id.place),
  );
}

export function readProviderOptions(
  value: unknown,
  place: Place,
  providerNames: readonly string[],
): ByProvider<Readonly<Record<string, unknown>>> {
  return readByProvider(value ?? {}, place, providerNames, "an object of options by provider name", (options) =>
    copyOptions(options.value, options.place),
  );
}

function readByProvider<T>(
  value: unknown,
  place: Place,
  providerNames: readonly string[],
  expected: string,
  read: (entry: Entry) => T | undefined,
): ByProvider<T> {
  const found: Record<string, T> = Object.create(null);
  for (const entry of readEntries(value, place, expected)) {
    if (!providerNames.includes(entry.key)) {
      entry.place.refuse("is not the name of a provider of this mailer");
      continue;
    }
    const result = entry.value === undefined ? undefined : read(entry);
    if (result !== undefined) found[entry.key] = result;
  }
  return Object.freeze(found);
}
