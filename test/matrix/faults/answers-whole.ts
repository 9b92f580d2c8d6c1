import { next } from "../../contract/support/fault-servers.ts";
import { type Answer, bodyOf, headOf, wholeOf } from "../support/answer.ts";
import type { Relay } from "../support/relay.ts";
import { accepted, type MatrixFault } from "./fault.ts";

const fault = (
  what: string,
  act: (answer: Answer, relay: Relay) => void,
  verdict: Omit<MatrixFault, "what" | "how">,
): MatrixFault => ({ what: `a whole receipt, ${what}`, how: { strikes: "answer", act }, ...verdict });

const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
const last = { ...accepted, connection: "closed" } as const;

/** What does not look well, and yet proves that the message was accepted: it stands, whatever follows. */
export const wholeAnswers: readonly MatrixFault[] = [
  fault(
    "after interim answers",
    (answer, { stream }) => {
      stream.write(interim);
      stream.write(wholeOf(answer));
    },
    accepted,
  ),
  fault(
    "byte by byte",
    (answer, { stream }) => {
      for (const byte of wholeOf(answer)) stream.write(Buffer.of(byte));
    },
    accepted,
  ),
  fault(
    "in chunks",
    (answer, { stream }) => {
      const chunks = answer.body.length > 0 ? `${answer.body.length.toString(16)}\r\n${answer.body}\r\n` : "";
      stream.write(Buffer.concat([headOf(answer, "transfer-encoding: chunked"), Buffer.from(`${chunks}0\r\n\r\n`)]));
    },
    accepted,
  ),
  fault(
    "that ends with the connection",
    (answer, { stream }) => {
      stream.end(Buffer.concat([headOf(answer), answer.body]));
    },
    last,
  ),
  fault("then the end of the connection", (answer, { stream }) => void stream.end(wholeOf(answer)), last),
  fault(
    "then a reset",
    (answer, relay) => {
      void next("http.client.response.finish").then(() => relay.reset());
      relay.stream.write(wholeOf(answer));
    },
    last,
  ),
  fault(
    "and then the same again",
    (answer, { stream }) => {
      stream.write(Buffer.concat([wholeOf(answer), wholeOf(answer)]));
    },
    last,
  ),
  fault(
    "and then bytes that are not HTTP",
    (answer, { stream }) => {
      stream.write(Buffer.concat([wholeOf(answer), bodyOf(answer)]));
    },
    last,
  ),
];
