import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { Agent } from "node:http";
import net from "node:net";
import { Worker } from "node:worker_threads";
import { onTestFinished } from "vitest";
import type { Provider } from "../../../src/index.ts";
import { mailgun } from "../../../src/providers/mailgun/index.ts";
import { mailjet } from "../../../src/providers/mailjet/index.ts";
import { sendgrid } from "../../../src/providers/sendgrid/index.ts";
import { ses } from "../../../src/providers/ses/index.ts";
import type { EspName } from "../../../src/testing/index.ts";
import type { Reply } from "../../providers/esp-server.ts";

export interface Place {
  readonly baseUrl: string;
  readonly name?: string | undefined;
  readonly agent?: Agent | undefined;
}

const adapters: { readonly [E in EspName]: (place: Place) => Provider } = {
  ses: (place) =>
    ses({ ...place, region: "eu-west-1", credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" } }),
  sendgrid: (place) => sendgrid({ ...place, apiKey: "SG.key.secret" }),
  mailgun: (place) => mailgun({ ...place, apiKey: "mailgun-key", domain: "mg.example.com" }),
  mailjet: (place) => mailjet({ ...place, apiKey: "mailjet-key", apiSecret: "mailjet-secret" }),
};

/** The real adapter of an ESP, which goes to some server that a test has made. */
export function adapterAt(name: EspName, place: Place): Provider {
  return adapters[name](place);
}

/** An answer as it goes over the wire. */
export function bytesOf({ status, headers = {}, body = "" }: Reply): string {
  const lines = Object.entries({ ...headers, "content-length": Buffer.byteLength(body) });
  return `HTTP/1.1 ${status} Status\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}

/** A port whose queue of connections is full, so that a further one is neither taken nor refused. */
export async function portThatNeverConnects(): Promise<number> {
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
     const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
     });`,
    { eval: true },
  );
  onTestFinished(async () => void (await worker.terminate()));
  const [port]: number[] = await once(worker, "message");
  if (port === undefined) throw new Error("no port");
  for (let i = 0; i < 2; i++) {
    const filler = net.connect(port, "127.0.0.1");
    onTestFinished(() => void filler.destroy());
    await once(filler, "connect");
  }
  return port;
}

/** A port of which the system knows that nobody listens there. */
export async function unusedPort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** What Node tells of the client's side, which a server cannot know. */
type ClientEvent = "net.client.socket" | "http.client.request.start" | "http.client.response.finish";

/** Calls back at once when the client next makes a socket, writes the end of a request, or has read the head of an answer. */
export function onNext(event: ClientEvent, callback: () => void): void {
  const listener = () => {
    unsubscribe(event, listener);
    callback();
  };
  subscribe(event, listener);
  onTestFinished(() => void unsubscribe(event, listener));
}

/** The next such event from now on. */
export function next(event: ClientEvent): Promise<void> {
  return new Promise((resolve) => onNext(event, resolve));
}
