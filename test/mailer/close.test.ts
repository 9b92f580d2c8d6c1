import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, failure, ProviderError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { fakeTime, heldProvider, pass, resultOf, send, settled, triesOf } from "./health-support.ts";

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

describe("close: attempts in flight finish", () => {
  it("an accepted one resolves with its receipt, and close() waits for it", async () => {
    const provider = heldProvider("only");
    const mailer = createMailer({ providers: [provider] });
    const sending = send(mailer);
    await settled();

    const closing = mailer.close();
    const watch = watched(closing);
    await pass(5_000);
    expect(watch.ended).toBe(false);
    expect(provider.held[0]?.attempt.signal.aborted).toBe(false);
    provider.held[0]?.end("accepted");

    expect(triesOf(await sending)).toEqual(["only accepted"]);
    await closing;
  });

  it("a rejected one ends as rejected", async () => {
    const provider = heldProvider("only");
    const mailer = createMailer({ providers: [provider] });
    const sending = send(mailer);
    await settled();

    const closing = mailer.close();
    provider.held[0]?.end(new ProviderError(failure("rejected")));

    expect(resultOf(await sending)).toBe("rejected");
    await closing;
  });

  it("an unknown one under onUnknown: stop ends as unknown", async () => {
    const provider = heldProvider("only");
    const mailer = createMailer({ providers: [provider], onUnknown: "stop" });
    const sending = send(mailer);
    await settled();

    const closing = mailer.close();
    provider.held[0]?.end(new ProviderError(failure("server-error")));

    expect(resultOf(await sending)).toBe("unknown");
    await closing;
  });

  it("one that fails where no other provider is left ends without another round", async () => {
    const provider = heldProvider("only");
    const mailer = createMailer({ providers: [provider] });
    const sending = send(mailer);
    await settled();

    const closing = mailer.close();
    provider.held[0]?.end(new ProviderError(failure("unavailable")));
    await settled();

    const ending = await sending;
    expect(resultOf(ending)).toBe("closed");
    expect(triesOf(ending)).toEqual(["only unavailable"]);
    expect(provider.held).toHaveLength(1);
    await closing;
  });

  it("all of a hundred", async () => {
    const provider = memoryProvider({ latency: 3_000 });
    const mailer = createMailer({ providers: [provider] });
    const sending = Array.from({ length: 100 }, () => send(mailer));
    await settled();

    const closing = mailer.close();
    await pass(3_000);
    await closing;

    expect((await Promise.all(sending)).map(resultOf)).toEqual(Array.from({ length: 100 }, () => "memory"));
    expect(provider.inbox).toHaveLength(100);
  });
});

describe("close: new sends reject with ClosedError", () => {
  it("at once, untried, also while attempts in flight still run", async () => {
    const provider = heldProvider("only");
    const mailer = createMailer({ providers: [provider] });
    const sending = send(mailer);
    await settled();
    const closing = mailer.close();

    const late = await send(mailer);

    expect(late).toMatchObject({ ok: false, error: { kind: "closed", sent: "no", attempts: [] } });
    expect(provider.held).toHaveLength(1);
    provider.held[0]?.end("accepted");
    await Promise.all([sending, closing]);
    expect(resultOf(await send(mailer))).toBe("closed");
  });
});

describe("close twice", () => {
  it("is fine, before and after the first has ended", async () => {
    const provider = heldProvider("only");
    const mailer = createMailer({ providers: [provider] });
    const sending = send(mailer);
    await settled();

    const both = [mailer.close(), mailer.close()];
    provider.held[0]?.end("accepted");
    await Promise.all(both);
    await mailer.close();

    expect(resultOf(await sending)).toBe("only");
  });

  it("is fine without any send", async () => {
    const mailer = createMailer({ providers: [memoryProvider()] });

    await expect(mailer.close()).resolves.toBeUndefined();
    await expect(mailer.close({ timeout: 10 })).resolves.toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
