import { next } from "../../contract/support/fault-servers.ts";
import { type Answer, bodyOf, firstHalf, headOf } from "../support/answer.ts";
import type { GateFault } from "../support/gate.ts";
import type { Relay } from "../support/relay.ts";
import { late, lost, type MatrixFault } from "./fault.ts";

/** So much of the ESP's answer, or of something else, comes before its end. */
interface Part {
  readonly what: string;
  readonly bytes: (answer: Answer) => string | Buffer;
  /** Whether the head of the answer is in it. */
  readonly head: boolean;
}

const chunked = (answer: Answer, chunks: string | Buffer): Buffer =>
  Buffer.concat([headOf(answer, "transfer-encoding: chunked"), Buffer.from(chunks)]);
const sizeOf = (answer: Answer) => bodyOf(answer).length.toString(16);

const parts: readonly Part[] = [
  { what: "nothing", head: false, bytes: () => "" },
  { what: "half a status line", head: false, bytes: ({ statusLine }) => firstHalf(Buffer.from(statusLine)) },
  { what: "half of the headers", head: false, bytes: (answer) => firstHalf(headOf(answer, "content-length: 100")) },
  { what: "100 Continue", head: false, bytes: () => "HTTP/1.1 100 Continue\r\n\r\n" },
  { what: "102 Processing, twice", head: false, bytes: () => "HTTP/1.1 102 Processing\r\n\r\n".repeat(2) },
  { what: "103 Early Hints", head: false, bytes: () => "HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n" },
  { what: "the head alone", head: true, bytes: (answer) => headOf(answer, `content-length: ${bodyOf(answer).length}`) },
  {
    what: "half of the body",
    head: true,
    bytes: (answer) =>
      Buffer.concat([headOf(answer, `content-length: ${bodyOf(answer).length}`), firstHalf(bodyOf(answer))]),
  },
  {
    what: "a body shorter than its content-length",
    head: true,
    bytes: (answer) => Buffer.concat([headOf(answer, `content-length: ${bodyOf(answer).length + 1}`), bodyOf(answer)]),
  },
  {
    what: "half a chunk",
    head: true,
    bytes: (answer) => chunked(answer, `${sizeOf(answer)}\r\n${firstHalf(bodyOf(answer))}`),
  },
  {
    what: "all chunks but the last, empty one",
    head: true,
    bytes: (answer) => chunked(answer, `${sizeOf(answer)}\r\n${bodyOf(answer)}\r\n`),
  },
];

interface Ending {
  readonly what: string;
  readonly act: (relay: Relay) => void;
  readonly verdict: typeof lost | typeof late;
  readonly over?: "https";
}

const endings: readonly Ending[] = [
  { what: "the end of the connection", act: ({ stream }) => void stream.end(), verdict: lost },
  { what: "its end without close_notify", act: ({ tcp }) => void tcp.destroy(), verdict: lost, over: "https" },
  { what: "a reset", act: (relay) => relay.reset(), verdict: lost },
  { what: "silence", act: () => {}, verdict: late },
];

/** What the client has not read by then, a reset takes away. */
function sayThen(part: Part, { act }: Ending): GateFault {
  return {
    strikes: "answer",
    act: (answer, relay) => {
      const headSeen = next("http.client.response.finish");
      relay.stream.write(part.bytes(answer), () => {
        if (part.head) void headSeen.then(() => act(relay));
        else act(relay);
      });
    },
  };
}

/** The message is taken, and its answer ends too soon. */
export const brokenOffAnswers: readonly MatrixFault[] = parts.flatMap((part) =>
  endings.map((ending) => ({
    what: `${part.what}, then ${ending.what}`,
    how: sayThen(part, ending),
    ...ending.verdict,
    ...(part.head ? { status: "of the receipt" as const } : {}),
    ...(ending.verdict === late
      ? { stalls: part.head ? ("after the head" as const) : ("before the answer" as const) }
      : {}),
    ...(ending.over ? { over: ending.over } : {}),
  })),
);
