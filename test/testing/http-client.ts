import http from "node:http";
import https from "node:https";

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What a client sees of an exchange: how far the answer came, and the system's code where it broke off. */
export interface Sight {
  readonly status?: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly broken?: string;
}

/** Sends a request over a connection of its own, or over the agent's, and tells what came of it; never rejects. */
export function exchange(url: string, request: HttpRequest, options: https.RequestOptions = {}): Promise<Sight> {
  return new Promise((resolve) => {
    const { request: start } = url.startsWith("https:") ? https : http;
    const { method, path, headers, body } = request;
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const outgoing = start(url + path, { method, headers: { ...headers, ...length }, agent: false, ...options });
    let status: number | undefined;
    let answerHeaders: http.IncomingHttpHeaders = {};
    let text = "";
    const sight = () => ({ ...(status === undefined ? {} : { status }), headers: answerHeaders, body: text });
    outgoing.on("error", (error: NodeJS.ErrnoException) =>
      resolve({ ...sight(), broken: error.code ?? error.message }),
    );
    outgoing.on("response", (response) => {
      status = response.statusCode;
      answerHeaders = response.headers;
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", (error: NodeJS.ErrnoException) =>
        resolve({ ...sight(), broken: error.code ?? error.message }),
      );
      response.on("end", () => resolve(sight()));
    });
    outgoing.end(body);
  });
}

/** Lets the event loop turn until something has happened. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setImmediate(resolve));
}
