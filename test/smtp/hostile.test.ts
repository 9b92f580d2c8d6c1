import { once } from "node:events";
import net from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Context, errorOf, failureOf, prepared, providerAt, server, stopTime } from "./harness.ts";
import type { Deed, Point } from "./scripted-server.ts";

async function against(point: Point, deed: Deed) {
  const esp = await server({ script: (turn) => (turn.point === point ? deed : undefined) });
  return { esp, failure: await failureOf(providerAt(esp)) };
}

/** A port that leads to the server, and hands on its words one byte at a time. */
async function byteByByte(port: number): Promise<number> {
  const relay = net.createServer((client) => {
    const upstream = net.connect(port, "127.0.0.1");
    client.setNoDelay(true);
    client.pipe(upstream);
    client.on("error", () => {});
    let written = Promise.resolve();
    upstream.on("data", (chunk: Buffer) => {
      for (const byte of chunk) written = written.then(() => handOn(client, byte));
    });
    upstream.on("end", () => void written.then(() => client.end()));
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  onTestFinished(() => void relay.close());
  const address = relay.address();
  return typeof address === "object" && address ? address.port : 0;
}

function handOn(client: net.Socket, byte: number): Promise<void> {
  return new Promise((done) => client.write(Buffer.of(byte), () => setImmediate(done)));
}

describe("a server that", () => {
  it.each([
    ["greets in another protocol", "connect", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["greets with garbage", "connect", "\u0000\u0001\u0002\u00ff\r\n"],
    ["greets with a positive code that is not 220", "connect", "250 Hello"],
    ["answers EHLO in garbage", "EHLO", "ok"],
    ["answers MAIL in garbage", "MAIL", "certainly!"],
    ["answers RCPT with a code of two digits", "RCPT", "25 Ok"],
    ["answers MAIL with 300 kB in one line", "MAIL", `250 ${"x".repeat(300_000)}`],
    ["answers MAIL with 150 kB of lines", "MAIL", "250-more of it\r\n".repeat(10_000)],
  ] as const)("%s is not sent a message", async (_, point, say) => {
    const { esp, failure } = await against(point, { say });
    expect(failure.sent).toBe("no");
    expect(esp.inbox).toEqual([]);
    await esp.until(() => esp.open === 0);
  });

  it.each([
    ["answers the dot in garbage", "certainly!"],
    ["answers the dot with 354", "354 Go on"],
    ["answers the dot with 300 kB in one line", `250 ${"x".repeat(300_000)}`],
    ["answers the dot with 150 kB of lines", "250-more of it\r\n".repeat(10_000)],
    ["answers the dot with a code of four digits", "2500 Ok"],
    ["says yes and then no to the dot", "250-2.0.0 Ok\r\n554 5.7.1 No"],
    ["says no and then yes to the dot", "554-5.7.1 No\r\n250 2.0.0 Ok"],
  ])("%s may have the message", async (_, say) => {
    const { esp, failure } = await against("end", { say, take: true });
    expect(failure).toMatchObject({ scope: "provider", sent: "maybe" });
    await esp.until(() => esp.open === 0);
  });

  it.each(["250 2.0.0 Ok", "554 5.7.1 No", "451 4.3.0 No"])(
    "breaks off in '%s', before the end of that line, may have the message",
    async (say) => {
      const esp = await server({ script: () => undefined });
      esp.script = ({ point }) => (point === "end" ? { raw: say, cut: "end", take: true } : undefined);
      expect(await failureOf(providerAt(esp))).toMatchObject({ reason: "response-lost", sent: "maybe" });
    },
  );

  it("says that it took the message before it can have it all is not believed", async () => {
    const esp = await server({
      script: ({ point }) => (point === "body" ? { say: "250 2.0.0 Ok: queued as 1" } : undefined),
    });
    const big = await prepared({ attachments: [{ filename: "large.bin", content: new Uint8Array(16_000_000) }] });
    const { failure } = await errorOf(providerAt(esp).send(big, new Context()));
    expect(failure).toMatchObject({ reason: "bad-response", sent: "maybe" });
  });

  it.each([
    ["took", "250 2.0.0 Ok: queued as 1", { reason: "bad-response", sent: "maybe" }],
    ["refuses", "554 5.7.1 Spam", { reason: "rejected", sent: "no" }],
  ])("says that it %s the message together with the leave to send it does not get it", async (_, say, expected) => {
    const both = { say: `354 Go ahead\r\n${say}\r\n` };
    const esp = await server({ script: ({ point }) => (point === "DATA" ? both : undefined) });
    expect(await failureOf(providerAt(esp))).toMatchObject(expected);
    await esp.until(() => esp.open === 0);
    expect(esp.reached("body") + esp.reached("end")).toBe(0);
  });

  it("speaks byte by byte is understood", async () => {
    const esp = await server({
      script: ({ point }) =>
        point === "end" ? { say: "250-2.0.0 Thank you\r\n250 2.0.0 Ok: queued as 77aa88", take: true } : undefined,
    });
    const sent = await providerAt({ port: await byteByByte(esp.port) }).send(await prepared(), new Context());
    expect(sent).toEqual({ providerMessageId: "77aa88" });
    expect(esp.inbox).toHaveLength(1);
  });

  it("refuses the message while it comes has not got it", async () => {
    const esp = await server({
      script: ({ point }) => (point === "body" ? { say: "552 5.3.4 Too big", cut: "end" } : undefined),
    });
    const big = await prepared({ attachments: [{ filename: "large.bin", content: new Uint8Array(16_000_000) }] });
    expect(await failureOf(providerAt(esp), big)).toMatchObject({ sent: "no" });
    expect(esp.inbox).toEqual([]);
  });

  it("trickles its reply for ever is given up when the time is over", async () => {
    stopTime();
    const esp = await server({ script: ({ point }) => (point === "end" ? { raw: "250-2.0.0 wait\r\n" } : undefined) });
    const sending = failureOf(providerAt(esp));
    await esp.until(() => esp.reached("end") > 0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await sending).toMatchObject({ reason: "timeout", sent: "maybe" });
    await esp.until(() => esp.open === 0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
