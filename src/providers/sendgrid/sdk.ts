import type { WireRequest } from "../../wire/wire.ts";
import { isObject, type JsonObject } from "../answer-body.ts";
import { withoutSlash } from "../options.ts";
import { exportOf } from "../sdk-loader.ts";
import type { Way } from "../seam.ts";

/** What `@sendgrid/mail` is used for. */
export interface SendgridSdk {
  /** The request that the SDK's client makes for each mail of the account: the same one, but for the body. */
  readonly request: Omit<WireRequest, "body">;
  /** The request for what is at a path, which may have a query. */
  question(path: string): WireRequest;
}

export interface SendgridAccount {
  readonly apiKey: string;
  readonly baseUrl: URL;
}

interface MailService {
  /** A client of this service alone; the package's types do not show it. */
  readonly client?: unknown;
}

interface Client {
  setDefaultHeader(name: string, value: string): unknown;
  setDefaultRequest(name: string, value: string): unknown;
  createRequest(request: JsonObject): unknown;
}

/**
 * Its `send` is not used: it clones a mail by way of JSON, and renames its keys one by one, which takes longer than all
 * else that a send needs. What it would make of a mail is the body that the API documents.
 */
export async function loadSendgrid({ apiKey, baseUrl }: SendgridAccount): Promise<SendgridSdk> {
  const MailServiceClass = exportOf(await import("@sendgrid/mail"), "MailService", isServiceClass);
  const { client } = new MailServiceClass();
  if (!isClient(client)) throw new Error("@sendgrid/mail has changed: its MailService has no client as known");
  // Not setApiKey: it resets the base URL, and prints a warning for keys that look unusual.
  client.setDefaultHeader("Authorization", `Bearer ${apiKey}`);
  client.setDefaultRequest("baseUrl", withoutSlash(baseUrl));
  const request = (method: string, url: string) => wireRequest(client.createRequest({ method, url, headers: {} }));
  return {
    request: request("POST", "/v3/mail/send"),
    question: (path) => ({ ...request("GET", path), body: "" }),
  };
}

function isServiceClass(value: unknown): value is new () => MailService {
  return typeof value === "function" && isObject(value.prototype) && typeof value.prototype.setClient === "function";
}

export function dispatch({ request: { method, url, headers } }: SendgridSdk, mail: object, { send }: Way) {
  return send({ method, url, headers, body: JSON.stringify(mail) });
}

function wireRequest(built: unknown): SendgridSdk["request"] {
  const { method, baseURL, url, headers } = isObject(built) ? built : {};
  return Object.freeze({
    method: String(method),
    url: new URL(`${String(baseURL)}${String(url)}`),
    headers: Object.freeze(stringsIn(headers)),
  });
}

function stringsIn(headers: unknown): Record<string, string> {
  const strings: Record<string, string> = {};
  if (isObject(headers)) for (const name of Object.keys(headers)) strings[name] = `${headers[name]}`;
  return strings;
}

function isClient(value: unknown): value is Client {
  return (
    isObject(value) &&
    ["setDefaultHeader", "setDefaultRequest", "createRequest"].every((method) => typeof value[method] === "function")
  );
}
