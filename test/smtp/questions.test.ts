import { describe, expect, it, vi } from "vitest";
import type { Provider } from "../../src/providers/provider.ts";
import { Context, errorOf, prepared, providerAt, server, stopTime } from "./harness.ts";

const limits = () => ({ signal: new AbortController().signal, timeout: 5_000 });

async function ask(provider: Provider, sender?: { address: string }) {
  const checks = await provider.verify?.({ ...limits(), sender });
  return checks?.map(({ of, verdict }) => `${of}: ${verdict}`);
}

describe("verify", () => {
  it("says that the login works, and that SMTP tells no more", async () => {
    const esp = await server();
    expect(await ask(providerAt(esp), { address: "orders@example.com" })).toEqual([
      "credentials: good",
      "account: unknown",
      "sender: unknown",
    ]);
    expect(esp.lines.join()).not.toContain("MAIL");
  });

  it("logs in anew, also where a connection is there", async () => {
    const esp = await server();
    const provider = providerAt(esp);
    await provider.send(await prepared(), new Context());
    esp.script = ({ point }) => (point === "AUTH" ? { say: "535 5.7.8 Revoked" } : undefined);
    expect(await ask(provider)).toEqual(["credentials: bad", "account: unknown"]);
    await esp.until(() => esp.open === 0);
  });

  it("says that the account is suspended", async () => {
    const esp = await server({
      script: ({ point }) => (point === "AUTH" ? { say: "535 5.7.8 Account is suspended" } : undefined),
    });
    expect(await ask(providerAt(esp))).toEqual(["credentials: unknown", "account: bad"]);
  });

  it("throws where nobody could be asked", async () => {
    const esp = await server({ script: ({ point }) => (point === "AUTH" ? { say: "454 4.7.0 Not now" } : undefined) });
    expect((await errorOf(ask(providerAt(esp)))).failure).toMatchObject({ reason: "unavailable" });
  });

  it("says nothing of credentials where there are none", async () => {
    const esp = await server();
    expect(await ask(providerAt(esp, { auth: false }))).toEqual(["credentials: unknown", "account: unknown"]);
  });

  it("keeps to its time limit", async () => {
    stopTime();
    const esp = await server({ script: ({ point }) => (point === "EHLO" ? { stall: true } : undefined) });
    const asking = errorOf(ask(providerAt(esp)));
    await esp.until(() => esp.reached("EHLO") > 0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await asking).failure).toMatchObject({ reason: "unreachable", code: "ETIMEDOUT" });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("warm", () => {
  it("opens and logs in a connection, which the first message goes over", async () => {
    const esp = await server();
    const provider = providerAt(esp);
    await provider.warm?.(limits());
    expect(esp.lines.map((line) => line.split(" ")[0])).toEqual(["", "EHLO", "AUTH"]);
    await provider.warm?.(limits());
    await provider.send(await prepared(), new Context({ fresh: true }));
    expect(esp.sockets).toHaveLength(1);
  });

  it("says what is wrong", async () => {
    const esp = await server({ script: ({ point }) => (point === "AUTH" ? { say: "535 5.7.8 No" } : undefined) });
    const error = await errorOf(Promise.resolve(providerAt(esp).warm?.(limits())));
    expect(error.failure).toMatchObject({ reason: "authentication", sent: "no" });
    await esp.until(() => esp.open === 0);
  });
});
