import { gzipSync } from "node:zlib";
import { type Answer, bodyOf, firstHalf, headOf, wholeOf } from "../support/answer.ts";
import type { Relay } from "../support/relay.ts";
import { accepted, late, type MatrixFault, noReceipt, notHttp } from "./fault.ts";

type Bytes = string | Buffer;

/** The message is taken, and this comes instead of its answer. */
const says = (
  what: string,
  told: (answer: Answer) => Bytes,
  verdict: Omit<MatrixFault, "what" | "how">,
): MatrixFault => ({
  what,
  how: { strikes: "answer", act: (answer, { stream }) => void stream.write(told(answer)) },
  ...verdict,
});

const headThen = (answer: Answer, headers: readonly string[], body: Bytes = bodyOf(answer)): Buffer =>
  Buffer.concat([headOf(answer, ...headers), Buffer.from(body)]);

const settingsFrameOfHttp2 = Buffer.from("000006040000000000000300000064", "hex");

const neverHttp: readonly MatrixFault[] = [
  says("a mail server's greeting", () => "220 smtp.example.com ESMTP\r\n", notHttp),
  says("HTML without any HTTP", () => "<html><body>Bad gateway</body></html>", notHttp),
  says("bytes of chance", () => Buffer.from("9f3c00ff17e2aa0d0a0d0a5b", "hex"), notHttp),
  says("HTTP/2", () => settingsFrameOfHttp2, notHttp),
  says("TLS inside", () => Buffer.from([0x15, 3, 3, 0, 2, 2, 80]), notHttp),
  says("a status that is no number", () => "HTTP/1.1 OK\r\ncontent-length: 0\r\n\r\n", notHttp),
  says("a header without a colon", (answer) => headThen(answer, ["no colon here", "content-length: 0"], ""), notHttp),
  says("headers without end", ({ statusLine }) => `${statusLine}\r\nx-filler: ${"x".repeat(100_000)}`, {
    ...notHttp,
    code: "HPE_HEADER_OVERFLOW",
  }),
];

const wrongLength: readonly MatrixFault[] = [
  says("two lengths", (answer) => headThen(answer, ["content-length: 2", "content-length: 3"]), notHttp),
  says("a length that is no number", (answer) => headThen(answer, ["content-length: many"]), notHttp),
  says("a negative length", (answer) => headThen(answer, ["content-length: -1"]), notHttp),
  says(
    "a length beside chunks",
    (answer) => headThen(answer, ["content-length: 2", "transfer-encoding: chunked"]),
    notHttp,
  ),
  says("a chunk without a size", (answer) => headThen(answer, ["transfer-encoding: chunked"], "what?\r\n"), {
    ...notHttp,
    status: "of the receipt",
  }),
  says("a chunk longer than its size", (answer) => headThen(answer, ["transfer-encoding: chunked"], "1\r\nabc\r\n"), {
    ...notHttp,
    status: "of the receipt",
  }),
  // What SendGrid has to say is in the headers.
  says(
    "a length that is too short",
    (answer) => headThen(answer, [`content-length: ${firstHalf(bodyOf(answer)).length}`]),
    { ...noReceipt, connection: "closed", at: { sendgrid: { ...accepted, connection: "closed" } } },
  ),
];

const tooMuch: readonly MatrixFault[] = [
  says("more than 1 MB", (answer) => wholeOf(answer, Buffer.alloc(2_000_000, "x")), {
    ...noReceipt,
    connection: "closed",
  }),
  says(
    "chunks of more than 1 MB",
    (answer) => headThen(answer, ["transfer-encoding: chunked"], `10000\r\n${"x".repeat(0x10000)}\r\n`.repeat(20)),
    { ...noReceipt, connection: "closed" },
  ),
  {
    what: "a body that drips for ever",
    how: { strikes: "answer", act: drip },
    ...late,
    status: "of the receipt",
    stalls: "after the head",
  },
];

/** A byte every half second, so that there is never a long silence. */
function drip(answer: Answer, { stream, tcp }: Relay): void {
  stream.write(headOf(answer, "content-length: 1000000"));
  let timer: NodeJS.Timeout;
  const drop = () => {
    stream.write("x");
    timer = setTimeout(drop, 500);
  };
  drop();
  tcp.once("close", () => clearTimeout(timer));
}

const unreadable = { ...noReceipt, at: { sendgrid: accepted } } as const;

const encoded: readonly MatrixFault[] = [
  says(
    "gzip that is none",
    (answer) => wholeOf({ ...answer, headers: [...answer.headers, "content-encoding: gzip"] }, Buffer.from("no gzip")),
    unreadable,
  ),
  says(
    "a compressed receipt, though none was asked for",
    (answer) =>
      wholeOf({ ...answer, headers: [...answer.headers, "content-encoding: gzip"] }, gzipSync(bodyOf(answer))),
    unreadable,
  ),
  says(
    "compression broken off",
    (answer) =>
      wholeOf(
        { ...answer, headers: [...answer.headers, "content-encoding: gzip"] },
        firstHalf(gzipSync(bodyOf(answer))),
      ),
    unreadable,
  ),
  {
    what: "half a body without a length, and the end of the connection",
    how: {
      strikes: "answer",
      act: (answer, { stream }) => void stream.end(headThen(answer, [], firstHalf(bodyOf(answer)))),
    },
    ...unreadable,
    connection: "closed",
    at: { sendgrid: { ...accepted, connection: "closed" } },
  },
];

export const malformedAnswers: readonly MatrixFault[] = [
  ...neverHttp,
  ...wrongLength,
  ...tooMuch,
  ...encoded,
  says(
    "a switch to another protocol",
    () => "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
    {
      reason: "bad-response",
      status: 101,
      delivered: true,
      connection: "closed",
    },
  ),
];
