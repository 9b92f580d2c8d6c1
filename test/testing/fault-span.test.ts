import http from "node:http";
import net from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Simulator, startSimulator } from "../../src/testing/index.ts";
import { exchange, until } from "./http-client.ts";
import { sendgridRequest } from "./valid-requests.ts";

let esp: Simulator<"sendgrid">;
afterEach(() => esp.close());

async function send() {
  return exchange(esp.url, sendgridRequest(esp.options));
}

describe("how long a fault lasts", () => {
  it("strikes the next so many requests and no more", async () => {
    esp = await startSimulator("sendgrid");
    esp.fault({ kind: "status", status: 500 }, { times: 2 });
    const seen = [await send(), await send(), await send()];
    expect(seen.map(({ status }) => status)).toEqual([500, 500, 202]);
  });

  it("strikes so many of many requests at once", async () => {
    esp = await startSimulator("sendgrid");
    esp.fault({ kind: "status", status: 500 }, { times: 3 });
    const seen = await Promise.all(Array.from({ length: 10 }, send));
    expect(seen.filter(({ status }) => status === 500)).toHaveLength(3);
    expect(esp.inbox).toHaveLength(7);
  });

  it("counts connections where it strikes connections", async () => {
    esp = await startSimulator("sendgrid");
    esp.fault({ kind: "reset-on-accept" }, { times: 1 });
    expect(await send()).toMatchObject({ broken: "ECONNRESET" });
    expect(await send()).toMatchObject({ status: 202 });
    expect(esp.connections).toBe(2);
  });

  it("is over when its time is, by the clock", async () => {
    esp = await startSimulator("sendgrid");
    const clock = vi.spyOn(performance, "now");
    const began = performance.now();
    clock.mockReturnValue(began);
    esp.fault({ kind: "status", status: 500 }, { for: 1_000 });
    expect(await send()).toMatchObject({ status: 500 });
    clock.mockReturnValue(began + 999);
    expect(await send()).toMatchObject({ status: 500 });
    clock.mockReturnValue(began + 1_000);
    expect(await send()).toMatchObject({ status: 202 });
  });

  it("opens a refused port again by itself when the time is over", async () => {
    esp = await startSimulator("sendgrid");
    esp.fault({ kind: "refuse" }, { for: 30 });
    let seen = await send();
    expect(seen.broken).toBe("ECONNREFUSED");
    while (seen.broken) seen = await send();
    expect(seen.status).toBe(202);
  });

  it("does not reopen a port that a later fault refuses", async () => {
    esp = await startSimulator("sendgrid");
    esp.fault({ kind: "refuse" }, { for: 1 });
    esp.fault({ kind: "refuse" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await send()).toMatchObject({ broken: "ECONNREFUSED" });
  });

  it("gives way to the fault that comes after it, the port included", async () => {
    esp = await startSimulator("sendgrid");
    esp.fault({ kind: "refuse" });
    esp.fault({ kind: "status", status: 500 });
    expect(await send()).toMatchObject({ status: 500 });
    esp.fault({ kind: "refuse" });
    expect(await send()).toMatchObject({ broken: "ECONNREFUSED" });
    await esp.heal();
    expect(await send()).toMatchObject({ status: 202 });
  });

  it("survives faults and healings in quick succession", async () => {
    esp = await startSimulator("sendgrid");
    for (let i = 0; i < 5; i += 1) {
      esp.fault({ kind: "refuse" });
      void esp.heal();
    }
    esp.fault({ kind: "refuse" });
    // The port may be about to open just now; who gets in that way is thrown out.
    expect((await send()).broken).toMatch(/ECONNREFUSED|ECONNRESET/);
    expect(await send()).toMatchObject({ broken: "ECONNREFUSED" });
    await esp.heal();
    expect(await send()).toMatchObject({ status: 202 });
  });

  it("serves a client that connects in the same turn in which it is healed", async () => {
    esp = await startSimulator("sendgrid");
    esp.fault({ kind: "refuse" });
    void esp.heal();
    expect(await send()).toMatchObject({ status: 202 });
  });

  it.each([
    ["refuse", "ECONNREFUSED"],
    ["reset-on-accept", "ECONNRESET"],
  ] as const)(
    "of kind %s strikes clients with an idle connection too, once they have noticed",
    async (kind, broken) => {
      esp = await startSimulator("sendgrid");
      const agent = new http.Agent({ keepAlive: true });
      const request = sendgridRequest(esp.options);
      expect(await exchange(esp.url, request, { agent })).toMatchObject({ status: 202 });
      expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
      await esp.fault({ kind });
      expect(Object.values(agent.freeSockets).flat()).toHaveLength(0);
      expect(await exchange(esp.url, request, { agent })).toMatchObject({ broken });
      expect(esp.inbox).toHaveLength(1);
      expect(esp.requests).toBe(1);
      agent.destroy();
    },
  );

  it("resets a request that comes over an idle connection before its client has noticed", async () => {
    esp = await startSimulator("sendgrid");
    const agent = new http.Agent({ keepAlive: true });
    const request = sendgridRequest(esp.options);
    await exchange(esp.url, request, { agent });
    void esp.fault({ kind: "refuse" });
    expect(await exchange(esp.url, request, { agent })).toMatchObject({ broken: "ECONNRESET" });
    expect(esp.inbox).toHaveLength(1);
    agent.destroy();
  });

  it("does not wait for clients that keep their end of a connection open", async () => {
    esp = await startSimulator("sendgrid");
    const socket = net.connect({ port: Number(new URL(esp.url).port), host: "127.0.0.1", allowHalfOpen: true });
    await until(() => esp.connections === 1);
    await esp.fault({ kind: "refuse" });
    expect(socket.writable).toBe(true);
    expect(await send()).toMatchObject({ broken: "ECONNREFUSED" });
    socket.destroy();
  });

  it("lets what is under way finish when connections are reset from now on", async () => {
    esp = await startSimulator("sendgrid", { latency: 20 });
    const first = send();
    await until(() => esp.inbox.length === 1);
    esp.fault({ kind: "reset-on-accept" });
    expect(await first).toMatchObject({ status: 202 });
    expect(await send()).toMatchObject({ broken: "ECONNRESET" });
  });
});

describe("a fault that makes no sense", () => {
  it.each([
    [{ kind: "explode" }, {}, /no fault of kind "explode".*refuse, reset-on-accept.*reject-message/],
    [{ kind: "slow", ms: -1 }, {}, /ms of a slow fault.*not -1/],
    [{ kind: "slow", ms: Number.NaN }, {}, /not NaN/],
    [{ kind: "status", status: 99 }, {}, /200 to 599, not 99/],
    [{ kind: "throttle", retryAfter: -5 }, {}, /retryAfter.*not -5/],
    [{ kind: "stall" }, { times: 0 }, /times must be a positive integer, not 0/],
    [{ kind: "stall" }, { times: 1.5 }, /not 1\.5/],
    [{ kind: "stall" }, { for: 2 ** 31 }, /for must be milliseconds/],
    [{ kind: "refuse" }, { times: 1 }, /cannot go with refuse.*use for/],
  ])("is refused: %o %o", async (fault, span, message) => {
    esp = await startSimulator("sendgrid");
    // As JavaScript would call it.
    expect(() => Reflect.apply(esp.fault, esp, [fault, span])).toThrow(RangeError);
    expect(() => Reflect.apply(esp.fault, esp, [fault, span])).toThrow(message);
    expect(await send()).toMatchObject({ status: 202 });
  });
});
