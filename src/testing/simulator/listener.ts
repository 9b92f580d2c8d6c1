import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";

export interface ListenerOptions {
  readonly host: "127.0.0.1" | "::1";
  /** 0: any that is free. */
  readonly port: number;
  /** Whether a new connection is let in, or reset at once. */
  readonly admit: () => boolean;
  readonly connected: (stream: Duplex) => void;
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined;
}

/** For a client to end its side of a connection, in milliseconds. */
const timeToNotice = 200;

/**
 * The TCP side of a simulator: a port that can be closed and opened again, and connections that can be reset.
 *
 * TLS is put on top here rather than by node:https, since only the plain TCP socket under it can be reset.
 */
export class Listener {
  connections = 0;
  readonly #options: ListenerOptions;
  readonly #secureContext: tls.SecureContext | undefined;
  /** What an HTTP server reads from, and the TCP socket under it. */
  readonly #sockets = new Map<Duplex, net.Socket>();
  readonly #ending = new WeakSet<Duplex>();
  #server: net.Server | undefined;
  #wanted = false;
  #opening: Promise<void> | undefined;
  #port: number;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#secureContext = options.tls && tls.createSecureContext(options.tls);
  }

  /** Once it has been open; it stays the same. */
  get port(): number {
    return this.#port;
  }

  /** Resolves when the port is open, or was closed again meanwhile. */
  async open(): Promise<void> {
    this.#wanted = true;
    while (this.#wanted && !this.#server?.listening) {
      this.#opening ??= this.#listen().finally(() => {
        this.#opening = undefined;
      });
      await this.#opening;
    }
  }

  /** Closes the port at once; resolves when it is free and the last of its connections has ended. */
  async close(): Promise<void> {
    this.#wanted = false;
    const server = this.#server;
    this.#server = undefined;
    if (server?.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    await this.#opening?.catch(() => {});
  }

  /** Cuts off the connections that are chosen. */
  destroy(chosen: (stream: Duplex) => boolean): void {
    for (const [stream, socket] of this.#sockets) {
      if (!chosen(stream)) continue;
      stream.destroy();
      socket.destroy();
    }
  }

  /** Ends the connections that are chosen, in order; resolves when their clients have noticed, or do not care. */
  async end(chosen: (stream: Duplex) => boolean): Promise<void> {
    await Promise.all([...this.#sockets].filter(([stream]) => chosen(stream)).map((pair) => this.#end(...pair)));
  }

  async #end(stream: Duplex, socket: net.Socket): Promise<void> {
    this.#ending.add(stream);
    await new Promise<void>((resolve) => {
      const impatience = setTimeout(() => socket.destroy(), timeToNotice);
      socket.once("close", () => {
        clearTimeout(impatience);
        resolve();
      });
      stream.end();
    });
  }

  /** What still comes over it was sent before its client noticed. */
  isEnding(stream: Duplex): boolean {
    return this.#ending.has(stream);
  }

  reset(stream: Duplex): void {
    this.#sockets.get(stream)?.resetAndDestroy();
  }

  #listen(): Promise<void> {
    const server = net.createServer((socket) => this.#accept(socket));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: this.#options.host, port: this.#port }, () => {
        const address = server.address();
        if (address !== null && typeof address === "object") this.#port = address.port;
        if (this.#wanted) return resolve();
        server.close(() => resolve());
      });
    });
  }

  #accept(socket: net.Socket): void {
    this.connections += 1;
    socket.on("error", () => {});
    if (!this.#options.admit()) {
      socket.resetAndDestroy();
      return;
    }
    // Answers come in more than one write; without this the second waits for the client's delayed acknowledgement.
    socket.setNoDelay(true);
    const stream = this.#secured(socket);
    this.#sockets.set(stream, socket);
    socket.once("close", () => this.#sockets.delete(stream));
    this.#options.connected(stream);
  }

  #secured(socket: net.Socket): Duplex {
    if (!this.#secureContext) return socket;
    const stream = new tls.TLSSocket(socket, { isServer: true, secureContext: this.#secureContext });
    // A handshake that fails, or a peer that is gone: nothing to tell anybody.
    stream.on("error", () => {});
    return stream;
  }
}
