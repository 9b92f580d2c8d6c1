import type { Failure } from "../../src/failure.ts";
import { isProviderError } from "../../src/failure.ts";
import type { PreparedMessage } from "../../src/message/message.ts";
import { mailgun } from "../../src/providers/mailgun/index.ts";
import { mailjet } from "../../src/providers/mailjet/index.ts";
import type { AttemptContext, Provider } from "../../src/providers/provider.ts";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { ses } from "../../src/providers/ses/index.ts";
import { formOf, type Reply, type SeenRequest } from "./esp-server.ts";

/** Credentials that stand out wherever they leak. */
export const canaries = {
  awsKey: "AKIACANARYCANARY0001",
  awsSecret: "canary-aws-secret/0123456789",
  awsToken: "canary-aws-token==",
  sendgrid: "SG.canary-sendgrid-key.0123456789",
  mailgun: "canary-mailgun-key",
  mailjetKey: "canary-mailjet-key",
  mailjetSecret: "canary-mailjet-secret",
} as const;

export interface EspCase {
  readonly name: string;
  create(baseUrl: string, name?: string): Provider;
  /** The ESP's receipt for the id. */
  accept(id: string): Reply;
  /** The id under which `accept("id-1")` is known afterwards. */
  readonly accepted: string;
  /** The `steadymail-id` of a request. */
  sendId(request: SeenRequest): Promise<unknown>;
}

const json = { "content-type": "application/json" };

export const esps: readonly EspCase[] = [
  {
    name: "ses",
    create: (baseUrl, name) =>
      ses({
        baseUrl,
        ...(name === undefined ? {} : { name }),
        region: "eu-west-1",
        credentials: {
          accessKeyId: canaries.awsKey,
          secretAccessKey: canaries.awsSecret,
          sessionToken: canaries.awsToken,
        },
      }),
    accept: (id) => ({ status: 200, headers: json, body: JSON.stringify({ MessageId: id }) }),
    accepted: "id-1",
    sendId: async ({ body }) =>
      JSON.parse(body.toString()).EmailTags.find((tag: { Name: string }) => tag.Name === "steadymail-id").Value,
  },
  {
    name: "sendgrid",
    create: (baseUrl, name) => sendgrid({ baseUrl, name, apiKey: canaries.sendgrid }),
    accept: (id) => ({ status: 202, headers: { "x-message-id": id } }),
    accepted: "id-1",
    sendId: async ({ body }) => JSON.parse(body.toString()).custom_args["steadymail-id"],
  },
  {
    name: "mailgun",
    create: (baseUrl, name) => mailgun({ baseUrl, name, apiKey: canaries.mailgun, domain: "mg.example.com" }),
    accept: (id) => ({
      status: 200,
      headers: json,
      body: JSON.stringify({ id: `<${id}@mg.example.com>`, message: "Queued. Thank you." }),
    }),
    accepted: "<id-1@mg.example.com>",
    sendId: async (request) => (await formOf(request)).get("v:steadymail-id"),
  },
  {
    name: "mailjet",
    create: (baseUrl, name) =>
      mailjet({ baseUrl, name, apiKey: canaries.mailjetKey, apiSecret: canaries.mailjetSecret }),
    accept: (id) => ({
      status: 200,
      headers: json,
      body: JSON.stringify({
        Messages: [{ Status: "success", To: [{ Email: "ada@example.org", MessageUUID: id, MessageID: 1 }] }],
      }),
    }),
    accepted: "id-1",
    sendId: async ({ body }) => JSON.parse(body.toString()).Messages[0].CustomID,
  },
];

/** The case of one ESP. */
export function espNamed(name: string): EspCase {
  const found = esps.find((esp) => esp.name === name);
  if (!found) throw new Error(`no ESP is called ${name}`);
  return found;
}

export function message(parts: Partial<PreparedMessage> = {}): PreparedMessage {
  return {
    from: { name: "Shop", address: "orders@example.com" },
    to: [{ address: "ada@example.org" }],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: "Your order",
    text: "Thank you",
    attachments: [],
    headers: [],
    tags: [],
    metadata: [],
    tracking: { opens: false, clicks: false },
    size: 9,
    ...parts,
  };
}

/** A message whose content is a template alone. */
export function templated(id: string, parts: Partial<PreparedMessage> = {}): PreparedMessage {
  const { text: _text, ...rest } = message({
    subject: "",
    template: { id, variables: { name: "Ada", items: [1, 2] } },
  });
  return { ...rest, ...parts };
}

/** A message with an html part alone. */
export function htmlOnly(html: string, parts: Partial<PreparedMessage> = {}): PreparedMessage {
  const { text: _text, ...rest } = message({ html });
  return { ...rest, ...parts };
}

export function context(parts: Partial<AttemptContext> = {}): AttemptContext {
  return { id: "send-1", signal: new AbortController().signal, timeout: 10_000, fresh: false, ...parts };
}

/** How a send failed. */
export async function failureOf(sending: Promise<unknown>): Promise<Failure> {
  const outcome = await sending.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in outcome) throw new Error("the send was accepted");
  if (!isProviderError(outcome.error)) throw outcome.error;
  return outcome.error.failure;
}
