import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";

const read = (file: string) => readFileSync(new URL(`../wire/fixtures/${file}`, import.meta.url), "utf8");
export const cert = read("cert.pem");
export const key = read("key.pem");

/** Where a script can step in. `connect`: before the greeting; `body`: a part of it has come; `end`: all of it has. */
export type Point = "connect" | "EHLO" | "STARTTLS" | "AUTH" | "MAIL" | "RCPT" | "DATA" | "body" | "end";

/**
 * What happens instead of the usual reply: a reply of the script's, bytes as they are, or nothing. With `cut` the
 * connection ends after that. With `take` the server has the message all the same.
 */
export interface Deed {
  readonly say?: string;
  /** Without an end of the line. */
  readonly raw?: string;
  readonly cut?: "end" | "reset";
  readonly stall?: true;
  readonly take?: true;
  /** It goes on as after the usual reply; `say` has all its ends of lines. */
  readonly goOn?: true;
}

export interface Turn {
  readonly point: Point;
  /** The command, of `body` and `end` what came of the message. */
  readonly line: string;
  /** From 1: how often this point was reached, over all connections. */
  readonly time: number;
  /** From 1. */
  readonly connection: number;
}

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** Without the stuffed dots. */
  readonly data: string;
}

export interface ServerOptions {
  readonly encryption?: "none" | "starttls" | "from-start";
  readonly extensions?: readonly string[];
  readonly script?: (turn: Turn) => Deed | undefined;
}

/** An SMTP server that does as its script says, and speaks correctly else. */
export class ScriptedServer extends EventEmitter<{ change: [] }> {
  readonly inbox: Received[] = [];
  readonly lines: string[] = [];
  readonly sockets: net.Socket[] = [];
  readonly #times = new Map<Point, number>();
  readonly #server: net.Server;
  readonly #options: ServerOptions;
  script: NonNullable<ServerOptions["script"]>;

  constructor(options: ServerOptions) {
    super();
    this.setMaxListeners(0);
    this.#options = options;
    this.script = options.script ?? (() => undefined);
    this.#server = net.createServer((socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    return address.port;
  }

  get open(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }

  /** Resolves when the condition holds; it is looked at whenever something happens at the server. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this, "change");
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** How often the script was asked at that point. */
  reached(point: Point): number {
    return this.#times.get(point) ?? 0;
  }

  take(received: Received): void {
    this.inbox.push(received);
    this.emit("change");
  }

  decide(point: Point, line: string, connection: number): Deed | undefined {
    const time = (this.#times.get(point) ?? 0) + 1;
    this.#times.set(point, time);
    if (point !== "body" && point !== "end") this.lines.push(line);
    const deed = this.script({ point, line, time, connection });
    this.emit("change");
    return deed;
  }

  #accept(socket: net.Socket): void {
    this.sockets.push(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.emit("change"));
    this.emit("change");
    const { encryption = "none", extensions = ["PIPELINING", "8BITMIME", "SMTPUTF8"] } = this.#options;
    const conversation = new Conversation(this, this.sockets.length, socket, encryption, extensions);
    if (encryption === "from-start") conversation.encrypt();
    else conversation.greet();
  }
}

class Conversation {
  readonly #server: ScriptedServer;
  readonly #number: number;
  readonly #tcp: net.Socket;
  readonly #extensions: readonly string[];
  readonly #encryption: NonNullable<ServerOptions["encryption"]>;
  #stream: net.Socket;
  #pending = "";
  #data: string | undefined;
  #from = "";
  #to: string[] = [];
  #isSecure = false;
  #isOver = false;
  #toldBody = false;

  constructor(
    server: ScriptedServer,
    number: number,
    tcp: net.Socket,
    encryption: NonNullable<ServerOptions["encryption"]>,
    extensions: readonly string[],
  ) {
    this.#server = server;
    this.#number = number;
    this.#tcp = tcp;
    this.#stream = tcp;
    this.#encryption = encryption;
    this.#extensions = extensions;
    tcp.on("data", this.#read);
  }

  greet(): void {
    this.#answer("connect", "", "220 mail.example.com ESMTP");
  }

  encrypt(): void {
    this.#tcp.off("data", this.#read);
    const stream = new tls.TLSSocket(this.#tcp, { isServer: true, key, cert });
    stream.on("error", () => {});
    stream.on("data", this.#read);
    this.#stream = stream;
    this.#isSecure = true;
    if (this.#encryption === "from-start") stream.once("secure", () => this.greet());
  }

  readonly #read = (chunk: Buffer): void => {
    this.#pending += chunk.toString("latin1");
    while (!this.#isOver && (this.#data === undefined ? this.#readLine() : this.#readBody())) {}
  };

  #readLine(): boolean {
    const end = this.#pending.indexOf("\r\n");
    if (end < 0) return false;
    const line = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end + 2);
    this.#command(line);
    return true;
  }

  #readBody(): boolean {
    const body = `\r\n${this.#pending}`;
    const end = body.indexOf("\r\n.\r\n");
    if (end < 0) {
      if (this.#pending !== "" && !this.#toldBody) {
        this.#toldBody = true;
        const deed = this.#server.decide("body", "", this.#number);
        if (deed) this.#do(deed);
      }
      return false;
    }
    const data = body.slice(2, end + 2).replace(/^\./gm, "");
    this.#pending = body.slice(end + 5);
    this.#data = undefined;
    const received = { from: this.#from, to: this.#to, data: Buffer.from(data, "latin1").toString("utf8") };
    this.#to = [];
    const deed = this.#server.decide("end", data, this.#number);
    if (!deed || deed.take) this.#server.take(received);
    this.#do(deed ?? { say: `250 2.0.0 Ok: queued as ${this.#server.inbox.length}A7F` });
    return true;
  }

  #command(line: string): void {
    const verb = line.split(/[ :]/)[0]?.toUpperCase() ?? "";
    if (verb === "EHLO") this.#answer("EHLO", line, this.#capabilities());
    else if (verb === "STARTTLS") this.#answer("STARTTLS", line, "220 2.0.0 Ready", () => this.encrypt());
    else if (verb === "AUTH") this.#answer("AUTH", line, "235 2.7.0 Accepted");
    else if (verb === "MAIL") this.#answer("MAIL", line, "250 2.1.0 Ok", () => this.#begin(line));
    else if (verb === "RCPT") this.#answer("RCPT", line, "250 2.1.5 Ok", () => this.#to.push(inBrackets(line)));
    else if (verb === "DATA")
      this.#answer("DATA", line, this.#to.length > 0 ? "354 Go ahead" : "503 5.5.1 No recipients");
    else if (verb === "QUIT") this.#do({ say: "221 2.0.0 Bye", cut: "end" });
    else this.#do({ say: "502 5.5.2 Unknown command" });
  }

  #begin(line: string): void {
    this.#from = inBrackets(line);
    this.#to = [];
  }

  #capabilities(): string {
    const starttls = this.#encryption === "starttls" && !this.#isSecure ? ["STARTTLS"] : [];
    const lines = ["mail.example.com", ...this.#extensions, ...starttls, "AUTH PLAIN LOGIN XOAUTH2"];
    return lines.map((line, at) => `250${at === lines.length - 1 ? " " : "-"}${line}`).join("\r\n");
  }

  #answer(point: Point, line: string, usual: string, then?: () => void): void {
    const deed = this.#server.decide(point, line, this.#number) ?? { say: usual };
    this.#do(deed);
    if (deed.goOn || deed.say === usual) then?.();
    if (point === "DATA" && deed.say?.startsWith("354")) this.#data = "";
  }

  #do({ say, raw, cut, stall, goOn }: Deed): void {
    if (raw !== undefined) this.#stream.write(raw);
    if (say !== undefined) this.#stream.write(say.endsWith("\n") || goOn ? say : `${say}\r\n`);
    if (cut === "reset") this.#tcp.resetAndDestroy();
    if (cut === "end") this.#stream.end();
    if (stall) this.#tcp.pause();
    this.#isOver ||= stall === true || cut !== undefined;
  }
}

function inBrackets(line: string): string {
  return /<(.*?)>/.exec(line)?.[1] ?? "";
}
