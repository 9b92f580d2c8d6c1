import { SESv2Client, SendEmailCommand, type SendEmailCommandInput } from "@aws-sdk/client-sesv2";
import type { AdapterOptions, EspName } from "../../src/testing/index.ts";
import type { HttpRequest } from "./http-client.ts";

/** Requests that each simulated ESP accepts, without any SDK but for SES, where it signs. */

export async function sesRequest(
  { region, credentials, baseUrl }: AdapterOptions<"ses">,
  input: Partial<SendEmailCommandInput> = {},
): Promise<HttpRequest> {
  let built: HttpRequest | undefined;
  const client = new SESv2Client({
    region,
    credentials,
    endpoint: baseUrl,
    maxAttempts: 1,
    requestHandler: {
      handle(request: { method: string; path: string; headers: Record<string, string>; body: Uint8Array }) {
        built = {
          method: request.method,
          path: request.path,
          headers: request.headers,
          body: new TextDecoder().decode(request.body),
        };
        return Promise.reject(new Error("built, not sent"));
      },
    },
  });
  const simple: SendEmailCommandInput = {
    FromEmailAddress: "Shop <orders@example.com>",
    Destination: { ToAddresses: ["ada@example.org"] },
    Content: { Simple: { Subject: { Data: "Your order" }, Body: { Text: { Data: "It is on its way." } } } },
  };
  await client.send(new SendEmailCommand({ ...simple, ...input })).catch(() => {});
  if (!built) throw new Error("The SDK built no request");
  return built;
}

export function sendgridRequest({ apiKey }: AdapterOptions<"sendgrid">, members: object = {}): HttpRequest {
  const mail = {
    personalizations: [{ to: [{ email: "ada@example.org" }] }],
    from: { email: "orders@example.com", name: "Shop" },
    subject: "Your order",
    content: [{ type: "text/plain", value: "It is on its way." }],
  };
  return {
    method: "POST",
    path: "/v3/mail/send",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ ...mail, ...members }),
  };
}

export function mailgunRequest(
  { apiKey, domain }: AdapterOptions<"mailgun">,
  fields: readonly (readonly [string, string])[] = [],
): HttpRequest {
  const mail = [
    ["from", "Shop <orders@example.com>"],
    ["to", "ada@example.org"],
    ["subject", "Your order"],
    ["text", "It is on its way."],
  ] as const;
  const form = new URLSearchParams();
  for (const [name, value] of [...mail.filter(([name]) => !fields.some(([given]) => given === name)), ...fields]) {
    form.append(name, value);
  }
  return {
    method: "POST",
    path: `/v3/${domain}/messages`,
    headers: { authorization: basic("api", apiKey), "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  };
}

export function mailjetRequest(
  { apiKey, apiSecret }: AdapterOptions<"mailjet">,
  members: object = {},
  payload: object = {},
): HttpRequest {
  const message = {
    From: { Email: "orders@example.com", Name: "Shop" },
    To: [{ Email: "ada@example.org" }],
    Subject: "Your order",
    TextPart: "It is on its way.",
  };
  return {
    method: "POST",
    path: "/v3.1/send",
    headers: { authorization: basic(apiKey, apiSecret), "content-type": "application/json" },
    body: JSON.stringify({ Messages: [{ ...message, ...members }], ...payload }),
  };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** By ESP, for tests that are the same for all four. */
export const validRequest: {
  readonly [E in EspName]: (options: AdapterOptions<E>) => HttpRequest | Promise<HttpRequest>;
} = {
  ses: (options) => sesRequest(options),
  sendgrid: (options) => sendgridRequest(options),
  mailgun: (options) => mailgunRequest(options),
  mailjet: (options) => mailjetRequest(options),
};
