import { describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { adapter, begin, elapse, healthOf, letter, silenceWarnings, steps, useFakeTime } from "./support.ts";

useFakeTime();
silenceWarnings();

const never = () => new Promise<never>(() => {});

describe("An adapter that is never loaded", () => {
  it("costs no more than the time of one attempt: the next provider has the message", async () => {
    const send = vi.fn();
    const mailer = createMailer({
      providers: [adapter("stuck", { load: never, send }), memoryProvider()],
      timeout: 1_000,
    });
    const sending = await begin(mailer.send(letter));
    expect(sending.pending).toBe(true);

    await elapse(1_000);

    expect(steps(sending.receipt)).toEqual(["stuck internal", "memory accepted"]);
    expect(sending.receipt.duplicate).toBe("no");
    expect(send).not.toHaveBeenCalled();
  });

  it("is not called down for it, and the error says what happened", async () => {
    const mailer = createMailer({
      providers: [adapter("stuck", { load: never })],
      timeout: 1_000,
      retry: { maxRounds: 1 },
    });
    const sending = await begin(mailer.send(letter));
    await elapse(1_000);

    expect(sending.error).toMatchObject({ kind: "unavailable", sent: "no" });
    expect(sending.error.message).toContain("The adapter was not loaded in time");
    expect(healthOf(mailer, "stuck")).toMatchObject({ state: "healthy", failureRate: 0, inFlight: 0 });
  });

  it("does not hold up a caller who gives up: nothing was sent", async () => {
    const mailer = createMailer({ providers: [adapter("stuck", { load: never }), memoryProvider()] });
    const caller = new AbortController();
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));

    caller.abort();
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "no" });
    expect(steps(sending.error)).toEqual(["stuck aborted"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
