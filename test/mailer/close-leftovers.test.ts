import { getEventListeners } from "node:events";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  fakeTime,
  freshSignals,
  healthOf,
  heldProvider,
  pass,
  resultOf,
  send,
  settled,
  standby,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

describe("`await using`", () => {
  it("closes at the end of the block, after the attempts in flight", async () => {
    const closes: string[] = [];
    const provider = {
      ...memoryProviderLike("only"),
      close: async () => {
        closes.push("only");
      },
    };
    const sent: string[] = [];
    {
      await using mailer = createMailer({ providers: [provider] });
      sent.push(resultOf(await send(mailer)));
      expect(closes).toEqual([]);
    }

    expect(sent).toEqual(["only"]);
    expect(closes).toEqual(["only"]);
  });
});

function memoryProviderLike<const N extends string>(name: N) {
  return { name, unsupported: () => [], send: async () => ({ providerMessageId: "1" }) };
}

describe("the providers' own close()", () => {
  it("is called once each, however often the mailer is closed, and after their attempts", async () => {
    const calls: string[] = [];
    const held = heldProvider("first");
    const first = {
      ...held,
      close: async () => {
        calls.push("first");
      },
    };
    const second = {
      ...memoryProviderLike("second"),
      close: async () => {
        calls.push("second");
      },
    };
    const mailer = createMailer({ providers: [first, second, memoryProviderLike("without")] });
    const sending = send(mailer);
    await settled();

    const closing = [mailer.close(), mailer.close()];
    await settled();
    expect(calls).toEqual([]);
    held.held[0]?.end("accepted");
    await Promise.all([...closing, sending]);
    await mailer.close();

    expect(calls).toEqual(["first", "second"]);
  });

  it.each([
    { how: "rejects", close: () => Promise.reject(new Error("cannot close")) },
    {
      how: "throws",
      close: () => {
        throw new Error("cannot close");
      },
    },
  ])("one that $how changes nothing: the others are closed, and close() resolves", async ({ close }) => {
    const calls: string[] = [];
    const other = {
      ...memoryProviderLike("other"),
      close: async () => {
        calls.push("other");
      },
    };
    const mailer = createMailer({ providers: [{ ...memoryProviderLike("broken"), close }, other] });

    await expect(mailer.close()).resolves.toBeUndefined();

    expect(calls).toEqual(["other"]);
  });
});

describe("after a send and after close() nothing is left behind", () => {
  it("no listener on the caller's signal, however the send ended", async () => {
    const provider = memoryProvider({ script: ["accepted", "rejected", "unavailable", "unavailable", "unavailable"] });
    const mailer = createMailer({ providers: [provider], retry: { minDelay: 1, maxDelay: 1 } });
    const { signal } = new AbortController();
    for (let sent = 0; sent < 3; sent += 1) {
      const sending = send(mailer, { signal });
      await pass(100);
      await sending;
      expect(getEventListeners(signal, "abort")).toHaveLength(0);
    }
  });

  it("no listener on the caller's signal of a send that close() ended", async () => {
    const provider = memoryProvider({ script: [{ reason: "throttled", retryAfter: 20_000 }] });
    const mailer = createMailer({ providers: [provider] });
    const { signal } = new AbortController();
    const waiting = send(mailer, { signal });
    await settled();
    expect(getEventListeners(signal, "abort").length).toBeGreaterThan(0);

    await mailer.close();
    await waiting;

    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("no listener of finished sends on the mailer's own signals", async () => {
    const signals = freshSignals();
    const mailer = createMailer({ providers: [memoryProvider({ script: ["unavailable", "timeout"] }), standby()] });
    for (let sent = 0; sent < 10; sent += 1) await send(mailer);

    const listening = signals().filter((signal) => getEventListeners(signal, "abort").length > 0);

    expect(signals().length).toBeGreaterThan(0);
    expect(listening).toEqual([]);
  });

  it("health() still tells, with nothing under way", async () => {
    const mailer = createMailer({ providers: [memoryProvider()] });
    await send(mailer);
    await mailer.close();

    expect(healthOf(mailer, "memory")).toMatchObject({ state: "healthy", inFlight: 0, queued: 0 });
  });

  it("isolating a provider of a closed mailer does no harm", async () => {
    const mailer = createMailer({ providers: [memoryProvider()] });
    await mailer.close();

    mailer.isolate("memory")[Symbol.dispose]();

    expect(healthOf(mailer, "memory").isolated).toBe(false);
  });
});
