import type { ConnectionOptions } from "node:tls";
import { isLoopback } from "../../wire/base-url.ts";
import { readCredential, readName, requireOptions } from "../options.ts";

/** What of TLS can be set; the server's certificate and name are always verified. */
export interface SmtpTlsOptions
  extends Readonly<
    Pick<ConnectionOptions, "ca" | "cert" | "key" | "passphrase" | "servername" | "minVersion" | "ciphers">
  > {
  /** `false` for loopback alone: a server under test. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** Name and password, or name and an OAuth 2 token for XOAUTH2, which is asked for at each login. */
export type SmtpAuth =
  | { readonly user: string | undefined; readonly pass: string | undefined }
  | {
      readonly user: string | undefined;
      /** Asked for a token at each login. */
      readonly accessToken: () => string | Promise<string>;
    };

/** Options of `smtp`. */
export interface SmtpOptions<N extends string = "smtp"> {
  /** Name of this provider in receipts, errors and events: unique within a mailer. By default `"smtp"`. */
  readonly name?: N | undefined;
  /** Name or IP address of the server, as `"smtp.example.com"`. */
  readonly host: string | undefined;
  /** 1–65535; default 465 with `secure`, else 587. */
  readonly port?: number | undefined;
  /** TLS from the first byte (`true`), or by STARTTLS (`false`). Default `true` at port 465, else `false`. */
  readonly secure?: boolean | undefined;
  /** Default `true`: without TLS nothing is sent. `false` for loopback alone, where it means no TLS at all. */
  readonly requireTls?: boolean | undefined;
  /** `false` for a relay that knows you otherwise, as by your IP address. */
  readonly auth: SmtpAuth | false;
  /** Of the TLS connection, as `node:tls` has it. */
  readonly tls?: SmtpTlsOptions | undefined;
  /** What EHLO calls this machine; default its host name. */
  readonly clientName?: string | undefined;
  /**
   * Connections at a time, 1–50. Further attempts wait inside their time limit; `concurrency` of the route lets them wait
   * outside of it. Default 5.
   */
  readonly maxConnections?: number | undefined;
  /** Header that carries a tag to this ESP, once for each: `"X-PM-Tag"`. Without it, tags are `unsupported`. */
  readonly tagHeader?: string | undefined;
  /** Beginning of the headers that carry metadata to this ESP: `"X-PM-Metadata-"`. Without it, metadata is `unsupported`. */
  readonly metadataHeader?: string | undefined;
}

const keys: readonly (keyof SmtpOptions)[] = [
  "name",
  "host",
  "port",
  "secure",
  "requireTls",
  "auth",
  "tls",
  "clientName",
  "maxConnections",
  "tagHeader",
  "metadataHeader",
];

const tlsKeys: readonly (keyof SmtpTlsOptions)[] = [
  "ca",
  "cert",
  "key",
  "passphrase",
  "servername",
  "minVersion",
  "ciphers",
  "rejectUnauthorized",
];

/** The options, checked, with their defaults. */
export interface SmtpSettings {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** `none` on loopback alone. */
  readonly encryption: "from-start" | "starttls" | "none";
  readonly login: SmtpLogin | undefined;
  readonly tls: ConnectionOptions;
  readonly clientName: string | undefined;
  readonly maxConnections: number;
  readonly tagHeader: string | undefined;
  readonly metadataHeader: string | undefined;
}

export type SmtpLogin = { readonly user: string } & (
  | { readonly pass: string }
  | { readonly accessToken: () => string | Promise<string> }
);

/** @throws TypeError, RangeError that names the option; never the value of a credential */
export function readSettings(options: SmtpOptions<string>): SmtpSettings {
  requireOptions(options, "smtp", keys);
  const { tls = {} } = options;
  requireOptions(tls, "smtp: tls", tlsKeys);
  const host = readHost(options.host);
  const secure = readFlag(options.secure, "secure", options.port === 465);
  const requireTls = readFlag(options.requireTls, "requireTls", true);
  const verified = readFlag(tls.rejectUnauthorized, "tls.rejectUnauthorized", true);
  if (!(requireTls && verified) && !isLoopbackHost(host)) {
    const option = requireTls ? "tls.rejectUnauthorized" : "requireTls";
    throw new TypeError(
      `smtp: ${option} must not be false for ${host}, since credentials and mail would be open to others; that is for loopback only`,
    );
  }
  return {
    name: readName(options.name, "smtp"),
    host,
    port: readInteger(options.port ?? (secure ? 465 : 587), "port", 65_535),
    encryption: secure ? "from-start" : requireTls ? "starttls" : "none",
    login: readLogin(options.auth),
    // Said outright, since an environment variable changes the default.
    tls: { ...tls, rejectUnauthorized: verified },
    clientName: readToken(options.clientName, "clientName", /^[\w.:[\]-]{1,255}$/),
    maxConnections: readInteger(options.maxConnections ?? 5, "maxConnections", 50),
    tagHeader: readToken(options.tagHeader, "tagHeader", headerName),
    metadataHeader: readToken(options.metadataHeader, "metadataHeader", headerName),
  };
}

export const headerName = /^[\w-]{1,70}$/;

function readHost(host: unknown): string {
  if (typeof host === "string") {
    const isName = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i.test(host);
    if (isName || (host.includes(":") && URL.canParse(`https://[${host}]`))) return host;
  }
  throw new TypeError('smtp: host must be the name of a server, such as "smtp.example.com", or its IP address');
}

function isLoopbackHost(host: string): boolean {
  return isLoopback(new URL(`https://${host.includes(":") ? `[${host}]` : host}`));
}

function readFlag(value: unknown, option: string, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  if (typeof value === "boolean") return value;
  throw new TypeError(`smtp: ${option} must be true or false`);
}

function readInteger(value: unknown, option: string, most: number): number {
  if (typeof value !== "number") throw new TypeError(`smtp: ${option} must be a number`);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new RangeError(`smtp: ${option} must be an integer from 1 to ${most}, not ${value}`);
}

function readToken(value: unknown, option: string, shape: RegExp): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && shape.test(value)) return value;
  throw new TypeError(`smtp: ${option} holds a character that has no place there, or is empty or too long`);
}

function readLogin(auth: unknown): SmtpLogin | undefined {
  if (auth === false) return undefined;
  requireOptions(auth, "smtp: auth", ["user", "pass", "accessToken"]);
  const { user, pass, accessToken } = Object(auth);
  const name = readLoginText(user, "auth.user");
  if (typeof accessToken === "function" && pass === undefined) return { user: name, accessToken };
  if (accessToken !== undefined)
    throw new TypeError("smtp: auth.accessToken must be a function, and stand without pass");
  return { user: name, pass: readLoginText(pass, "auth.pass") };
}

/** A password may hold blanks (an app password of Google's does), but no end of a line. */
function readLoginText(value: unknown, option: string): string {
  if (typeof value !== "string" || value === "") return readCredential(value, option, "smtp");
  if (/\p{Cc}/u.test(value))
    throw new TypeError(`smtp: ${option} holds a line break or another control character; trim it`);
  return value;
}
