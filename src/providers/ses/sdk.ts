import type { SESv2Client, SESv2ClientConfig, SendEmailCommandInput } from "@aws-sdk/client-sesv2";
import type { Wire, WireRequest } from "../../wire/wire.ts";
import type { Outgoing } from "../attempt.ts";
import { withProviderOptions } from "../provider-options.ts";
import { withIdOfTheSend } from "./request.ts";

export interface SesSdk {
  send(input: SendEmailCommandInput, way: Pick<Outgoing, "send" | "signal">): Promise<unknown>;
  close(): void;
}

/** The options of one call reach the request handler as they are: the way for an attempt's own `send`. */
const sendOfAttempt = Symbol("send of the attempt");

export async function loadSes(config: SESv2ClientConfig, wire: Wire): Promise<SesSdk> {
  const { SESv2Client, SendEmailCommand } = await import("@aws-sdk/client-sesv2");
  const client: SESv2Client = new SESv2Client({
    ...config,
    // The SDK would repeat requests that may have been taken. Its mode is set so that the environment cannot.
    maxAttempts: 1,
    retryMode: "standard",
    requestHandler: requestHandler(wire),
  });
  return {
    send(input, { send, signal }) {
      const options = { abortSignal: signal, [sendOfAttempt]: send };
      return client.send(new SendEmailCommand(input), options);
    },
    close: () => client.destroy(),
  };
}

/** Has the SDK build its request and hand it to the request handler. */
export async function dispatch(
  sdk: SesSdk,
  input: SendEmailCommandInput,
  { message, id, send, signal }: Outgoing,
): Promise<unknown> {
  return sdk.send(withIdOfTheSend(withProviderOptions(input, message.providerOptions), id), { send, signal });
}

/** The part of the SDK's request that matters here. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

function requestHandler(wire: Wire) {
  return {
    metadata: { handlerProtocol: "http/1.1" },
    async handle(request: SdkRequest, options?: object) {
      const { status, headers, body } = await sendBy(wire, options)(wireRequest(request));
      return { response: { statusCode: status, headers: withPlausibleDate(headers), body } };
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

/** A clock further off than this is no skew. */
const longestSkew = 24 * 60 * 60 * 1_000;

/** The SDK corrects its clock by the date of each answer, and would never sign again after one that is no date of today. */
function withPlausibleDate(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { date, ...others } = headers;
  const isPlausible = date !== undefined && Math.abs(Date.parse(date) - Date.now()) <= longestSkew;
  return isPlausible ? { ...others, date } : others;
}

/** Clients that the SDK makes for itself to get credentials (STS, SSO) share the handler, outside of any attempt. */
function sendBy(wire: Wire, options: object | undefined): Outgoing["send"] {
  const send = options && sendOfAttempt in options ? options[sendOfAttempt] : undefined;
  if (isSend(send)) return send;
  const limits = { signal: new AbortController().signal, timeout: 10_000, fresh: false };
  return (request) => wire.request(request, limits);
}

function isSend(value: unknown): value is Outgoing["send"] {
  return typeof value === "function";
}

function wireRequest({ method, protocol, hostname, port, path, query, headers, body }: SdkRequest): WireRequest {
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  return { method, url: new URL(`${protocol}//${host}${path}${queryString(query)}`), headers, body: bytesOf(body) };
}

function queryString(query: SdkRequest["query"]): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, values]) =>
    [values]
      .flat()
      .map((value) => (value === null ? escapeUri(name) : `${escapeUri(name)}=${escapeUri(String(value))}`)),
  );
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}

/** As the SDK's signature expects it (RFC 3986 §2.3). */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function bytesOf(body: unknown): Uint8Array | string {
  if (body === undefined || body === null) return "";
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  throw new Error("@aws-sdk/client-sesv2 has changed: it gave a body that is neither text nor bytes");
}
