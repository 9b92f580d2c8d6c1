import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, failure, ProviderError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { fakeTime, heldProvider, letter, resultOf, send, settled, triesOf } from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

describe("close: waiting sends reject with ClosedError, and with what their attempts say", () => {
  it("one that waits for a throttle, without an attempt", async () => {
    const provider = memoryProvider({ script: [{ reason: "throttled", retryAfter: 20_000 }] });
    const mailer = createMailer({ providers: [provider], retry: { maxRounds: 1 } });
    await send(mailer);
    const waiting = send(mailer);
    await settled();

    await mailer.close();

    expect(await waiting).toMatchObject({
      ok: false,
      error: { kind: "closed", name: "ClosedError", sent: "no", retryable: false, attempts: [] },
    });
  });

  it("one that was throttled itself", async () => {
    const provider = memoryProvider({ script: [{ reason: "throttled", retryAfter: 20_000 }] });
    const mailer = createMailer({ providers: [provider] });
    const waiting = send(mailer);
    await settled();

    await mailer.close();

    const ending = await waiting;
    expect(triesOf(ending)).toEqual(["memory throttled"]);
    expect(ending).toMatchObject({ ok: false, error: { kind: "closed", sent: "no" } });
  });

  it("one that backs off before its next round", async () => {
    const provider = memoryProvider({ script: ["unavailable"] });
    const mailer = createMailer({ providers: [provider], retry: { minDelay: 8_000 } });
    const waiting = send(mailer);
    await settled();

    await mailer.close();

    const ending = await waiting;
    expect(resultOf(ending)).toBe("closed");
    expect(triesOf(ending)).toEqual(["memory unavailable"]);
    expect(provider.attempts).toBe(1);
  });

  it("one that waits for the verdict of another's last resort, which finishes", async () => {
    const provider = heldProvider("only");
    const mailer = createMailer({ providers: [provider], retry: { maxRounds: 1 } });
    const first = send(mailer);
    await settled();
    provider.held[0]?.end(new ProviderError(failure("suspended")));
    await first;
    const trying = send(mailer);
    await settled();
    const waiting = send(mailer);
    await settled();

    const closing = mailer.close();
    expect(resultOf(await waiting)).toBe("closed");
    provider.held[1]?.end("accepted");

    expect(resultOf(await trying)).toBe("only");
    await closing;
  });

  it("one whose content is still being read", async () => {
    const mailer = createMailer({ providers: [memoryProvider()] });
    const waiting = mailer.send({ ...letter, text: new Promise<string>(() => {}) });
    const refused = expect(waiting).rejects.toMatchObject({ kind: "closed", sent: "no", attempts: [] });
    await settled();

    await mailer.close();

    await refused;
  });

  it("their error says what happened and names no address", async () => {
    const provider = memoryProvider({ script: [{ reason: "throttled", retryAfter: 20_000, detail: "slow down" }] });
    const mailer = createMailer({ providers: [provider] });
    const waiting = mailer.send(letter, { id: "order-9" });
    const refused = waiting.catch((error: unknown) => String(error));
    await settled();

    await mailer.close();

    const text = await refused;
    expect(text).toContain("order-9");
    expect(text).toContain("memory throttled");
    expect(text).not.toContain("example.org");
  });
});
