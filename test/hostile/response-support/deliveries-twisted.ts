import fc from "fast-check";
import { type Delivery, ending, inTurns } from "./delivery.ts";
import { bytesOf, headOf } from "./wire-form.ts";

/** What is inserted into the head, or put in the place of a part of it; whether Node takes that or not is its business. */
const twistedLines = [
  "content-length: 1\r\ncontent-length: 2",
  "content-length: -1",
  "content-length: 99999999999999999999999",
  "content-length: 9007199254740993",
  "content-length: 0x10",
  "content-length: +5",
  "content-length: 5, 5",
  "content-length: ",
  "content-length: 0\r\ntransfer-encoding: chunked",
  "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
  "transfer-encoding: gzip, chunked",
  "transfer-encoding: chunked, gzip",
  "transfer-encoding: identity",
  "transfer-encoding: xchunked",
  "transfer-encoding:\u000bchunked",
  "content-length : 3",
  " folded",
  "no colon",
  ": no name",
  "na me: 1",
  "na\u0000me: 1",
  "x: a\u0000b",
  "x: a\rb",
  "x: a\nb",
  "é: 1",
  "connection: upgrade\r\nupgrade: tls/1.2",
  `x-long: ${"x".repeat(65_536)}`,
  `${"y".repeat(20_000)}: 1`,
  "a: 1\r\n".repeat(5_000).trimEnd(),
  "set-cookie: a=1\r\n".repeat(3_000).trimEnd(),
  "HTTP/1.1 200 OK",
];

const statusLines = [
  ...[
    "HTTP/1.1 20 OK",
    "HTTP/1.1 2000 OK",
    "HTTP/1.1 -200 OK",
    "HTTP/1.1 2e2 OK",
    "HTTP/1.1 ２００ OK",
    "HTTP/1.1",
    "HTTP/1.1  200",
  ],
  ...[
    "HTTP/2.0 200 OK",
    "HTTP/9.9 200 OK",
    "HTTP/1.1.1 200 OK",
    "http/1.1 200 ok",
    "ICY 200 OK",
    "HTTP/1.1\t200 OK",
    "200 OK",
    "POST / HTTP/1.1",
  ],
  ...[
    "220 smtp.example.com ESMTP",
    "SSH-2.0-OpenSSH",
    "\u0015\u0003\u0001",
    "",
    "\u0000",
    "HTTP/1.1 200 \u0000",
    `HTTP/1.1 200 ${"x".repeat(70_000)}`,
  ],
];

const badSizes = [
  "-1",
  "0x3",
  "g",
  "",
  " 3",
  "3 ",
  "ffffffffffffffff",
  "10000000000000000",
  "3;",
  "3\n",
  "3\r",
  "+3",
  "3.0",
  `3;${"x".repeat(20_000)}`,
];

/** Ways that are no HTTP, or of which nobody can tell. */
export const twisted: fc.Arbitrary<Delivery> = fc.oneof(
  fc.record({ line: fc.constantFrom(...twistedLines), keepLength: fc.boolean(), how: ending }).map(
    ({ line, keepLength, how }): Delivery => ({
      what: `with ${JSON.stringify(line.slice(0, 100))} in its head ${keepLength ? "beside its length" : ""}, then ${how}`,
      truth: "as meant or unknown",
      deliver: (answer, request) =>
        inTurns(
          request,
          [headOf(answer, ...(keepLength ? [`content-length: ${answer.body.length}`] : []), line), answer.body],
          how,
        ),
    }),
  ),
  fc.record({ line: fc.constantFrom(...statusLines), how: ending }).map(
    ({ line, how }): Delivery => ({
      what: `with the status line ${JSON.stringify(line.slice(0, 100))}, then ${how}`,
      truth: "as meant or unknown",
      turned: (answer) => ({ ...answer, status: 200 }),
      deliver: (answer, request) =>
        inTurns(
          request,
          [
            Buffer.from(
              bytesOf(answer)
                .toString("latin1")
                .replace(/^.*\r\n/, () => `${line}\r\n`),
              "latin1",
            ),
          ],
          how,
        ),
    }),
  ),
  fc.record({ size: fc.constantFrom(...badSizes), how: ending }).map(
    ({ size, how }): Delivery => ({
      what: `in chunks with the size ${JSON.stringify(size.slice(0, 100))}, then ${how}`,
      truth: "as meant or unknown",
      deliver: (answer, request) =>
        inTurns(
          request,
          [
            headOf(answer, "transfer-encoding: chunked"),
            Buffer.from(`${size}\r\n`),
            answer.body,
            Buffer.from("\r\n0\r\n\r\n"),
          ],
          how,
        ),
    }),
  ),
  fc.record({ newline: fc.constantFrom("\n", "\r", "\n\r", "\r\r\n"), how: ending }).map(
    ({ newline, how }): Delivery => ({
      what: `with lines that end in ${JSON.stringify(newline)}, then ${how}`,
      truth: "as meant or unknown",
      deliver: (answer, request) =>
        inTurns(request, [Buffer.from(bytesOf(answer).toString("latin1").replaceAll("\r\n", newline), "latin1")], how),
    }),
  ),
  fc.record({ before: fc.constantFrom("\r\n", "\n", " ", "\ufeff", "\r\n".repeat(5_000), "\u0000"), how: ending }).map(
    ({ before, how }): Delivery => ({
      what: `behind ${JSON.stringify(before.slice(0, 20))}, then ${how}`,
      truth: "as meant or unknown",
      deliver: (answer, request) => inTurns(request, [Buffer.concat([Buffer.from(before), bytesOf(answer)])], how),
    }),
  ),
  fc
    .record({
      after: fc.constantFrom(
        "x",
        "\r\n",
        "\r\n\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 400 No\r\ncontent-length: 0\r\n\r\n",
        "\u0000".repeat(70_000),
      ),
      how: ending,
    })
    .map(
      ({ after, how }): Delivery => ({
        what: `followed by ${JSON.stringify(after.slice(0, 60))}, then ${how}`,
        // A whole answer stands, but a reset may take what the client has not read yet.
        truth: how === "reset" ? "as meant or unknown" : "as meant",
        deliver: (answer, request) => inTurns(request, [Buffer.concat([bytesOf(answer), Buffer.from(after)])], how),
      }),
    ),
);
