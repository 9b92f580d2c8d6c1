import type { Client } from "node-mailjet";
import type { WireRequest } from "../../wire/wire.ts";
import { isObject } from "../answer-body.ts";
import type { Outgoing } from "../attempt.ts";
import { withoutSlash } from "../options.ts";
import { withProviderOptions } from "../provider-options.ts";
import { exportOf } from "../sdk-loader.ts";
import type { MailjetMessage } from "./request.ts";

/** What `node-mailjet` is used for. */
export interface MailjetSdk {
  /** The request that the SDK makes for all mails of the account: the same one, but for the body. */
  readonly request: Omit<WireRequest, "body">;
  /** The request for the entries of a resource of the REST API. */
  question(resource: string, params: Readonly<Record<string, unknown>>): Promise<WireRequest>;
}

export interface MailjetAccount {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly baseUrl: URL;
}

export async function loadMailjet({ apiKey, apiSecret, baseUrl }: MailjetAccount): Promise<MailjetSdk> {
  const ClientClass = exportOf(await import("node-mailjet"), "Client", isClientClass);
  const host = withoutSlash(baseUrl).slice(`${baseUrl.protocol}//`.length);
  const client = new ClientClass({ apiKey, apiSecret, config: { host } });
  const sending = client.post("send", { version: "v3.1" });
  // It builds its request without sending it, and puts the body into it as it is.
  const { url } = await sending.request({}, {}, false);
  // The scheme is a setting of the SDK for the whole process.
  const withScheme = (built: string) => new URL(built.replace(/^https?:/, baseUrl.protocol));
  const headers = Object.freeze({
    Authorization: `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString("base64")}`,
    "Content-Type": "application/json",
    "User-Agent": sending.getUserAgent(),
  });
  return {
    request: Object.freeze({ method: "POST", url: withScheme(url), headers }),
    async question(resource, params) {
      const built = await client.get(resource, { version: "v3" }).request({}, { ...params }, false);
      const asked = withScheme(built.url);
      for (const [name, value] of Object.entries(built.params)) asked.searchParams.set(name, String(value));
      return { method: "GET", url: asked, headers, body: "" };
    },
  };
}

function isClientClass(value: unknown): value is typeof Client {
  return typeof value === "function" && isObject(value.prototype) && typeof value.prototype.post === "function";
}

export function dispatch(
  { request: { method, url, headers } }: MailjetSdk,
  mails: readonly MailjetMessage[],
  { message, send }: Pick<Outgoing, "message" | "send">,
) {
  const Messages = mails.map((mail) => withProviderOptions(mail, message.providerOptions));
  return send({ method, url, headers, body: JSON.stringify({ Messages }) });
}
