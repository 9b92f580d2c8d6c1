import fc from "fast-check";
import { type Delivery, ending, inTurns, interim } from "./delivery.ts";
import { bytesOf, chunked } from "./wire-form.ts";

/** Ways in which no whole answer comes. */
export const cutOff: fc.Arbitrary<Delivery> = fc.oneof(
  fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), how: ending, inChunks: fc.boolean() }).map(
    ({ share, how, inChunks }): Delivery => ({
      what: `cut off after ${share} of it ${inChunks ? "in chunks" : ""}, then ${how}`,
      truth: "unknown",
      deliver: (answer, request) => {
        // Without a body there is nothing but the head to be cut.
        const bytes = inChunks ? chunked(answer, 7, "", "") : bytesOf(answer);
        inTurns(request, [bytes.subarray(0, Math.floor(share * (bytes.length - 1)))], how);
      },
    }),
  ),
  fc.record({ status: fc.constantFrom(100, 102, 103, 199), count: fc.integer({ min: 1, max: 400 }), how: ending }).map(
    ({ status, count, how }): Delivery => ({
      what: `never, after ${count} times ${status}, then ${how}`,
      truth: "unknown",
      deliver: (_answer, request) => inTurns(request, [interim(status, count)], how),
    }),
  ),
  fc
    .record({
      head: fc.constantFrom("connection: upgrade\r\nupgrade: h2c", "connection: upgrade\r\nupgrade: websocket"),
      how: ending,
    })
    .map(
      ({ head, how }): Delivery => ({
        what: `after a switch to another protocol (${head})`,
        truth: "unknown",
        deliver: (answer, request) =>
          inTurns(request, [Buffer.from(`HTTP/1.1 101 Switching\r\n${head}\r\n\r\n`), bytesOf(answer)], how),
      }),
    ),
  fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), how: ending }).map(
    ({ bytes, how }): Delivery => ({
      what: `as the bytes ${Buffer.from(bytes).toString("hex")}, then ${how}`,
      truth: "unknown",
      deliver: (_answer, request) => inTurns(request, [Buffer.from(bytes)], how),
    }),
  ),
);
