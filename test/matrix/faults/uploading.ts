import type { Relay } from "../support/relay.ts";
import { late, lost, type MatrixFault, type Verdict } from "./fault.ts";

const fault = (what: string, act: (relay: Relay) => void, verdict: Verdict): MatrixFault => ({
  what: `in the middle of the upload: ${what}`,
  how: { strikes: "upload", act },
  ...verdict,
  delivered: false,
});

const tooLarge = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 9\r\n\r\ntoo large";
const overloaded =
  "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
const proxyPage = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 7\r\n\r\nWelcome";
const going = "HTTP/1.1 100 Continue\r\n\r\n";

/** An answer before the request is complete; the server reads no more. */
const answers =
  (bytes: string) =>
  ({ stream }: Relay): void => {
    stream.pause();
    stream.write(bytes);
  };

const brokenOff = { ...lost, code: /^(ECONNRESET|EPIPE)$/ } as const;

/** The message is so large that it cannot all be on its way when they strike. */
export const uploadFaults: readonly MatrixFault[] = [
  fault("a reset", (relay) => relay.reset(), brokenOff),
  fault("the end of the connection", ({ stream }) => void stream.end(), brokenOff),
  fault("both directions closed", ({ stream }) => void stream.destroy(), brokenOff),
  fault("100 Continue, then a reset", (relay) => relay.stream.write(going, () => relay.reset()), brokenOff),
  fault("the server reads no more", ({ stream }) => void stream.pause(), { ...late, stalls: "before the answer" }),
  fault("100 Continue, and the server reads no more", answers(going), { ...late, stalls: "before the answer" }),
  fault("half an answer, and no more", answers(tooLarge.slice(0, -2)), {
    ...late,
    status: 413,
    stalls: "after the head",
  }),
  fault("200 of a proxy, and the server reads no more", answers(proxyPage), {
    reason: "bad-response",
    status: 200,
    connection: "closed",
  }),
  fault("413, and the server reads no more", answers(tooLarge), {
    reason: "too-large",
    status: 413,
    connection: "closed",
  }),
  fault("413, and the end of the connection", ({ stream }) => void stream.end(tooLarge), {
    reason: "too-large",
    status: 413,
    connection: "closed",
  }),
  fault("503 with Retry-After, and the end of the connection", ({ stream }) => void stream.end(overloaded), {
    reason: "unavailable",
    status: 503,
    retryAfter: 7_000,
    connection: "closed",
  }),
];
