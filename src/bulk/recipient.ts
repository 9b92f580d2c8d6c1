import { InvalidMessageError } from "../errors.ts";
import { readAddress } from "../message/addresses.ts";
import type { BatchRecipient } from "../message/batch.ts";
import { type NameAndValue, readHeaders } from "../message/headers.ts";
import { readMetadata } from "../message/labels.ts";
import type { AddressLike } from "../message/message.ts";
import { Place, Problems } from "../message/problems.ts";
import { readEntries, readFields } from "../message/reading.ts";
import { encodingFault, headerFault } from "../message/text.ts";
import { headerGiven, setsUnsubscribe } from "../message/unsubscribe.ts";
import type { CampaignContent } from "./content.ts";

/** One recipient of a campaign, who gets a mail that shows no other address. */
export interface BulkRecipient {
  /** One mailbox. */
  readonly to: AddressLike;
  /** What the placeholders of the message are filled with: `{ firstName: "Ada" }`. */
  readonly variables?: Readonly<Record<string, string | number>> | undefined;
  /** Beside the message's own; one of the same name replaces it. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Beside the message's own; one of the same name replaces it. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const fields = ["to", "variables", "metadata", "headers"] as const;

/** All that is ever read of a recipient. */
export function fieldsOf(recipient: unknown): readonly unknown[] {
  return fields.map((field) => Reflect.get(Object(recipient), field));
}

/**
 * The mail of one recipient.
 *
 * @throws {InvalidMessageError} with all faults, a variable that is missing above all
 */
export function readRecipient(recipient: unknown, id: string, content: CampaignContent): BatchRecipient {
  const problems = new Problems();
  const place = new Place(problems);
  const read = readFields(recipient, fields, place, "an object: { to, variables?, metadata?, headers? }");
  const to = readAddress(read?.to, place.key("to"));
  const variables = readVariables(read?.variables, place.key("variables"), content.names);
  const valueIn = (name: string): string => variables.get(name) ?? "";
  const filled = (list: CampaignContent["headers"]): NameAndValue[] =>
    list.map(([name, text]) => [name, text.fill(valueIn)]);
  const subject = content.subject.fill(valueIn);
  const ownHeaders = readHeaders(read?.headers, place.key("headers"));
  const ownMetadata = readMetadata(read?.metadata, place.key("metadata"));
  const headers = merged(filled(content.headers), ownHeaders, (name) => name.toLowerCase());
  const metadata = merged(filled(content.metadata), ownMetadata, (name) => name);
  if (content.subject.names.length > 0) checkLine(subject, place.key("subject"));
  checkLines(content.headers, headers, place.key("headers"));
  checkLines(content.metadata, metadata, place.key("metadata"));
  const unsubscribe = content.unsubscribe.fill(variables);
  if ("problem" in unsubscribe) place.key("unsubscribe").refuse(unsubscribe.problem);
  if (content.unsubscribe.source !== false && setsUnsubscribe(ownHeaders)) place.key("unsubscribe").refuse(headerGiven);
  const list = problems.list();
  if (list.length > 0 || to === undefined || "problem" in unsubscribe) throw new InvalidMessageError(id, list);
  return { id, to, variables, subject, headers: [...headers, ...unsubscribe.value], metadata };
}

function readVariables(value: unknown, place: Place, names: readonly string[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  const entries = value === undefined ? [] : readEntries(value, place, "an object of texts and numbers");
  for (const { key, value: given, place: at } of entries) {
    if (typeof given === "string") {
      const fault = encodingFault(given);
      if (fault !== undefined) at.refuse(fault);
    } else if (!(typeof given === "number" && Number.isFinite(given))) {
      // One that is there and undefined is as good as missing.
      if (given !== undefined) at.refuse("must be a string or a finite number");
      continue;
    }
    variables.set(key, String(given));
  }
  for (const name of names) {
    if (!variables.has(name)) place.key(name).refuse("is missing, and the message has a placeholder for it");
  }
  return variables;
}

/** Those that the recipient brings replace the message's own. */
function merged(
  common: readonly NameAndValue[],
  own: readonly NameAndValue[],
  keyOf: (name: string) => string,
): readonly NameAndValue[] {
  if (own.length === 0) return common;
  const replaced = new Set(own.map(([name]) => keyOf(name)));
  return [...common.filter(([name]) => !replaced.has(keyOf(name))), ...own];
}

/** What was filled with values must be as fit for a header as what was not. */
function checkLines(texts: CampaignContent["headers"], filled: readonly NameAndValue[], place: Place): void {
  if (texts.every(([, text]) => text.names.length === 0)) return;
  for (const [position, [name, value]] of filled.entries()) checkLine(value, place.key(name, position));
}

function checkLine(text: string, place: Place): void {
  const fault = headerFault(text, { tab: true });
  if (fault !== undefined) place.refuse(`${fault}, by a variable`);
}
