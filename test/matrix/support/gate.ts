import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import type { Scheme } from "../../wire/raw-server.ts";
import { certificates, key, serverContext } from "./certificates.ts";
import { Relay, type RelayFault } from "./relay.ts";

/** What goes wrong between a client and an ESP that is well. */
export type GateFault =
  | RelayFault
  /** With each new connection, before any handshake. Those from before end in order first, and their clients know it. */
  | { readonly strikes: "connection"; readonly act: (tcp: net.Socket) => void }
  /** In the handshake of each new connection. Those from before end as above. */
  | { readonly strikes: "handshake"; readonly tls: tls.TLSSocketOptions & tls.SecureContextOptions }
  /** With a connection that has served a request and is kept. */
  | { readonly strikes: "kept connection"; readonly act: (relay: Relay) => Promise<void> };

/** The way to an ESP: it ends TLS where there is TLS, passes bytes on, and spoils them as a fault has it. */
export class Gate {
  readonly #scheme: Scheme;
  readonly #espPort: number;
  readonly #server = net.createServer({ noDelay: true }, (tcp) => this.#accept(tcp));
  readonly #relays: Relay[] = [];
  /** Those that met a fault before any handshake. */
  readonly #struck: net.Socket[] = [];
  #fault: GateFault | undefined;

  constructor(scheme: Scheme, espPort: number) {
    this.#scheme = scheme;
    this.#espPort = espPort;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the gate does not listen");
    return address.port;
  }

  /** Resolves when what was open before is as the fault needs it. */
  async begin(fault: GateFault): Promise<void> {
    const kept = this.#relays.filter(({ open }) => open);
    if (fault.strikes === "kept connection") await Promise.all(kept.map((relay) => fault.act(relay)));
    if (fault.strikes === "connection" || fault.strikes === "handshake") await Promise.all(kept.map(endInOrder));
    this.#fault = fault;
  }

  /** Passes everything on again; what was cut off is read to its end, so that the end is seen. */
  heal(): void {
    this.#fault = undefined;
    for (const { stream } of this.#relays) stream.resume();
    for (const tcp of this.#struck) tcp.resume();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const tcp of [...this.#struck, ...this.#relays.map((relay) => relay.tcp)]) tcp.destroy();
    await closed;
  }

  #accept(tcp: net.Socket): void {
    tcp.on("error", () => {});
    if (this.#fault?.strikes === "connection") {
      this.#struck.push(tcp);
      this.#fault.act(tcp);
      return;
    }
    const relayFault = () => (isRelayFault(this.#fault) ? this.#fault : undefined);
    this.#relays.push(new Relay(tcp, this.#secured(tcp), this.#espPort, relayFault));
  }

  #secured(tcp: net.Socket): net.Socket {
    if (this.#scheme === "http") return tcp;
    const given = this.#fault?.strikes === "handshake" ? this.#fault.tls : { secureContext: serverContext };
    return new tls.TLSSocket(tcp, { isServer: true, key, cert: certificates.good, ...given });
  }
}

function isRelayFault(fault: GateFault | undefined): fault is RelayFault {
  return fault?.strikes === "upload" || fault?.strikes === "answer";
}

/** Resolves when the client has ended its side too. */
export async function endInOrder({ stream, tcp }: Relay): Promise<void> {
  const closed = once(tcp, "close");
  stream.end();
  await closed;
}
