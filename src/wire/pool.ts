import type http from "node:http";
import type https from "node:https";
import type { Duplex } from "node:stream";
import { dropStale, markIdle } from "./idle.ts";
import type { Target } from "./target.ts";

/**
 * Connections to one host at a time; further requests wait for one to become free, inside their time limit. The same
 * number as the AWS SDK's, and far above what an ESP's rate limit lets through.
 */
const maxConnections = 50;
/** Closes connections that nobody came back for. What may be reused is decided by the clock, in `idle.ts`. */
const idleTimeout = 4_000;

/** Node's modules are loaded by the first request: an import of this package must cost next to nothing. */
const schemes = {
  "http:": { client: () => process.getBuiltinModule("node:http"), port: 80 },
  "https:": { client: () => process.getBuiltinModule("node:https"), port: 443 },
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
  request(target: Target, fresh: boolean, method: string, headers: readonly string[]): http.ClientRequest {
    const scheme = schemeOf(target);
    const { client, port: defaultPort } = schemes[scheme];
    const { hostname, port, path } = target;
    const agent = this.#foreign ?? this.#agentFor(scheme);
    dropStale(agent, fresh, agent !== this.#foreign);
    // No more than is needed: Node copies it into a slow object.
    const options: https.RequestOptions = { agent, method, headers, host: hostname, port: port || defaultPort, path };
    // Said outright, since an environment variable changes the default.
    if (scheme === "https:") options.rejectUnauthorized = true;
    return client().request(options);
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
    const agent = new (schemes[scheme].client().Agent)({
      keepAlive: true,
      maxSockets: maxConnections,
      scheduling: "lifo",
      timeout: idleTimeout,
    });
    this.#agents.set(scheme, agent);
    return agent;
  }
}

function schemeOf({ protocol }: Target): Scheme {
  if (protocol === "http:" || protocol === "https:") return protocol;
  throw new TypeError(`the URL must begin with https: or http:, not with ${protocol}`);
}
