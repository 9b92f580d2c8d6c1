import { describe, expect, it, vi } from "vitest";
import { Context, errorOf, failureOf, prepared, providerAt, sendOver, server, stopTime } from "./harness.ts";

describe("an attempt", () => {
  it("that waits for a connection in vain is not sent", async () => {
    stopTime();
    const esp = await server({ script: ({ point }) => (point === "end" ? { stall: true } : undefined) });
    const provider = providerAt(esp, { maxConnections: 1 });
    const first = errorOf(sendOver(provider, new Context({ timeout: 20_000 })));
    await esp.until(() => esp.reached("end") > 0);
    const second = errorOf(sendOver(provider));
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await second).failure).toMatchObject({
      reason: "internal",
      scope: "none",
      sent: "no",
      detail: expect.stringMatching(/^no connection to 127\.0\.0\.1 was free for most of the time/),
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await first).failure).toMatchObject({ reason: "timeout", sent: "maybe" });
    expect(vi.getTimerCount()).toBe(0);
    // Its place is free again.
    esp.script = () => undefined;
    await sendOver(provider);
  });

  it("that waits for a connection is not written out yet", async () => {
    const esp = await server({ script: ({ point }) => (point === "end" ? { stall: true } : undefined) });
    const provider = providerAt(esp, { maxConnections: 1 });
    const message = await prepared();
    let looks = 0;
    const watched = {
      ...message,
      get attachments() {
        looks += 1;
        return message.attachments;
      },
    };
    const [first, second] = [new Context(), new Context()];
    const sending = errorOf(sendOver(provider, first));
    await esp.until(() => esp.reached("end") > 0);
    const waiting = errorOf(provider.send(watched, second));
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(looks).toBe(0);
    first.controller.abort();
    await sending;
    await esp.until(() => esp.reached("end") > 1);
    expect(looks).toBeGreaterThan(0);
    second.controller.abort();
    await waiting;
  });

  it("that is given up in the very moment when its turn comes leaves the place to others", async () => {
    const esp = await server();
    const provider = providerAt(esp, { maxConnections: 1 });
    for (let ticks = 0; ticks < 20; ticks++) {
      esp.script = ({ point }) => (point === "end" ? { stall: true } : undefined);
      const reached = esp.reached("end");
      const [first, second] = [new Context(), new Context()];
      const sending = errorOf(sendOver(provider, first));
      await esp.until(() => esp.reached("end") > reached);
      const waiting = sendOver(provider, second).catch(() => {});
      await new Promise<void>((resolve) => setImmediate(resolve));
      first.controller.abort();
      for (let tick = 0; tick < ticks; tick++) await undefined;
      second.controller.abort();
      await Promise.all([sending, waiting]);
      esp.script = () => undefined;
      await sendOver(provider);
    }
  });

  it.each([
    ["MAIL", "no"],
    ["end", "maybe"],
  ] as const)("that is aborted while the server thinks about %s ends at once, and says '%s'", async (point, sent) => {
    const esp = await server({ script: (turn) => (turn.point === point ? { stall: true } : undefined) });
    const context = new Context();
    const sending = failureOf(providerAt(esp), undefined, context);
    await esp.until(() => esp.reached(point) > 0);
    context.controller.abort(new Error("enough"));
    expect(await sending).toMatchObject({ reason: "aborted", sent });
    for (const socket of esp.sockets) socket.resume();
    await esp.until(() => esp.open === 0);
  });

  it("whose signal had aborted before opens no connection", async () => {
    const esp = await server();
    const context = new Context();
    context.controller.abort();
    expect(await failureOf(providerAt(esp), undefined, context)).toMatchObject({ reason: "aborted", sent: "no" });
    expect(esp.sockets).toEqual([]);
  });

  it("whose signal aborts for a time limit is a time-out", async () => {
    const esp = await server({ script: ({ point }) => (point === "end" ? { stall: true } : undefined) });
    const context = new Context();
    const sending = failureOf(providerAt(esp), undefined, context);
    await esp.until(() => esp.reached("end") > 0);
    context.controller.abort(new DOMException("limit", "TimeoutError"));
    expect(await sending).toMatchObject({ reason: "timeout", sent: "maybe" });
  });
});
