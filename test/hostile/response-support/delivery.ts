import fc from "fast-check";
import type { EspName } from "../../../src/testing/index.ts";
import type { Received } from "../../wire/raw-server.ts";
import type { HostileAnswer } from "./answer.ts";
import { type Expectation, expectationOf } from "./oracle.ts";

/** A way of putting an answer on the wire. */
export interface Delivery {
  readonly what: string;
  /** Whether the answer that comes out can be no other than the one that was meant; or nobody can tell; or it never came whole. */
  readonly truth: "as meant" | "as meant or unknown" | "unknown";
  readonly deliver: (answer: HostileAnswer, request: Received) => void;
  /** The answer that may come out of it, where it is not the one that was meant. */
  readonly turned?: (answer: HostileAnswer) => HostileAnswer;
}

/** What is true of a message after an answer that came in this way. */
export function expectationBy(
  esp: EspName,
  answer: HostileAnswer,
  { truth, turned = (whole) => whole }: Delivery,
): Expectation {
  const meant = expectationOf(esp, turned(answer));
  if (truth === "as meant") return meant;
  if (truth === "unknown") return { verdicts: ["maybe"], reasons: ["response-lost", "timeout", "bad-response"] };
  const { reasons: _, ...rest } = meant;
  return { ...rest, verdicts: [...new Set([...meant.verdicts, "maybe" as const])] };
}

/** How a connection goes on after the bytes. */
const endings = ["stay", "end", "reset"] as const;
type Ending = (typeof endings)[number];
export const ending = fc.constantFrom(...endings);

/** Sends pieces, each in a turn of its own, so that they come apart. */
export function inTurns({ connection }: Received, pieces: readonly Buffer[], how: Ending): void {
  const { stream } = connection;
  const next = (index: number): void => {
    const piece = pieces[index];
    if (stream.destroyed) return;
    if (piece) {
      stream.write(piece);
      setImmediate(next, index + 1);
    } else if (how === "end") stream.end();
    else if (how === "reset") setImmediate(() => connection.reset());
  };
  next(0);
}

/** The bytes in pieces. */
export function cutAt(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, i) => bytes.subarray(from, sorted[i] ?? bytes.length));
}

/** Interim answers, which say nothing yet. */
export function interim(status: number, count: number): Buffer {
  return Buffer.from(`HTTP/1.1 ${status} Wait\r\nlink: </a>\r\n\r\n`.repeat(count));
}
