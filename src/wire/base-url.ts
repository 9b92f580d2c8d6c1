/**
 * The root of an ESP's API as the user gives it, checked.
 *
 * @param value absolute, `https:` (or `http:` for loopback); without credentials, query and fragment. A path is kept.
 * @param option its name, for the error
 * @throws TypeError that says what is wrong; it never repeats the value, which may hold credentials
 */
export function parseBaseUrl(value: string, option: string): URL {
  const url = parse(value, option);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new TypeError(`${option} must begin with https:, not with ${url.protocol}`);
  }
  if (url.username || url.password) {
    throw new TypeError(`${option} must not hold credentials; give them to the adapter as options of their own`);
  }
  if (url.search || url.hash) {
    throw new TypeError(`${option} must end after the path: it must not hold a query (?…) or a fragment (#…)`);
  }
  if (url.protocol === "http:" && !isLoopback(url)) {
    throw new TypeError(
      `${option} must begin with https:, since credentials would travel in clear to ${url.host}; http: is for loopback only`,
    );
  }
  return url;
}

function parse(value: string, option: string): URL {
  if (typeof value === "string" && URL.canParse(value)) return new URL(value);
  throw new TypeError(`${option} must be an absolute URL such as "https://api.example.com"`);
}

/** Whether the URL names this machine by `localhost`, an address in 127.0.0.0/8, or `::1`. */
export function isLoopback({ hostname }: URL): boolean {
  if (hostname === "localhost" || hostname === "[::1]") return true;
  // A URL has an IPv4 address in this form alone, however it was written.
  return /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
