import { isObject, type JsonObject } from "../answer-body.ts";
import type { Outgoing } from "../attempt.ts";
import { withoutSlash } from "../options.ts";
import { withProviderOptions } from "../provider-options.ts";
import { exportOf } from "../sdk-loader.ts";
import type { SendgridMail } from "./request.ts";

/** `MailService` of `@sendgrid/mail`: a class of its own, beside the singleton that the package exports. */
export interface SendgridSdk {
  newService(): MailService;
}

interface MailService {
  /** A client of this service alone; the package's types do not show it. */
  readonly client?: unknown;
  setClient(client: unknown): unknown;
  send(mail: object): Promise<unknown>;
}

interface Client {
  setDefaultHeader(name: string, value: string): unknown;
  setDefaultRequest(name: string, value: string): unknown;
  createRequest(request: JsonObject): unknown;
}

export async function loadSendgrid(): Promise<SendgridSdk> {
  const MailServiceClass = exportOf(await import("@sendgrid/mail"), "MailService", isServiceClass);
  return { newService: () => new MailServiceClass() };
}

function isServiceClass(value: unknown): value is new () => MailService {
  return typeof value === "function" && isObject(value.prototype) && typeof value.prototype.setClient === "function";
}

/** Has the SDK build its request; the client that would send it is replaced by the wire. */
export async function dispatch(
  sdk: SendgridSdk,
  mail: SendgridMail,
  { message, send }: Outgoing,
  { apiKey, baseUrl }: { readonly apiKey: string; readonly baseUrl: URL },
): Promise<unknown> {
  const service = sdk.newService();
  const { client } = service;
  if (!isClient(client)) throw new Error("@sendgrid/mail has changed: its MailService has no client as known");
  // Not setApiKey: it resets the base URL, and prints a warning for keys that look unusual.
  client.setDefaultHeader("Authorization", `Bearer ${apiKey}`);
  client.setDefaultRequest("baseUrl", withoutSlash(baseUrl));
  service.setClient({
    async request(request: JsonObject) {
      const body = isObject(request.body) ? request.body : {};
      const built = client.createRequest({ ...request, body: withProviderOptions(body, message.providerOptions) });
      const { status, headers } = await send(wireRequest(built));
      return [{ statusCode: status, headers, body: "" }, {}];
    },
  });
  return service.send(mail);
}

function wireRequest(built: unknown) {
  const { method, baseURL, url, headers, data } = isObject(built) ? built : {};
  return {
    method: String(method),
    url: new URL(`${String(baseURL)}${String(url)}`),
    headers: stringsIn(headers),
    body: JSON.stringify(data),
  };
}

function stringsIn(headers: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(isObject(headers) ? headers : {}).map(([name, value]) => [name, `${value}`]),
  );
}

function isClient(value: unknown): value is Client {
  return (
    isObject(value) &&
    ["setDefaultHeader", "setDefaultRequest", "createRequest"].every((method) => typeof value[method] === "function")
  );
}
