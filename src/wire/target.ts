import { isLoopback } from "./base-url.ts";

/** Where a request goes: its URL taken apart. */
export interface Target {
  readonly href: string;
  readonly protocol: string;
  /** With the port where it is not the scheme's own. */
  readonly host: string;
  /** Without the brackets of an IPv6 literal. */
  readonly hostname: string;
  /** Empty where it is the scheme's own. */
  readonly port: string;
  /** With the query. */
  readonly path: string;
  readonly isLoopback: boolean;
}

/** Takes URLs apart, the same one in a row only once: each of its parts is cut out of its text anew when it is read. */
export class Targets {
  #last: Target | undefined;

  of(url: URL): Target {
    if (this.#last?.href === url.href) return this.#last;
    const { href, protocol, host, hostname, port, pathname, search } = url;
    const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
    const path = `${pathname}${search}`;
    this.#last = { href, protocol, host, hostname: bare, port, path, isLoopback: isLoopback(url) };
    return this.#last;
  }
}
