import type { Agent } from "node:http";
import { parseBaseUrl } from "../wire/base-url.ts";

/** What every adapter takes beside its credentials. */
export interface AdapterOptions<N extends string = string> {
  /** Name of this provider in receipts, errors and events: unique within a mailer. By default the ESP's. */
  readonly name?: N | undefined;
  /**
   * Root of the ESP's API, for a simulator, a gateway or a private endpoint. `https:`, or `http:` for loopback; without
   * credentials, query and fragment. It takes the place of `region`.
   */
  readonly baseUrl?: string | undefined;
  /**
   * An `https.Agent` of your own, for a proxy or a private CA. One that turns TLS verification off is refused except
   * for loopback.
   */
  readonly agent?: Agent | undefined;
}

/** The keys of `AdapterOptions`. */
export const adapterKeys: readonly (keyof AdapterOptions)[] = ["name", "baseUrl", "agent"];

/**
 * @param byDefault the name of the adapter
 * @throws TypeError if it is not a string that says something
 */
export function readName(value: unknown, byDefault: string): string {
  if (value === undefined) return byDefault;
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new TypeError(`${byDefault}: name must be a string that is not empty, but is ${kindOf(value)}`);
}

/** @throws TypeError that names the option, never its value */
export function readCredential(value: unknown, option: string, adapter: string): string {
  if (typeof value !== "string" || value === "") {
    const hint = value === undefined ? "; is the environment variable set?" : "";
    throw new TypeError(`${adapter}: ${option} must be a string that is not empty, but is ${kindOf(value)}${hint}`);
  }
  if (!/^[!-~]+$/.test(value)) {
    throw new TypeError(
      `${adapter}: ${option} holds a space, a line break or another character that no credential has; trim it`,
    );
  }
  return value;
}

/**
 * The root of the API: of `baseUrl` where it is given, else of the region.
 *
 * @throws TypeError for a wrong `baseUrl`; RangeError for an unknown region, with the known ones
 */
export function readBaseUrl<R extends string>(
  options: { readonly baseUrl?: string | undefined; readonly region?: R | undefined },
  byRegion: ReadonlyMap<string, string>,
  adapter: string,
): URL {
  if (options.baseUrl !== undefined) return parseBaseUrl(options.baseUrl, `${adapter}: baseUrl`);
  const [first] = byRegion.keys();
  const root = byRegion.get(options.region ?? first ?? "");
  if (root !== undefined) return new URL(root);
  const known = [...byRegion.keys()].map((region) => `"${region}"`).join(" or ");
  throw new RangeError(`${adapter}: region must be ${known}, but is ${JSON.stringify(options.region)}`);
}

/** The root as SDKs take it, which add a path to it. */
export function withoutSlash(root: URL): string {
  return root.href.replace(/\/$/, "");
}

/**
 * @param known the keys that exist; without it any may be given
 * @throws TypeError if the options as a whole are missing, or hold a key that does not exist
 */
export function requireOptions(value: unknown, factory: string, known?: readonly string[]): void {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`${factory}: options must be an object, but are ${kindOf(value)}`);
  }
  const unknown = known && Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new TypeError(`${factory}: ${JSON.stringify(unknown)} is no option; there are ${known?.join(", ")}`);
}

function kindOf(value: unknown): string {
  if (value === "") return "empty";
  return value === null || value === undefined ? String(value) : `of type ${typeof value}`;
}
