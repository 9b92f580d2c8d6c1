import net from "node:net";
import { type Answer, readAnswer } from "./answer.ts";

/** What a relay does to requests and answers, instead of passing them on. */
export type RelayFault =
  /** When the first bytes of a request, its head among them, have been passed on; the rest never is. */
  | { readonly strikes: "upload"; readonly act: (relay: Relay) => void }
  /** When the ESP has taken the request and given its answer; `act` gives another. */
  | { readonly strikes: "answer"; readonly act: (answer: Answer, relay: Relay) => void };

/** A client's connection, and one of its own to the ESP behind. Once there is a fault, bytes go as that has it. */
export class Relay {
  /** What the client's HTTP goes over: TLS, or the TCP connection itself. */
  readonly stream: net.Socket;
  readonly tcp: net.Socket;
  readonly #esp: net.Socket;
  readonly #fault: () => RelayFault | undefined;
  /** What the ESP said last. */
  lastWords: Buffer = Buffer.alloc(0);
  #answer: Buffer = Buffer.alloc(0);
  #cutOff = false;

  constructor(tcp: net.Socket, stream: net.Socket, espPort: number, fault: () => RelayFault | undefined) {
    this.stream = stream;
    this.tcp = tcp;
    this.#fault = fault;
    this.#esp = net.connect({ port: espPort, host: "127.0.0.1", noDelay: true });
    this.#esp.on("error", () => {}).on("data", (chunk: Buffer) => this.#fromEsp(chunk));
    this.#esp.on("end", () => this.stream.end());
    stream.on("error", () => {}).on("data", (chunk: Buffer) => this.#fromClient(chunk));
    tcp.on("close", () => this.#esp.destroy());
  }

  get open(): boolean {
    return !this.tcp.destroyed;
  }

  /** Sends a TCP reset, also where there is TLS above it. */
  reset(): void {
    this.tcp.resetAndDestroy();
  }

  /** Reads on, so that the client's end is seen, and passes nothing on. */
  cutOff(): void {
    this.#cutOff = true;
  }

  #fromClient(chunk: Buffer): void {
    if (this.#cutOff) return;
    this.#esp.write(chunk);
    const fault = this.#fault();
    if (fault?.strikes !== "upload") return;
    this.cutOff();
    fault.act(this);
  }

  #fromEsp(chunk: Buffer): void {
    if (this.#cutOff) return;
    const fault = this.#fault();
    if (fault?.strikes !== "answer") {
      this.lastWords = chunk;
      this.stream.write(chunk);
      return;
    }
    this.#answer = Buffer.concat([this.#answer, chunk]);
    const answer = readAnswer(this.#answer);
    if (!answer) return;
    this.#answer = Buffer.alloc(0);
    fault.act(answer, this);
  }
}
