import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, ProviderError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { fakeTime, heldProvider, pass, resultOf, send, settled, standby, triesOf } from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

/** Whether a promise has ended yet. */
function watched(promise: Promise<unknown>): { ended: boolean } {
  const watch = { ended: false };
  const end = () => {
    watch.ended = true;
  };
  promise.then(end, end);
  return watch;
}

describe("close({ timeout }): what is still under way then is aborted", () => {
  it("attempts in flight end with ClosedError, which says that they may have been sent", async () => {
    const provider = heldProvider("only");
    const mailer = createMailer({ providers: [provider] });
    const sending = send(mailer);
    await settled();

    const closing = mailer.close({ timeout: 2_000 });
    await pass(1_999);
    expect(provider.held[0]?.attempt.signal.aborted).toBe(false);
    await pass(2);

    expect(provider.held[0]?.attempt.signal.aborted).toBe(true);
    const ending = await sending;
    expect(triesOf(ending)).toEqual(["only aborted"]);
    expect(ending).toMatchObject({ ok: false, error: { kind: "closed", sent: "maybe" } });
    await closing;
  });

  it("what is accepted before it resolves", async () => {
    const provider = memoryProvider({ latency: 1_500 });
    const mailer = createMailer({ providers: [provider] });
    const sending = send(mailer);
    await settled();

    const closing = mailer.close({ timeout: 2_000 });
    await pass(1_500);
    await closing;

    expect(resultOf(await sending)).toBe("memory");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("an attempt that the adapter proves to be unsent leaves `sent` at no", async () => {
    const provider = {
      name: "only" as const,
      unsupported: () => [],
      send: (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener("abort", () =>
            reject(new ProviderError({ reason: "aborted", scope: "none", sent: "no" })),
          );
        }),
    };
    const mailer = createMailer({ providers: [provider] });
    const sending = send(mailer);
    await settled();

    const closing = mailer.close({ timeout: 100 });
    await pass(101);
    await closing;

    expect(await sending).toMatchObject({ ok: false, error: { kind: "closed", sent: "no" } });
  });

  it("no further provider is tried after it", async () => {
    const primary = heldProvider("primary");
    const other = standby();
    const mailer = createMailer({ providers: [primary, other] });
    const sending = send(mailer);
    await settled();

    const closing = mailer.close({ timeout: 100 });
    await pass(101);
    await closing;

    expect(resultOf(await sending)).toBe("closed");
    expect(other.attempts).toBe(0);
  });

  it("a second close with a shorter timeout shortens the first", async () => {
    const provider = heldProvider("only");
    const mailer = createMailer({ providers: [provider] });
    const sending = send(mailer);
    await settled();
    const patient = mailer.close();

    const hasty = mailer.close({ timeout: 500 });
    await pass(501);
    await Promise.all([patient, hasty]);

    expect(resultOf(await sending)).toBe("closed");
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    "a timeout of %d is refused, and nothing is closed",
    async (timeout) => {
      const mailer = createMailer({ providers: [memoryProvider()] });

      await expect(mailer.close({ timeout })).rejects.toThrow(RangeError);

      expect(resultOf(await send(mailer))).toBe("memory");
    },
  );

  it("holds for a provider whose own close never ends, too", async () => {
    const provider = { ...heldProvider("only"), close: () => new Promise<void>(() => {}) };
    const mailer = createMailer({ providers: [provider] });
    const watch = watched(mailer.close({ timeout: 1_000 }));

    await pass(1_001);

    expect(watch.ended).toBe(true);
  });
});
