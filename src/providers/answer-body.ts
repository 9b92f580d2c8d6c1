import type { WireResponse } from "../wire/wire.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The answer's body as text. */
export function bodyText({ body }: WireResponse): string {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return bytes.toString("utf8");
}

/** The answer's body if it is JSON. */
export function bodyJson(response: WireResponse): unknown {
  try {
    return JSON.parse(bodyText(response));
  } catch {
    return undefined;
  }
}

/** The answer's body if it is a JSON object; an ESP's own answers to a mail always are. */
export function bodyObject(response: WireResponse): JsonObject | undefined {
  const body = bodyJson(response);
  return isObject(body) ? body : undefined;
}

/** The objects in what should be an array of objects. */
export function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A string that says something, or nothing. */
export function wordIn(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * At most as long as a line of a mail, in which a Message-ID must have its place (RFC 5322 §2.1.1). No blank: headers of
 * one name are joined by one.
 */
const idShape = /^[^\s\p{Cc}\p{Cf}\p{Cs}]{1,998}$/u;

/** What may be an ESP's id of a message. */
export function idIn(value: unknown): string | undefined {
  return typeof value === "string" && idShape.test(value) ? value : undefined;
}
