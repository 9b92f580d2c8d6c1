import type {
  SESv2Client,
  SESv2ClientConfig,
  SendBulkEmailCommandInput,
  SendEmailCommandInput,
} from "@aws-sdk/client-sesv2";
import type { Wire, WireRequest } from "../../wire/wire.ts";
import type { Outgoing } from "../attempt.ts";
import { withProviderOptions } from "../provider-options.ts";
import { withIdOfTheSend } from "./request.ts";

export interface SesSdk {
  send(input: SendEmailCommandInput, send: Outgoing["send"]): Promise<unknown>;
  sendBulk(input: SendBulkEmailCommandInput, send: Outgoing["send"]): Promise<unknown>;
  /** Asks what the account may. */
  account(send: Outgoing["send"]): Promise<unknown>;
  /** Asks for an address or a domain. */
  identity(identity: string, send: Outgoing["send"]): Promise<unknown>;
  close(): void;
}

/**
 * The way for an attempt's own `send`: a property of the input, which no schema of the SDK knows and which every step
 * of its middleware hands on.
 */
const sendOfAttempt = Symbol("send of the attempt");

/** By which `send` each request goes that the SDK hands to its request handler. */
type Routes = WeakMap<object, Outgoing["send"]>;

export async function loadSes(config: SESv2ClientConfig, wire: Wire): Promise<SesSdk> {
  const sdk = await import("@aws-sdk/client-sesv2");
  const { SESv2Client, SendBulkEmailCommand, SendEmailCommand } = sdk;
  const routes: Routes = new WeakMap();
  const newClient = (cacheMiddleware: boolean): SESv2Client => {
    const client: SESv2Client = new SESv2Client({
      ...config,
      // The SDK would repeat requests that may have been taken. Its mode is set so that the environment cannot.
      maxAttempts: 1,
      retryMode: "standard",
      requestHandler: requestHandler(wire, routes),
      cacheMiddleware,
    });
    client.middlewareStack.add(
      (next) => (args) => {
        const send: unknown = Reflect.get(args.input, sendOfAttempt);
        if ("request" in args && typeof args.request === "object" && args.request !== null && isSend(send)) {
          routes.set(args.request, send);
        }
        return next(args);
      },
      // The last before the request handler.
      { step: "deserialize", priority: "low", name: "steadymailRoute" },
    );
    return client;
  };
  // The SDK would build its chain of middleware anew for each send, which takes longer than all else that it does. What
  // that chain keeps is then common to all sends at a time, so that one which has an endpoint of its own needs its own.
  const client = newClient(true);
  let apart: SESv2Client | undefined;
  const clientOf = ({ EndpointId }: { readonly EndpointId?: string | undefined }): SESv2Client => {
    if (EndpointId === undefined) return client;
    apart ??= newClient(false);
    return apart;
  };
  return {
    send: (input, send) => clientOf(input).send(new SendEmailCommand({ ...input, ...{ [sendOfAttempt]: send } })),
    sendBulk: (input, send) =>
      clientOf(input).send(new SendBulkEmailCommand({ ...input, ...{ [sendOfAttempt]: send } })),
    account: (send) => client.send(new sdk.GetAccountCommand({ ...{ [sendOfAttempt]: send } })),
    identity: (EmailIdentity, send) =>
      client.send(new sdk.GetEmailIdentityCommand({ EmailIdentity, ...{ [sendOfAttempt]: send } })),
    close() {
      client.destroy();
      apart?.destroy();
    },
  };
}

/** Has the SDK build its request and hand it to the request handler. */
export async function dispatch(
  sdk: SesSdk,
  input: SendEmailCommandInput,
  { message, id, send }: Outgoing,
): Promise<unknown> {
  return sdk.send(withIdOfTheSend(withProviderOptions(input, message.providerOptions), id), send);
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

function requestHandler(wire: Wire, routes: Routes) {
  return {
    metadata: { handlerProtocol: "http/1.1" },
    async handle(request: SdkRequest) {
      const send = routes.get(request) ?? outsideOfAttempts(wire);
      const { status, headers, body } = await send(wireRequest(request));
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

/** Clients that the SDK makes for itself to get credentials (STS, SSO) share the handler. */
function outsideOfAttempts(wire: Wire): Outgoing["send"] {
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
