import type { Target } from "./target.ts";
import type { WireRequest } from "./wire.ts";

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

/** Names and values in turn: Node writes them as they are, where it would look at each of an object several times. */
export function requestHeaders(
  { method, headers }: Pick<WireRequest, "method" | "headers">,
  target: Target,
  bodyLength: number,
): string[] {
  const list = headersFor(target, headers);
  const hasBody = bodyLength > 0 || (method !== "GET" && method !== "HEAD");
  return hasBody ? list.concat("content-length", String(bodyLength)) : list;
}

interface Prepared {
  readonly host: string;
  readonly list: string[];
}

/** By headers that cannot change: those of an adapter that sends the same with each request. */
const preparedHeaders = new WeakMap<WireRequest["headers"], Prepared>();

/** All but those that depend on the body. */
function headersFor({ host }: Target, headers: WireRequest["headers"]): string[] {
  const known = preparedHeaders.get(headers);
  if (known?.host === host) return known.list;
  const list: string[] = [];
  let namesHost = false;
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (ofTheWire.has(key)) continue;
    namesHost ||= key === "host";
    list.push(name, value);
  }
  if (!namesHost) list.push("Host", host);
  list.push("accept-encoding", "identity");
  if (Object.isFrozen(headers)) preparedHeaders.set(headers, { host, list });
  return list;
}

/** The name of the first header whose value HTTP does not allow, such as a key that ends with a line break. */
export function illegalHeader(headers: readonly string[]): string | undefined {
  return headers.find((name, index) => index % 2 === 0 && !isLegal(name, headers[index + 1]));
}

function isLegal(name: string, value: string | undefined): boolean {
  try {
    process.getBuiltinModule("node:http").validateHeaderValue(name, value ?? "");
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
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? "";
    const value = raw[i + 1] ?? "";
    const joined = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
    // An assignment would change the prototype.
    if (name === "__proto__")
      Object.defineProperty(headers, name, { value: joined, enumerable: true, writable: true, configurable: true });
    else headers[name] = joined;
  }
  return headers;
}
