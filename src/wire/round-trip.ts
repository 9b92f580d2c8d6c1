import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { longestTimer } from "../clock.ts";
import { type Failure, failure, failureInPhase, ProviderError } from "../failure.ts";
import { isTimeout } from "./abort-reason.ts";
import { afterReading } from "./after-reading.ts";
import { errorCode } from "./error-code.ts";
import { GrowingBuffer } from "./growing-buffer.ts";
import { illegalHeader, requestHeaders, responseHeaders } from "./headers.ts";
import { hasServed, hasStrayBytes } from "./idle.ts";
import type { ConnectionPool } from "./pool.ts";
import type { Target } from "./target.ts";
import type { Phase, WireLimits, WireRequest, WireResponse } from "./wire.ts";

/** ESPs answer with a few hundred bytes; what is longer than this is not their answer. */
export const maxResponseBytes = 1_048_576;

/** Sends one request over a connection of the pool and reads the answer. */
export function roundTrip(
  request: WireRequest,
  target: Target,
  limits: WireLimits,
  pool: ConnectionPool,
): Promise<WireResponse> {
  return new Promise((resolve, reject) => new RoundTrip(request, target, limits, pool, resolve, reject).start());
}

/**
 * The request is not ended, and so not a byte of it written, before the connection is known to be ready: `connecting`
 * is proof that nothing was sent, whatever Node or the agent does meanwhile.
 */
class RoundTrip {
  readonly #request: WireRequest;
  readonly #target: Target;
  readonly #limits: WireLimits;
  readonly #pool: ConnectionPool;
  readonly #resolve: (response: WireResponse) => void;
  readonly #reject: (error: ProviderError) => void;
  readonly #body = new GrowingBuffer(maxResponseBytes);
  #phase: Phase = "connecting";
  #settled = false;
  #reused = false;
  #timer: NodeJS.Timeout | undefined;
  #outgoing: ClientRequest | undefined;
  #incoming: IncomingMessage | undefined;

  constructor(
    request: WireRequest,
    target: Target,
    limits: WireLimits,
    pool: ConnectionPool,
    resolve: (response: WireResponse) => void,
    reject: (error: ProviderError) => void,
  ) {
    this.#request = request;
    this.#target = target;
    this.#limits = limits;
    this.#pool = pool;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get #host(): string {
    return this.#target.host;
  }

  start(): void {
    const { signal, timeout } = this.#limits;
    if (signal.aborted) {
      this.#abort();
      return;
    }
    this.#timer = setTimeout(this.#timeIsUp, Math.min(timeout, longestTimer));
    signal.addEventListener("abort", this.#abort);
    this.#connect();
  }

  #connect(): void {
    const outgoing = this.#open();
    if (!outgoing) return;
    this.#outgoing = outgoing;
    const current = () => this.#outgoing === outgoing;
    outgoing
      .on("socket", (socket) => this.#whenReady(socket, () => current() && this.#send(socket)))
      .on("response", (incoming) => current() && this.#receive(incoming))
      .on("upgrade", (incoming) => current() && this.#upgraded(incoming))
      .on("error", (error) => current() && this.#broken(error))
      .on("close", () => {
        // Once there is an answer, that says itself how it ends.
        if (current() && !this.#incoming) this.#broken();
      });
  }

  /** Nothing was written to the used connection that the agent gave: another one serves as well. */
  #reconnect(): void {
    const unfit = this.#outgoing;
    this.#outgoing = undefined;
    unfit?.destroy();
    this.#reused = false;
    if (!this.#settled) this.#connect();
  }

  #open(): ClientRequest | undefined {
    const { method, body } = this.#request;
    const toSend = requestHeaders(this.#request, this.#target, Buffer.byteLength(body));
    try {
      return this.#pool.request(this.#target, this.#limits.fresh, method, toSend);
    } catch (error) {
      const why = whyRefused(error, toSend);
      const detail = `the request to ${this.#host} could not be made: ${why}`;
      this.#fail(failureInPhase("internal", "no", { code: errorCode(error), detail }));
      return undefined;
    }
  }

  /** An agent may hand over a connection in any state: new, in its TLS handshake, or ready since long. */
  #whenReady(socket: Socket, then: () => void): void {
    this.#reused = hasServed(socket) || this.#outgoing?.reusedSocket === true;
    if ("secureConnecting" in socket && socket.secureConnecting === true) socket.once("secureConnect", then);
    else if (socket.connecting) socket.once("connect", then);
    else if (this.#reused) afterReading(then);
    else then();
  }

  #send(socket: Socket): void {
    if (this.#settled) return;
    if (socket.destroyed || hasStrayBytes(socket)) {
      this.#broken();
    } else if (isUnverified(socket) && !this.#target.isLoopback) {
      const detail = `the certificate of ${this.#host} was not verified`;
      this.#fail(failure("unreachable", { code: "ERR_TLS_CERT_NOT_VERIFIED", detail }));
    } else {
      this.#enter("requesting");
      this.#outgoing?.end(this.#request.body);
    }
  }

  #receive(incoming: IncomingMessage): void {
    // Nobody has asked yet: what came is no answer to this request.
    if (this.#phase === "connecting") {
      this.#broken();
      return;
    }
    this.#incoming = incoming;
    const { socket } = incoming;
    incoming
      .on("data", (chunk: Uint8Array) => this.#collect(chunk))
      .on("end", () => this.#finish(incoming, socket))
      .on("error", (error) => this.#broken(error));
    this.#enter("responding");
  }

  #collect(chunk: Uint8Array): void {
    if (this.#settled) return;
    if (!this.#body.add(chunk))
      this.#fail(this.#failed("bad-response", `${this.#host} answered more than ${maxResponseBytes} bytes`));
  }

  #finish(incoming: IncomingMessage, socket: Socket): void {
    if (!incoming.complete) this.#fail(this.#lost());
    if (this.#settled) return;
    const headers = responseHeaders(incoming.rawHeaders);
    // Answered before all was sent: the rest would be taken for the next request.
    if (!this.#outgoing?.writableFinished) socket.destroy();
    else this.#pool.release(socket, headers["keep-alive"]);
    this.#end();
    this.#resolve({ status: incoming.statusCode ?? 0, headers, body: this.#body.bytes });
  }

  #upgraded(incoming: IncomingMessage): void {
    if (this.#phase === "connecting") {
      this.#broken();
      return;
    }
    this.#incoming = incoming;
    incoming.socket.destroy();
    this.#fail(this.#failed("bad-response", `${this.#host} switched to another protocol`));
  }

  #broken(error?: unknown): void {
    // What breaks after the last byte of the answer takes nothing from it; its end is on the way.
    if (this.#incoming?.complete) return;
    const code = errorCode(error);
    if (this.#phase === "connecting" && this.#reused) {
      this.#reconnect();
    } else if (this.#phase === "connecting") {
      this.#fail(this.#failed("unreachable", `no connection to ${this.#host}`, code));
    } else if (code?.startsWith("HPE_")) {
      this.#fail(this.#failed("bad-response", `${this.#host} did not answer in HTTP`, code));
    } else {
      this.#fail(this.#lost(code));
    }
  }

  #lost(code?: string): Failure {
    return this.#failed("response-lost", `the connection to ${this.#host} ended before its answer was complete`, code);
  }

  /** When the process was held up, an answer may have come in time and wait to be read: it is read first. */
  readonly #timeIsUp = (): void => {
    if (this.#phase === "connecting") this.#expire();
    else setImmediate(() => this.#expire());
  };

  #expire(): void {
    if (this.#phase === "connecting") {
      this.#fail(this.#failed("unreachable", `no connection to ${this.#host} in time`, "ETIMEDOUT"));
    } else {
      this.#fail(this.#failed("timeout", `no complete answer from ${this.#host} in time`, "ETIMEDOUT"));
    }
  }

  readonly #abort = (): void => {
    if (isTimeout(this.#limits.signal.reason)) this.#expire();
    else this.#fail(failureInPhase("aborted", this.#phase === "connecting" ? "no" : "maybe"));
  };

  #failed(
    reason: "unreachable" | "timeout" | "response-lost" | "bad-response",
    detail: string,
    code?: string,
  ): Failure {
    return failure(reason, { status: this.#incoming?.statusCode, code, detail });
  }

  #fail(why: Failure): void {
    if (this.#settled) return;
    this.#end();
    this.#reject(new ProviderError(why, { reusedConnection: this.#reused }));
    this.#outgoing?.destroy();
  }

  #end(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#limits.signal.removeEventListener("abort", this.#abort);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#limits.onPhase?.(phase);
  }
}

/** Why Node, or an agent, refused to make a request; an agent's own words are not repeated. */
function whyRefused(error: unknown, headers: readonly string[]): string {
  const illegal = illegalHeader(headers);
  if (illegal) return `the value of header "${illegal}" holds a character that HTTP does not allow`;
  if (errorCode(error) === "ERR_INVALID_PROTOCOL") return "the agent is for another protocol than the URL";
  return errorCode(error) ?? "the agent gave no code";
}

/** Whether TLS accepted a certificate that it could not verify, which an agent may make it do. */
function isUnverified(socket: Socket): boolean {
  return "authorized" in socket && socket.authorized === false;
}
