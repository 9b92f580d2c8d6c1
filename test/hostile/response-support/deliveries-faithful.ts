import fc from "fast-check";
import { cutAt, type Delivery, inTurns, interim } from "./delivery.ts";
import { bytesOf, chunked, headOf } from "./wire-form.ts";

/** A chunk's size and what may stand beside it. */
const extension = fc.constantFrom("", ";a", ";a=b", ';a="b;c"', `;${"x".repeat(500)}`, ";a=1;b=2;c=3");
const trailers = fc.constantFrom(
  "",
  "x-trailer: 1\r\n",
  "content-length: 5\r\n",
  "x-message-id: evil\r\nset-cookie: a=b\r\n",
  "transfer-encoding: gzip\r\n",
);

/** Odd ways, but HTTP. */
export const faithful: fc.Arbitrary<Delivery> = fc.oneof(
  fc.array(fc.nat({ max: 5_000 }), { maxLength: 12 }).map(
    (places): Delivery => ({
      what: `in pieces cut at ${places}`,
      truth: "as meant",
      deliver: (answer, request) => inTurns(request, cutAt(bytesOf(answer), places), "stay"),
    }),
  ),
  fc.constant<Delivery>({
    what: "byte by byte",
    truth: "as meant",
    deliver: (answer, request) =>
      inTurns(
        request,
        Array.from(bytesOf(answer), (byte) => Buffer.from([byte])),
        "stay",
      ),
  }),
  fc
    .record({
      size: fc.integer({ min: 1, max: 60 }),
      extension,
      places: fc.array(fc.nat({ max: 600 }), { maxLength: 6 }),
    })
    .map(
      ({ size, extension: beside, places }): Delivery => ({
        what: `in chunks of ${size} with “${beside}”`,
        truth: "as meant",
        deliver: (answer, request) => inTurns(request, cutAt(chunked(answer, size, beside, ""), places), "stay"),
      }),
    ),
  trailers.map(
    (after): Delivery => ({
      what: `in chunks, with trailers ${JSON.stringify(after)}`,
      // Some trailers are of no use there, and may be taken for an attack.
      truth: after.startsWith("content-length") || after.startsWith("transfer") ? "as meant or unknown" : "as meant",
      deliver: (answer, { connection }) => void connection.stream.write(chunked(answer, 20, "", after)),
    }),
  ),
  fc.constant<Delivery>({
    what: "up to the end of the connection",
    truth: "as meant",
    deliver: (answer, request) => inTurns(request, [headOf(answer, "connection: close"), answer.body], "end"),
  }),
  fc.record({ status: fc.constantFrom(100, 102, 103, 199), count: fc.integer({ min: 1, max: 400 }) }).map(
    ({ status, count }): Delivery => ({
      what: `after ${count} times ${status}`,
      truth: "as meant",
      deliver: (answer, { connection }) =>
        void connection.stream.write(Buffer.concat([interim(status, count), bytesOf(answer)])),
    }),
  ),
  fc.constantFrom("end", "stay").map(
    (how): Delivery => ({
      what: `as HTTP/1.0, then ${how}`,
      truth: "as meant",
      deliver: (answer, request) =>
        inTurns(
          request,
          [Buffer.from(bytesOf(answer).toString("latin1").replace("HTTP/1.1", "HTTP/1.0"), "latin1")],
          how === "end" ? "end" : "stay",
        ),
    }),
  ),
);
