/** The limit: a request that is built already, by node:http and nothing else. */
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { createMailer, type Provider } from "steadymail";
import { mail } from "./mail.ts";
import type { Work } from "./runner.ts";

interface Recording {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends again and again what the adapter sends once. */
export async function plainSend(
  adapterAt: (url: string) => Provider,
  port: number,
  connections: number,
): Promise<Work> {
  const { method, path, headers, body } = await record(adapterAt);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return () =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: "127.0.0.1", port, method, path, headers, agent }, (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (piece) => {
          text += piece;
        });
        incoming.on("end", () => resolve(text)).on("error", reject);
      });
      outgoing.on("error", reject).end(body);
    });
}

async function record(adapterAt: (url: string) => Provider): Promise<Recording> {
  let recording: Recording | undefined;
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece) => pieces.push(piece));
    incoming.on("end", () => {
      const { method = "", url = "", headers } = incoming;
      const kept = Object.entries(headers).filter(([name]) => name !== "host" && name !== "connection");
      recording = {
        method,
        path: url,
        headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
        body: Buffer.concat(pieces),
      };
      response.writeHead(500).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const mailer = createMailer({ providers: [adapterAt(`http://127.0.0.1:${port}`)], onUnknown: "stop" });
  await mailer.send(mail).catch(() => {});
  await mailer.close();
  server.close();
  if (!recording) throw new Error("The adapter sent nothing");
  return recording;
}
