import type Mailgun from "mailgun.js";
import type { WireResponse } from "../../wire/wire.ts";
import type { Outgoing } from "../attempt.ts";
import { withoutSlash } from "../options.ts";
import { withProviderOptions } from "../provider-options.ts";
import { encodeForm } from "./multipart.ts";
import type { MailgunFields } from "./request.ts";

export interface MailgunAccount {
  readonly apiKey: string;
  readonly domain: string;
  readonly baseUrl: URL;
}

export type MailgunSdk = Mailgun;

export async function loadMailgun(): Promise<MailgunSdk> {
  const { default: MailgunSdk } = await import("mailgun.js");
  return new MailgunSdk(FormData);
}

/** Has the SDK build the form. */
export async function dispatch(
  sdk: MailgunSdk,
  fields: MailgunFields,
  { message, send }: Outgoing,
  account: MailgunAccount,
): Promise<unknown> {
  return post(sdk, asFields(withProviderOptions(fields, message.providerOptions)), send, account);
}

/** Asks for the state of the domain. */
export async function askDomain(sdk: MailgunSdk, account: MailgunAccount, send: Outgoing["send"]): Promise<unknown> {
  const client = clientOf(sdk, account, (method, url, headers) => send({ method, url, headers, body: "" }));
  return client.domains.get(account.domain);
}

/** Asks for a message to nobody, from nobody, of nothing, as a test. */
export async function askWithoutRecipient(
  sdk: MailgunSdk,
  account: MailgunAccount,
  send: Outgoing["send"],
): Promise<unknown> {
  return post(sdk, { "o:testmode": "yes" }, send, account);
}

function post(sdk: MailgunSdk, data: MailgunFields, send: Outgoing["send"], account: MailgunAccount): Promise<unknown> {
  const client = clientOf(sdk, account, async (method, url, headers, form) => {
    if (!(form instanceof FormData)) throw new Error("mailgun.js has changed: it gave no form to send");
    for (const name of emptyFields(data)) form.append(name, "");
    const { contentType, body } = await encodeForm(form);
    return send({ method, url, headers: { ...headers, "Content-Type": contentType }, body });
  });
  // The type wants a body; an empty one is dropped.
  return client.messages.create(account.domain, { ...data, text: data.text ?? "" });
}

type SendBuilt = (
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  data: unknown,
) => Promise<WireResponse>;

/** A client for one request: its request provider, which would send it, is replaced, and is told of no context. */
function clientOf(sdk: MailgunSdk, { apiKey, baseUrl }: MailgunAccount, sendBuilt: SendBuilt) {
  const client = sdk.client({ username: "api", key: apiKey, url: withoutSlash(baseUrl) });
  const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString("base64")}`;
  client.request.requestProvider = {
    async makeRequest(url, method, { data }: { data?: unknown }) {
      const headers = { Authorization: authorization, "User-Agent": "mailgun.js" };
      const { status } = await sendBuilt(method, new URL(url), headers, data);
      return { status, body: {} };
    },
    setSubAccountHeader() {},
    resetSubAccountHeader() {},
  };
  return client;
}

/** The SDK takes nothing but texts and files; options may be given as what they stand for. */
function asFields(data: object): MailgunFields {
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, asField(value)]));
}

function asField(value: unknown): string | string[] | File[] | undefined {
  if (!Array.isArray(value)) return value === undefined ? undefined : asText(value);
  const files = value.filter((item) => item instanceof File);
  return files.length > 0 ? files : value.map(asText);
}

function asText(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value instanceof Date) return value.toUTCString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The SDK drops what is empty: a subject, a text, a value of the metadata. */
function emptyFields(data: MailgunFields): readonly string[] {
  return Object.keys(data).filter((name) => data[name] === "");
}
