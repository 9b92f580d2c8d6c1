import http from "node:http";
import type { Duplex } from "node:stream";
import { checkDuration } from "../duration.ts";
import { type Answer, type EspSimulation, isCondition, type ReceivedRequest, refused, type Verdict } from "./esp.ts";
import { effects, type Fault, type FaultSpan, ScheduledFault } from "./fault.ts";
import type { ReceivedMessage } from "./inbox.ts";
import { isHeardByKnocks, isKnockOf, knocked } from "./knock.ts";
import { Listener, type ListenerOptions } from "./listener.ts";

export interface ServerOptions extends Pick<ListenerOptions, "host" | "port" | "tls"> {
  /** Milliseconds from the last byte of a request to its answer. */
  readonly latency: number | (() => number);
  /** Whether the credentials may not ask about the account. */
  readonly sendOnly: boolean;
}

/** A request together with what must be known to answer it, or not to. */
interface Exchange {
  readonly request: ReceivedRequest;
  readonly response: http.ServerResponse;
  readonly stream: Duplex;
}

/** The HTTP side of a simulator: it counts requests, has the ESP judge them, and answers as the fault has it. */
export class SimulatorServer {
  readonly inbox: ReceivedMessage[] = [];
  requests = 0;
  readonly #esp: EspSimulation;
  readonly #latency: () => number;
  readonly #sendOnly: boolean;
  readonly #http: http.Server;
  readonly #listener: Listener;
  /** Connections with a request that has no whole answer yet. */
  readonly #busy = new Set<Duplex>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #fault: ScheduledFault | undefined;
  #closing: Promise<void> | undefined;

  constructor(esp: EspSimulation, options: ServerOptions) {
    this.#esp = esp;
    const { latency } = options;
    this.#sendOnly = options.sendOnly;
    this.#latency = typeof latency === "function" ? latency : () => latency;
    this.#http = http.createServer((request, response) => this.#take(request, response));
    this.#listener = new Listener({
      ...options,
      admit: () => this.#fault?.strike("connection") === undefined,
      connected: (stream) => this.#http.emit("connection", stream),
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  get connections(): number {
    return this.#listener.connections;
  }

  open(): Promise<void> {
    return this.#listener.open();
  }

  fault(fault: Fault, span: FaultSpan): Promise<void> {
    this.#requireOpen();
    const scheduled = new ScheduledFault(fault, span);
    this.#fault = scheduled;
    switch (effects[fault.kind].strikes) {
      case "port":
        return this.#refuse(scheduled, span.for);
      case "connection":
        return Promise.all([this.#listener.open(), this.#endIdle()]).then(() => {});
      case "request":
        return this.#listener.open();
    }
  }

  async #refuse(scheduled: ScheduledFault, duration: number | undefined): Promise<void> {
    if (duration !== undefined) {
      this.#after(duration, () => {
        if (this.#fault === scheduled) void this.heal();
      });
    }
    const closed = this.#listener.close();
    this.#listener.destroy((stream) => this.#busy.has(stream));
    await Promise.all([closed, this.#endIdle()]);
  }

  #endIdle(): Promise<void> {
    return this.#listener.end((stream) => !this.#busy.has(stream));
  }

  async heal(): Promise<void> {
    this.#requireOpen();
    this.#fault = undefined;
    await this.#listener.open();
  }

  clear(): void {
    this.inbox.length = 0;
    this.requests = 0;
    this.#listener.connections = 0;
  }

  close(): Promise<void> {
    this.#closing ??= this.#listener.close();
    this.#listener.destroy(() => true);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    return this.#closing;
  }

  #requireOpen(): void {
    if (this.#closing) throw new Error("This simulator is closed: start another one.");
  }

  #take(incoming: http.IncomingMessage, response: http.ServerResponse): void {
    const stream = incoming.socket;
    if (this.#listener.isEnding(stream)) {
      this.#listener.reset(stream);
      return;
    }
    this.requests += 1;
    this.#busy.add(stream);
    response.once("close", () => this.#busy.delete(stream));
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= this.#esp.largestBody) chunks.push(chunk);
      else chunks.length = 0;
    });
    incoming.once("end", () => {
      const request = {
        method: incoming.method ?? "",
        target: incoming.url ?? "",
        headers: new Map(
          Object.entries(incoming.headersDistinct).map(([name, values]) => [name, values?.join(", ") ?? ""]),
        ),
        body: Buffer.concat(chunks),
      };
      void this.#handle({ request, response, stream }, size > this.#esp.largestBody);
    });
    // A client that leaves in the middle of its request.
    incoming.on("error", () => {});
  }

  async #handle(exchange: Exchange, tooLarge: boolean): Promise<void> {
    const isKnock = isKnockOf(exchange.request);
    const fault = isKnock ? this.#fault?.peek("request", isHeardByKnocks) : this.#fault?.strike("request");
    const verdict = isKnock ? knocked : this.#permitted(await this.#judge(exchange.request, tooLarge));
    if (!fault || effects[fault.kind].accepts) this.inbox.push(...verdict.accepted);
    switch (fault ? effects[fault.kind].ending : "answer") {
      case "silence":
        return;
      case "reset":
        return this.#listener.reset(exchange.stream);
      case "half an answer, then silence":
        return sendHalf(exchange.response, verdict.answer);
      case "half an answer, then the end":
        return sendHalf(exchange.response, verdict.answer, () => exchange.stream.end());
      case "answer": {
        const delay = fault?.kind === "slow" ? fault.ms : this.#latency();
        checkDuration("latency", delay);
        this.#after(delay, () => send(exchange.response, this.#answer(fault, verdict)));
      }
    }
  }

  /** A mistake of the simulation itself must neither hang its client nor end the process. */
  async #judge(request: ReceivedRequest, tooLarge: boolean): Promise<Verdict> {
    if (tooLarge) return refused(this.#esp.tooLarge);
    try {
      return await this.#esp.receive(request);
    } catch (error) {
      return refused({
        status: 500,
        headers: { "content-type": "text/plain" },
        body: `The simulator failed: ${error}`,
      });
    }
  }

  /** With the limits of the account: what its credentials may ask, and whom it may send for. */
  #permitted(verdict: Verdict): Verdict {
    const forbidden = this.#sendOnly ? verdict.answerUnder?.("forbidden") : undefined;
    if (forbidden) {
      return { ...refused(forbidden), answerUnder: (it) => (it === "unauthorized" ? undefined : forbidden) };
    }
    const message = verdict.accepted.find(({ from }) => !this.#esp.isVerified(from.address));
    if (!message) return verdict;
    return refused(verdict.refuse?.("sender-unverified") ?? this.#esp.refuse("sender-unverified", message));
  }

  #answer(fault: Fault | undefined, verdict: Verdict): Answer {
    const { answer, accepted } = verdict;
    const [message] = accepted;
    const ownWords = fault && isCondition(fault.kind) ? verdict.answerUnder?.(fault.kind) : undefined;
    if (ownWords) return ownWords;
    switch (fault?.kind) {
      case "status":
        return { status: fault.status, headers: fault.headers ?? {}, body: fault.body ?? "" };
      case "html-200":
        return { status: 200, headers: { "content-type": "text/html" }, body: proxyPage };
      case "empty-200":
        return { status: 200, headers: {}, body: "" };
      case "throttle":
        return this.#esp.throttle(fault.retryAfter);
      case "unauthorized":
      case "suspended":
      case "quota":
        return this.#esp.refuse(fault.kind, message);
      case "sender-unverified":
      case "reject-message":
        return message ? (verdict.refuse?.(fault.kind) ?? this.#esp.refuse(fault.kind, message)) : answer;
      default:
        return answer;
    }
  }

  #after(delay: number, action: () => void): void {
    if (this.#closing) return;
    if (delay === 0) {
      action();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delay);
    this.#timers.add(timer);
  }
}

const proxyPage = "<!doctype html><title>Welcome</title><p>Please sign in to use this network.</p>";

function send(response: http.ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** Announces the whole answer (a few bytes at least, since some ESPs answer without a body) and sends half of it. */
function sendHalf(response: http.ServerResponse, { status, headers, body }: Answer, sent: () => void = () => {}): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, "content-length": Math.max(bytes.length, 16) });
  response.flushHeaders();
  response.write(bytes.subarray(0, bytes.length / 2), () => sent());
}
