import http from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface EspServer {
  readonly url: string;
  readonly port: number;
  /** What arrived, in order. */
  readonly requests: readonly SeenRequest[];
}

/** A server on loopback that records each request and answers as told; without a reply it never answers. */
export async function startServer(
  reply: (request: SeenRequest) => Reply | undefined | Promise<Reply | undefined>,
): Promise<EspServer> {
  const requests: SeenRequest[] = [];
  const server = http.createServer(async (incoming, outgoing) => {
    const request = await read(incoming);
    requests.push(request);
    const answer = await reply(request);
    if (!answer) return;
    outgoing.writeHead(answer.status, { ...answer.headers });
    outgoing.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = portOf(server.address());
  return { url: `http://127.0.0.1:${port}`, port, requests };
}

function portOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return address;
}

async function read(incoming: http.IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(chunks),
  };
}

/** The fields and files of a request that is a form. */
export async function formOf({ headers, body }: SeenRequest): Promise<FormData> {
  return new Response(body, { headers: { "content-type": headers["content-type"] ?? "" } }).formData();
}
