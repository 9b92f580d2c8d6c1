/**
 * A child process that answers every request as its ESP would accept it, and every mail by SMTP, and costs the measured
 * process nothing.
 */

import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";

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

const web = createServer((request, response) => {
  request.resume().on("end", () => {
    const [, status, body] = receipts.find(([path]) => path.test(request.url ?? "")) ?? [/./, 404, {}];
    response.writeHead(status, { "content-type": "application/json", "x-message-id": "bench" });
    response.end(JSON.stringify(body));
  });
});
web.keepAliveTimeout = 60_000;

/** As little of SMTP (RFC 5321) as takes a mail. */
const smtp = createTcpServer((socket) => {
  let inData = false;
  let text = "";
  socket.setNoDelay(true).setEncoding("latin1");
  socket.write("220 bench\r\n");
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece) => {
    text += String(piece);
    for (;;) {
      const end = inData ? "\r\n.\r\n" : "\r\n";
      const index = text.indexOf(end);
      if (index === -1) return;
      const line = text.slice(0, index).toUpperCase();
      text = text.slice(index + end.length);
      if (inData) socket.write("250 taken\r\n");
      else if (line === "DATA") socket.write("354 go on\r\n");
      else if (line.startsWith("EHLO")) socket.write("250-bench\r\n250 PIPELINING\r\n");
      else socket.write("250 ok\r\n");
      inData = !inData && line === "DATA";
    }
  });
});

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const ports = { web: await listen(web), smtp: await listen(smtp) };
process.send?.(ports);
process.on("disconnect", () => process.exit());
