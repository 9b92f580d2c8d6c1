import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { atLoopback, Context, encrypted, failureOf, providerAt, sendOver, server, stopTime } from "./harness.ts";

describe("a connection", () => {
  it("carries one message after another, with one login", async () => {
    const esp = await server();
    const provider = providerAt(esp);
    for (let at = 0; at < 3; at++) await sendOver(provider);
    expect(esp.sockets).toHaveLength(1);
    expect(esp.lines.filter((line) => line.startsWith("AUTH"))).toHaveLength(1);
    expect(esp.inbox).toHaveLength(3);
  });

  it("is used again after a message that the server refused at its end", async () => {
    const esp = await server({
      script: ({ point, time }) => (point === "end" && time === 1 ? { say: "554 5.7.1 Spam" } : undefined),
    });
    const provider = providerAt(esp);
    await failureOf(provider);
    await sendOver(provider);
    expect(esp.sockets).toHaveLength(1);
  });

  it("is replaced after a hundred messages", async () => {
    const esp = await server();
    const provider = providerAt(esp);
    for (let at = 0; at < 101; at++) await sendOver(provider);
    expect(esp.sockets).toHaveLength(2);
    expect(esp.inbox).toHaveLength(101);
  });

  it.each([
    ["in silence", { cut: "end" }],
    ["with a reset", { cut: "reset" }],
    ["with a 421", { say: "421 4.4.2 Idle for too long", cut: "end" }],
  ] as const)(
    "that the server ends %s when the next message begins is replaced, and the message goes out once",
    async (_, deed) => {
      const esp = await server({ script: ({ point, time }) => (point === "MAIL" && time === 2 ? deed : undefined) });
      const provider = providerAt(esp);
      await sendOver(provider);
      await sendOver(provider);
      expect(esp.sockets).toHaveLength(2);
      expect(esp.inbox).toHaveLength(2);
    },
  );

  it("that answers out of turn at the next message is replaced, and closed", async () => {
    const esp = await server({
      script: ({ point, time }) => (point === "DATA" && time === 2 ? { say: "250 2.1.5 Ok" } : undefined),
    });
    const provider = providerAt(esp);
    await sendOver(provider);
    await sendOver(provider);
    expect(esp.inbox).toHaveLength(2);
    expect(esp.sockets).toHaveLength(2);
    await esp.until(() => esp.open === 1);
  });

  it.each([
    ["closed", (socket: import("node:net").Socket) => socket.end()],
    ["closed with a 421", (socket: import("node:net").Socket) => socket.end("421 4.4.2 Idle\r\n")],
    ["written to unasked", (socket: import("node:net").Socket) => void socket.write("250 2.0.0 Ok\r\n")],
  ])("that was %s while it idled is not used again", async (_, disturb) => {
    const esp = await server();
    const provider = providerAt(esp);
    await sendOver(provider);
    for (const socket of esp.sockets) disturb(socket);
    // The way to this side is as long as that of an answer.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await sendOver(provider);
    expect(esp.sockets).toHaveLength(2);
    expect(esp.inbox).toHaveLength(2);
  });

  it.each([
    [3_999, false, 1],
    [4_000, false, 2],
    [999, true, 1],
    [1_000, true, 2],
  ])(
    "idle for %i ms, where a fresh one is asked for: %s, makes it %i connections",
    async (idle, fresh, connections) => {
      stopTime();
      const esp = await server();
      const provider = providerAt(esp);
      await sendOver(provider);
      vi.setSystemTime(Date.now() + idle);
      vi.spyOn(performance, "now").mockReturnValue(performance.now() + idle);
      await sendOver(provider, new Context({ fresh }));
      expect(esp.sockets).toHaveLength(connections);
    },
  );

  it("is not used after the clock was set, as in a process that was frozen", async () => {
    stopTime();
    const esp = await server();
    const provider = providerAt(esp);
    await sendOver(provider);
    vi.setSystemTime(Date.now() + 60_000);
    await sendOver(provider);
    expect(esp.sockets).toHaveLength(2);
  });

  it("is ended by the client after four idle seconds, with a QUIT", async () => {
    stopTime();
    const esp = await server();
    await sendOver(providerAt(esp));
    await vi.advanceTimersByTimeAsync(8_000);
    await esp.until(() => esp.open === 0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that idles is closed with the provider", async () => {
    const esp = await server();
    const provider = providerAt(esp);
    await Promise.all([sendOver(provider), sendOver(provider)]);
    expect(esp.open).toBe(2);
    await provider.close?.();
    await esp.until(() => esp.open === 0);
  });

  it("is closed with the provider, and one in use when its message is out", async () => {
    let goOn = () => {};
    const esp = await server();
    const provider = providerAt(esp);
    await sendOver(provider);
    esp.script = ({ point }) => {
      if (point === "end") goOn();
      return undefined;
    };
    const closed = new Promise<void>((resolve) => {
      goOn = () => resolve(provider.close?.());
    });
    await sendOver(provider);
    await closed;
    await esp.until(() => esp.open === 0);
    expect(esp.inbox).toHaveLength(2);
  });

  it.each(["none", "starttls", "from-start"] as const)(
    "does not keep the process alive while it idles (TLS: %s)",
    async (encryption) => {
      const esp = await server({ encryption });
      const options =
        encryption === "none" ? atLoopback : { ...atLoopback, ...encrypted, secure: encryption === "from-start" };
      const program = `
      const { smtp } = await import("./src/providers/smtp/index.ts");
      const provider = smtp(${JSON.stringify({ ...options, port: esp.port })});
      const nobody = { address: "a@example.com" };
      const message = { from: nobody, to: [nobody], cc: [], bcc: [], replyTo: [], subject: "x", text: "x", attachments: [],
        headers: [], tags: [], metadata: [], tracking: { opens: false, clicks: false }, size: 1 };
      await provider.send(message, { id: "a", signal: new AbortController().signal, timeout: 5000, fresh: false });
      console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|TCP|TLS/.test(name)).length);
    `;
      const began = esp.sockets.length;
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--import", "tsx", "--input-type=module", "--eval", program],
        { timeout: 15_000 },
      );
      expect(stdout.trim()).toBe("0");
      expect(esp.sockets.length - began).toBe(1);
      expect(esp.inbox).toHaveLength(1);
    },
  );
});
