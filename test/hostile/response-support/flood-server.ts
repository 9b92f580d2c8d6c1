import http from "node:http";
import type net from "node:net";
import { gzipSync } from "node:zlib";

/**
 * Run as a process of its own, so that its memory is not the client's: floods each request with what its path names,
 * as fast as it is taken. To any message it replies with what each flood has poured out so far.
 */

const block = 65_536;
const chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
const megabytes = (count: number): number => count * 1_048_576;

interface Flood {
  readonly head: string;
  readonly unit: string | Buffer;
  /** Bytes after the head; without it there is no end. */
  readonly length?: number;
}

const bomb = gzipSync(Buffer.alloc(megabytes(100)), { level: 9 });
const bombInBomb = gzipSync(gzipSync(Buffer.alloc(megabytes(200)), { level: 9 }), { level: 9 });
const ofLength = (length: number, more = ""): string => `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n${more}\r\n`;

const floods: Readonly<Record<string, Flood>> = {
  "ten-megabytes": { head: ofLength(megabytes(10)), unit: "x", length: megabytes(10) },
  "ten-megabytes-of-json": { head: ofLength(megabytes(10)), unit: "[", length: megabytes(10) },
  "a-length-of-petabytes": { head: ofLength(Number.MAX_SAFE_INTEGER), unit: "x" },
  "endless-chunks": { head: chunked, unit: `10000\r\n${"x".repeat(block)}\r\n` },
  "endless-until-the-end-of-the-connection": { head: "HTTP/1.0 200 OK\r\n\r\n", unit: "x" },
  "chunks-of-a-byte": { head: chunked, unit: "1\r\nx\r\n" },
  "endless-extension": { head: `${chunked}5;`, unit: "x" },
  "endless-trailers": { head: `${chunked}0\r\n`, unit: "x-trailer: 1\r\n" },
  "endless-headers": { head: "HTTP/1.1 200 OK\r\n", unit: "x-header: 1\r\n" },
  "endless-cookies": { head: "HTTP/1.1 200 OK\r\n", unit: `set-cookie: ${"c".repeat(1_000)}=1\r\n` },
  "one-endless-header": { head: "HTTP/1.1 200 OK\r\nx-header: ", unit: "x" },
  "an-endless-status-line": { head: "HTTP/1.1 200 ", unit: "x" },
  "endless-line-breaks": { head: "", unit: "\r\n" },
  "endless-interim-answers": { head: "", unit: "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" },
  "a-bomb-in-gzip": { head: ofLength(bomb.length, "content-encoding: gzip\r\n"), unit: bomb, length: bomb.length },
  "a-bomb-in-a-bomb": {
    head: ofLength(bombInBomb.length, "content-encoding: gzip, gzip\r\n"),
    unit: bombInBomb,
    length: bombInBomb.length,
  },
};

const poured: Record<string, number> = {};

function pour(socket: net.Socket, name: string): void {
  const flood = floods[name];
  if (!flood) return void socket.destroy();
  const { head, unit, length = Number.POSITIVE_INFINITY } = flood;
  const units = Buffer.concat(Array.from({ length: Math.ceil(block / unit.length) }, () => Buffer.from(unit)));
  let left = length;
  const more = (): void => {
    while (!socket.destroyed && left > 0) {
      const piece = units.subarray(0, Math.min(left, units.length));
      left -= piece.length;
      if (!socket.write(piece, () => count(name, piece.length))) return;
    }
  };
  socket.write(head, "latin1");
  socket.on("drain", more);
  more();
}

function count(name: string, bytes: number): void {
  poured[name] = (poured[name] ?? 0) + bytes;
}

const server = http.createServer((request) => {
  const { socket } = request;
  request.resume().on("end", () => pour(socket, request.url?.split("/")[1] ?? ""));
});
server.on("connection", (socket: net.Socket) => void socket.on("error", () => {}));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.send?.({ port: address.port });
});
process.on("message", () => process.send?.({ poured }));
process.on("disconnect", () => process.exit());
