import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";

export type Scheme = "http" | "https";
export const schemes: readonly Scheme[] = ["http", "https"];

export const cert = readFileSync(new URL("fixtures/cert.pem", import.meta.url), "utf8");
const key = readFileSync(new URL("fixtures/key.pem", import.meta.url), "utf8");

/** One connection as the server sees it. */
export interface Connection {
  /** Ready for HTTP: after the handshake where there is one. */
  readonly stream: net.Socket;
  /** Sends a TCP reset. */
  reset(): void;
  readonly tcp: net.Socket;
}

export interface Received {
  readonly head: string;
  readonly body: Buffer;
  readonly connection: Connection;
  /** From 1, over all connections. */
  readonly number: number;
}

export type Answer = (request: Received) => void;

interface Options {
  readonly scheme?: Scheme;
  readonly host?: string;
  /** Called with every request that came in whole. */
  readonly answer?: Answer;
  /** Instead of reading requests: called with every TCP connection, before any handshake. */
  readonly onTcp?: (socket: net.Socket) => void;
  /** Instead of reading requests: called with every connection that is ready for HTTP. */
  readonly onReady?: (connection: Connection) => void;
}

/** A server that speaks exactly the bytes a test tells it, and records what arrives. */
export class RawServer extends EventEmitter<{ change: [] }> {
  readonly tcp: net.Socket[] = [];
  readonly connections: Connection[] = [];
  readonly requests: Received[] = [];
  /** Bytes of HTTP that came in, whole requests or not. */
  bytes = 0;
  readonly #server: net.Server;
  readonly #options: Options;

  constructor(options: Options) {
    super();
    this.setMaxListeners(0);
    this.#options = options;
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.#options.host ?? "127.0.0.1");
    await once(this.#server, "listening");
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    return address.port;
  }

  get url(): URL {
    const host = this.#options.host ?? "127.0.0.1";
    return new URL(`${this.#options.scheme ?? "http"}://${net.isIPv6(host) ? `[${host}]` : host}:${this.port}/send`);
  }

  /** Resolves when the condition holds; it is looked at whenever something happens at the server. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this, "change");
  }

  get open(): number {
    return this.tcp.filter((socket) => !socket.destroyed).length;
  }

  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, "close") : undefined;
    this.#server.close();
    for (const socket of this.tcp) socket.destroy();
    await closed;
  }

  #accept(socket: net.Socket): void {
    this.tcp.push(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.emit("change"));
    this.emit("change");
    if (this.#options.onTcp) this.#options.onTcp(socket);
    else if (this.#options.scheme === "https") this.#handshake(socket);
    else this.#ready({ stream: socket, tcp: socket, reset: () => socket.resetAndDestroy() });
  }

  #handshake(socket: net.Socket): void {
    const stream = new tls.TLSSocket(socket, { isServer: true, key, cert });
    stream.on("error", () => {});
    stream.on("secure", () => this.#ready({ stream, tcp: socket, reset: () => socket.resetAndDestroy() }));
  }

  #ready(connection: Connection): void {
    this.connections.push(connection);
    this.emit("change");
    if (this.#options.onReady) this.#options.onReady(connection);
    else this.#read(connection);
  }

  #read(connection: Connection): void {
    let pending: Buffer = Buffer.alloc(0);
    const chunks: Buffer[] = [];
    connection.stream.on("data", (chunk) => {
      this.bytes += chunk.length;
      chunks.push(chunk);
      // Joined only when a whole request can be there, so that 10 MB are not copied again with every chunk.
      if (!mayBeWhole(pending, chunks)) return;
      pending = Buffer.concat([pending, ...chunks.splice(0)]);
      for (let request = cut(pending); request; request = cut(pending)) {
        pending = request.rest;
        const received = { ...request.parts, connection, number: this.requests.length + 1 };
        this.requests.push(received);
        this.emit("change");
        this.#options.answer?.(received);
      }
    });
  }
}

function mayBeWhole(pending: Buffer, chunks: readonly Buffer[]): boolean {
  const first = Buffer.concat([pending, chunks[0] ?? Buffer.alloc(0)]);
  const total = pending.length + chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const length = /content-length: (\d+)/i.exec(first.subarray(0, 20_000).toString("latin1"))?.[1];
  return total >= Number(length ?? 0);
}

function cut(bytes: Buffer): { parts: { head: string; body: Buffer }; rest: Buffer } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.subarray(0, end).toString("latin1");
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
  const start = end + 4;
  if (bytes.length < start + length) return undefined;
  return { parts: { head, body: bytes.subarray(start, start + length) }, rest: bytes.subarray(start + length) };
}

export async function startRawServer(options: Options = {}): Promise<RawServer> {
  const server = new RawServer(options);
  await server.listen();
  return server;
}

export const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** Answers every request with 200 and keeps the connection. */
export const answerOk: Answer = ({ connection }) => void connection.stream.write(ok);

/** An agent that trusts the servers here; for https only, since a wire needs none for http. */
export function trustingAgent(options: https.AgentOptions = {}): https.Agent {
  return new https.Agent({ ca: cert, keepAlive: true, ...options });
}

export function agentFor(scheme: Scheme, options: https.AgentOptions = {}): http.Agent {
  return scheme === "https" ? trustingAgent(options) : new http.Agent({ keepAlive: true, ...options });
}
