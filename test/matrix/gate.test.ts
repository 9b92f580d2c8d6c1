import net from "node:net";
import tls from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { serverThat } from "../wire/harness.ts";
import { answerOk, cert, type Scheme, schemes } from "../wire/raw-server.ts";
import { Gate, type GateFault } from "./support/gate.ts";

const request = "POST /send HTTP/1.1\r\nhost: esp.test\r\ncontent-length: 4\r\n\r\nbody";

/** What a client sees of its connection after one request over it. */
async function sightOf(scheme: Scheme, fault?: GateFault) {
  const esp = await serverThat(answerOk);
  const gate = new Gate(scheme, esp.port);
  const port = await gate.listen();
  onTestFinished(() => gate.close());
  if (fault) await gate.begin(fault);
  const to = { port, host: "127.0.0.1" };
  const client = scheme === "https" ? tls.connect({ ...to, ca: cert }) : net.connect(to);
  onTestFinished(() => void client.destroy());
  return new Promise<string>((resolve) => {
    client.on("error", (error: NodeJS.ErrnoException) => resolve(`${error.code} by ${error.syscall}`));
    client.on("end", () => resolve("its end"));
    client.on("data", (chunk: Buffer) => resolve(chunk.toString()));
    client.write(request);
  });
}

describe.each(schemes)("the gate over %s", (scheme) => {
  it("passes on what the ESP says", async () => {
    expect(await sightOf(scheme)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it.each<[string, GateFault]>([
    [
      "of a new connection",
      { strikes: "connection", act: (tcp) => void tcp.once("data", () => tcp.resetAndDestroy()) },
    ],
    ["instead of an answer", { strikes: "answer", act: (_answer, relay) => relay.reset() }],
    ["in the middle of a request", { strikes: "upload", act: (relay) => relay.reset() }],
  ])("a reset %s is a TCP reset at the client", async (_, fault) => {
    expect(await sightOf(scheme, fault)).toBe("ECONNRESET by read");
  });

  it("an end instead of an answer is no reset", async () => {
    expect(await sightOf(scheme, { strikes: "answer", act: (_answer, { stream }) => void stream.end() })).toBe(
      "its end",
    );
  });
});
