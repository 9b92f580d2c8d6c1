import http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import { dropStale, markIdle } from "./idle.ts";

/**
 * Connections to one host at a time; further requests wait for one to become free, inside their time limit. The same
 * number as the AWS SDK's, and far above what an ESP's rate limit lets through.
 */
const maxConnections = 50;
/** Closes connections that nobody came back for. What may be reused is decided by the clock, in `idle.ts`. */
const idleTimeout = 4_000;

const schemes = {
  "http:": { Agent: http.Agent, request: http.request, port: 80 },
  "https:": { Agent: https.Agent, request: https.request, port: 443 },
} as const;
type Scheme = keyof typeof schemes;

/** Keep-alive connections: in a pool of one's own, or in the user's agent where there is one. */
export class ConnectionPool {
  readonly #agents = new Map<Scheme, http.Agent>();
  readonly #foreign: http.Agent | undefined;
  #closed = false;

  constructor(foreign: http.Agent | undefined) {
    this.#foreign = foreign;
  }

  /** A request that has a connection, is getting one, or waits for one. Nothing is sent before its `end`. */
  request(url: URL, fresh: boolean, options: http.RequestOptions): http.ClientRequest {
    const scheme = schemeOf(url);
    const agent = this.#foreign ?? this.#agentFor(scheme);
    dropStale(agent, fresh);
    const target: https.RequestOptions = {
      ...options,
      agent,
      protocol: scheme,
      hostname: bare(url.hostname),
      port: url.port || schemes[scheme].port,
      path: `${url.pathname}${url.search}`,
      // Said outright, since an environment variable changes the default.
      rejectUnauthorized: true,
    };
    return schemes[scheme].request(target);
  }

  /** Called with a connection whose exchange has ended well. */
  release(socket: Duplex, keepAlive: string | undefined): void {
    if (this.#closed && !this.#foreign) socket.destroy();
    else markIdle(socket, keepAlive);
  }

  /** Connections in use are closed when they are released. An agent of the user's is the user's to close. */
  close(): void {
    this.#closed = true;
    for (const agent of this.#agents.values()) {
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    }
  }

  #agentFor(scheme: Scheme): http.Agent {
    const known = this.#agents.get(scheme);
    if (known) return known;
    const agent = new schemes[scheme].Agent({
      keepAlive: true,
      maxSockets: maxConnections,
      scheduling: "lifo",
      timeout: idleTimeout,
    });
    this.#agents.set(scheme, agent);
    return agent;
  }
}

function schemeOf({ protocol }: URL): Scheme {
  if (protocol === "http:" || protocol === "https:") return protocol;
  throw new TypeError(`the URL must begin with https: or http:, not with ${protocol}`);
}

/** Without the brackets of an IPv6 literal. */
function bare(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}
