import type { BatchRecipient } from "../message/batch.ts";

/** Bytes of one UTF-16 unit in JSON within JSON, as an escape or in an encoded word. */
const perUnit = 7;

/** The same of a value, once as it is and once escaped for HTML. */
const perUnitOfValue = 13;

/** Names, quotes and braces around one text. */
const aroundEach = 100;

/** Bytes that the values take in a request, or more: cheap, for those who are far below a limit. */
export function mostBytesOfValues({ variables }: BatchRecipient): number {
  let units = 0;
  for (const value of variables.values()) units += value.length;
  return perUnitOfValue * units + 2 * aroundEach * variables.size;
}

/** The same of all that is said of one recipient. */
export function mostBytesOf(recipient: BatchRecipient): number {
  const { to, subject, headers, metadata, id } = recipient;
  let units = 2 * to.address.length + (to.name?.length ?? 0) + subject.length + id.length;
  for (const [name, value] of headers) units += 2 * name.length + value.length;
  for (const [name, value] of metadata) units += 2 * name.length + value.length;
  return perUnit * units + aroundEach * (4 + headers.length + metadata.length) + mostBytesOfValues(recipient);
}

export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}
