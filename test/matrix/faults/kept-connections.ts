import { onNext } from "../../contract/support/fault-servers.ts";
import { endInOrder } from "../support/gate.ts";
import type { Relay } from "../support/relay.ts";
import { accepted, lost, type MatrixFault, type Verdict } from "./fault.ts";

const fault = (what: string, act: (relay: Relay) => Promise<void>, verdict: Verdict): MatrixFault => ({
  what: `a kept connection: ${what}`,
  how: { strikes: "kept connection", act },
  on: "reused connection",
  ...verdict,
});

/** At the moment when the client writes its next request over it: it cannot have known. */
const asRequestIsWritten =
  (act: (relay: Relay) => void) =>
  async (relay: Relay): Promise<void> =>
    onNext("http.client.request.start", () => act(relay));

function endUnheard(relay: Relay): void {
  relay.cutOff();
  relay.stream.end();
}

const timeIsUp = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

const unseen = { ...lost, code: /^(ECONNRESET|EPIPE)$/, requests: 0, delivered: false } as const;

export const keptConnectionFaults: readonly MatrixFault[] = [
  fault("its end, and the client knows", endInOrder, { ...accepted, connects: 1 }),
  fault(
    "408 Request Timeout and its end, and the client knows",
    async (relay) => {
      relay.stream.write(timeIsUp);
      await endInOrder(relay);
    },
    { ...accepted, connects: 1 },
  ),
  fault(
    "408 Request Timeout and its end as the next message is sent",
    async ({ stream }) => void stream.end(timeIsUp),
    { ...accepted, connects: 1 },
  ),
  fault(
    "the last receipt once more, and the client has read it",
    async ({ stream, lastWords }) => {
      stream.write(lastWords);
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    },
    { ...accepted, connects: 1 },
  ),
  fault(
    "the last receipt once more as the next message is sent",
    async ({ stream, lastWords }) => void stream.write(lastWords),
    { ...accepted, connects: 1 },
  ),
  fault("its end as the next request is written", asRequestIsWritten(endUnheard), unseen),
  fault(
    "closed as the next request is written",
    asRequestIsWritten(({ tcp }) => void tcp.destroy()),
    unseen,
  ),
  fault(
    "reset as the next request is written",
    asRequestIsWritten((relay) => relay.reset()),
    unseen,
  ),
];
