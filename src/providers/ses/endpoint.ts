import type { SESv2ClientConfig } from "@aws-sdk/client-sesv2";
import { parseBaseUrl } from "../../wire/base-url.ts";

/** Stands for the endpoints of AWS, which the SDK finds by the region. */
export const anyRegion = new URL("https://email.amazonaws.com");

/** The endpoint in the options, if there is one; kinds of it that are no strings are left to the SDK. */
export function readEndpoint(baseUrl: string | undefined, endpoint: SESv2ClientConfig["endpoint"]): URL | undefined {
  if (baseUrl !== undefined && endpoint !== undefined) throw new TypeError("ses: give baseUrl or endpoint, not both");
  if (baseUrl !== undefined) return parseBaseUrl(baseUrl, "ses: baseUrl");
  return typeof endpoint === "string" ? parseBaseUrl(endpoint, "ses: endpoint") : undefined;
}
