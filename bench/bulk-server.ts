/** A child process that accepts every mail and every batch as its ESP would, and counts the requests. */
import { once } from "node:events";
import { createServer } from "node:http";

interface Esp {
  readonly path: RegExp;
  readonly status: number;
  readonly answer: (body: Buffer) => object;
}

const esps: readonly Esp[] = [
  {
    path: /^\/v2\/email\/outbound-bulk-emails/,
    status: 200,
    answer: (body) => ({
      BulkEmailEntryResults: itemsIn(body, "BulkEmailEntries").map(() => ({ Status: "SUCCESS", MessageId: "bench" })),
    }),
  },
  { path: /^\/v2\/email\/outbound-emails/, status: 200, answer: () => ({ MessageId: "bench" }) },
  { path: /^\/v3\/mail\/send/, status: 202, answer: () => ({}) },
  { path: /^\/v3\/.+\/messages/, status: 200, answer: () => ({ id: "<bench@example.com>", message: "Queued." }) },
  {
    path: /^\/v3\.1\/send/,
    status: 200,
    answer: (body) => ({
      Messages: itemsIn(body, "Messages").map(() => ({
        Status: "success",
        To: [{ MessageUUID: "bench", MessageID: 1, MessageHref: "" }],
      })),
    }),
  },
];

function itemsIn(body: Buffer, key: string): readonly unknown[] {
  const items: unknown = Reflect.get(Object(JSON.parse(body.toString())), key);
  return Array.isArray(items) ? items : [];
}

let requests = 0;
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  requests += 1;
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const esp = esps.find(({ path }) => path.test(request.url ?? ""));
    response.writeHead(esp?.status ?? 404, { "content-type": "application/json", "x-message-id": "bench" });
    response.end(JSON.stringify(esp?.answer(Buffer.concat(chunks)) ?? {}));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
process.send?.(typeof address === "object" && address !== null ? address.port : 0);
/** Asked how many requests there were, it says so and counts anew. */
process.on("message", () => {
  process.send?.(requests);
  requests = 0;
});
process.on("disconnect", () => process.exit());
