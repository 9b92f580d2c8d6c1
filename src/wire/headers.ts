import { validateHeaderValue } from "node:http";

/** What the wire decides by itself: framing, connection handling, and that answers come uncompressed. */
const ofTheWire = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export function requestHeaders(
  method: string,
  headers: Readonly<Record<string, string>>,
  bodyLength: number,
): Record<string, string> {
  const hasBody = bodyLength > 0 || (method !== "GET" && method !== "HEAD");
  return {
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => !ofTheWire.has(name.toLowerCase()))),
    "accept-encoding": "identity",
    ...(hasBody ? { "content-length": String(bodyLength) } : {}),
  };
}

/** The name of the first header whose value HTTP does not allow, such as a key that ends with a line break. */
export function illegalHeader(headers: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(headers).find((name) => !isLegal(name, headers[name]));
}

function isLegal(name: string, value: string | undefined): boolean {
  try {
    validateHeaderValue(name, value ?? "");
    return true;
  } catch {
    return false;
  }
}

/**
 * Names in lower case, repeated headers joined by ", ".
 *
 * @param raw names and values in turn, as `rawHeaders` of Node has them: `headers` drops repeated ones
 */
export function responseHeaders(raw: readonly string[]): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? "";
    const value = raw[i + 1] ?? "";
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return Object.fromEntries(headers);
}
