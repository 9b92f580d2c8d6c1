import type { Client } from "node-mailjet";
import { isObject } from "../answer-body.ts";
import type { Outgoing } from "../attempt.ts";
import { withoutSlash } from "../options.ts";
import { withProviderOptions } from "../provider-options.ts";
import { exportOf } from "../sdk-loader.ts";
import type { MailjetMessage } from "./request.ts";

export interface MailjetAccount {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly baseUrl: URL;
}

export interface MailjetSdk {
  newClient(account: MailjetAccount): Client;
}

export async function loadMailjet(): Promise<MailjetSdk> {
  const ClientClass = exportOf(await import("node-mailjet"), "Client", isClientClass);
  return {
    newClient({ apiKey, apiSecret, baseUrl }) {
      const host = withoutSlash(baseUrl).slice(`${baseUrl.protocol}//`.length);
      return new ClientClass({ apiKey, apiSecret, config: { host } });
    },
  };
}

function isClientClass(value: unknown): value is typeof Client {
  return typeof value === "function" && isObject(value.prototype) && typeof value.prototype.post === "function";
}

/** Has the SDK build its request, which it can do without sending it. */
export async function dispatch(
  sdk: MailjetSdk,
  mail: MailjetMessage,
  { message, send }: Outgoing,
  account: MailjetAccount,
): Promise<unknown> {
  const request = sdk.newClient(account).post("send", { version: "v3.1" });
  const Messages = [withProviderOptions(mail, message.providerOptions)];
  const { url, body } = await request.request({ Messages }, {}, false);
  const { apiKey, apiSecret } = request.getCredentials();
  return send({
    method: "POST",
    // The scheme is a setting of the SDK for the whole process.
    url: new URL(url.replace(/^https?:/, account.baseUrl.protocol)),
    headers: {
      Authorization: `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString("base64")}`,
      "Content-Type": "application/json",
      "User-Agent": request.getUserAgent(),
    },
    body: JSON.stringify(body),
  });
}
