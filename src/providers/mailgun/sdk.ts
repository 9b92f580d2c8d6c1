import type Mailgun from "mailgun.js";
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

export async function loadMailgun(): Promise<Mailgun> {
  const { default: MailgunSdk } = await import("mailgun.js");
  return new MailgunSdk(FormData);
}

/** Has the SDK build the form; its request provider, which would send it, is replaced by the wire. */
export async function dispatch(
  sdk: Mailgun,
  fields: MailgunFields,
  { message, send }: Outgoing,
  { apiKey, domain, baseUrl }: MailgunAccount,
): Promise<unknown> {
  const data = asFields(withProviderOptions(fields, message.providerOptions));
  // One for each attempt: the provider is told of no context.
  const client = sdk.client({ username: "api", key: apiKey, url: withoutSlash(baseUrl) });
  const authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString("base64")}`;
  client.request.requestProvider = {
    async makeRequest(url, method, { data: form }: { data?: unknown }) {
      if (!(form instanceof FormData)) throw new Error("mailgun.js has changed: it gave no form to send");
      for (const name of emptyFields(data)) form.append(name, "");
      const { contentType, body } = await encodeForm(form);
      const headers = { Authorization: authorization, "Content-Type": contentType, "User-Agent": "mailgun.js" };
      const { status } = await send({ method, url: new URL(url), headers, body });
      return { status, body: {} };
    },
    setSubAccountHeader() {},
    resetSubAccountHeader() {},
  };
  // The type wants a body; an empty one is dropped.
  return client.messages.create(domain, { ...data, text: data.text ?? "" });
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
