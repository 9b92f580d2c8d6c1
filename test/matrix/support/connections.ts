import { subscribe, unsubscribe } from "node:diagnostics_channel";
import net from "node:net";

/** The TCP connections that a server of this process takes on one port, whoever that server is. */
export class Connections {
  readonly #port: number;
  readonly #made: net.Socket[] = [];

  constructor(port: number) {
    this.#port = port;
    subscribe("net.server.socket", this.#take);
  }

  get made(): number {
    return this.#made.length;
  }

  get open(): number {
    return this.#made.filter((socket) => !socket.destroyed).length;
  }

  /** Bytes that came over the newest, TLS included. */
  get bytesOfNewest(): number {
    return this.#made.at(-1)?.bytesRead ?? 0;
  }

  stop(): void {
    unsubscribe("net.server.socket", this.#take);
  }

  readonly #take = (message: unknown): void => {
    if (typeof message !== "object" || message === null || !("socket" in message)) return;
    const { socket } = message;
    if (socket instanceof net.Socket && portOf(socket) === this.#port) this.#made.push(socket);
  };
}

/** A socket that was reset as soon as it was taken does not know its port any more, but its server does. */
function portOf(socket: net.Socket): number | undefined {
  if (socket.localPort !== undefined) return socket.localPort;
  if (!("server" in socket) || !(socket.server instanceof net.Server)) return undefined;
  const address = socket.server.address();
  return address !== null && typeof address === "object" ? address.port : undefined;
}
