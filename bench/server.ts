/** A child process that answers every request as its ESP would accept it, and costs the measured process nothing. */
import { createServer } from "node:http";

const receipts: readonly (readonly [path: RegExp, status: number, body: object])[] = [
  [/^\/v2\/email\//, 200, { MessageId: "bench" }],
  [/^\/v3\/mail\/send/, 202, {}],
  [/^\/v3\/.+\/messages/, 200, { id: "<bench@example.com>", message: "Queued. Thank you." }],
  [
    /^\/v3\.1\/send/,
    200,
    { Messages: [{ Status: "success", To: [{ MessageUUID: "bench", MessageID: 1, MessageHref: "" }] }] },
  ],
];

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    const [, status, body] = receipts.find(([path]) => path.test(request.url ?? "")) ?? [/./, 404, {}];
    response.writeHead(status, { "content-type": "application/json", "x-message-id": "bench" });
    response.end(JSON.stringify(body));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.send?.(address.port);
});
process.on("disconnect", () => process.exit());
