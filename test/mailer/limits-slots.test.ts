import { describe, expect, test, vi } from "vitest";
import { createMailer, failure, ProviderError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { heldProvider } from "./health-support.ts";
import { begin, elapse, healthOf, letter, silenceWarnings, steps, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

describe("A send that ends at the moment of its turn leaves the slot to the next", () => {
  /** Three sends for the one slot of a provider; the second ends when the first leaves it. */
  async function threeForOneSlot(second: { readonly signal?: AbortSignal; readonly deadline?: number }) {
    const a = memoryProvider({ name: "a", latency: 1_000 });
    const mailer = createMailer({ providers: [{ provider: a, concurrency: 1 }] });
    const first = watch(mailer.send(letter));
    await elapse(0);
    const ending = watch(mailer.send(letter, second));
    const third = watch(mailer.send(letter));
    return { a, mailer, first, ending, third };
  }

  test("by its caller, however little before or after", async () => {
    for (let steps = 0; steps < 20; steps += 1) {
      const caller = new AbortController();
      const { a, mailer, first, ending, third } = await threeForOneSlot({ signal: caller.signal });
      mailer.once("attempt", async () => {
        for (let step = 0; step < steps; step += 1) await Promise.resolve();
        caller.abort();
      });
      await elapse(1_000);

      expect(first.accepted).toBe(true);
      expect(ending.error.kind).toBe("aborted");
      await elapse(1_000);
      expect([steps, third.accepted]).toEqual([steps, true]);
      expect(healthOf(mailer, "a")).toMatchObject({ inFlight: 0, queued: 0 });
      expect(a.inbox).toHaveLength(2);
    }
  });

  test("by its deadline, which leaves no useful time", async () => {
    const { mailer, ending, third } = await threeForOneSlot({ deadline: 1_020 });
    await elapse(1_000);

    expect(ending.error).toMatchObject({ kind: "unavailable", sent: "no", attempts: [] });
    await elapse(1_000);
    expect(third.accepted).toBe(true);
    expect(healthOf(mailer, "a")).toMatchObject({ inFlight: 0, queued: 0 });
  });
});

describe("A provider's slot is free again after an attempt that ended", () => {
  test.each([
    "accepted",
    "rejected",
    "unavailable",
    "throttled",
    "server-error",
    "authentication",
    "internal",
  ] as const)("as %s", async (outcome) => {
    const a = memoryProvider({ name: "a", script: [outcome] });
    const mailer = createMailer({
      providers: [{ provider: a, concurrency: 1, breaker: { openFor: 1_000 } }],
      retry: { maxRounds: 1 },
      onUnknown: "stop",
      deadline: 1_000,
    });
    await begin(mailer.send(letter));
    await elapse(2_000);

    expect(healthOf(mailer, "a").inFlight).toBe(0);
    expect((await begin(mailer.send(letter))).accepted).toBe(true);
  });

  test("by its caller", async () => {
    const a = memoryProvider({ name: "a", script: ["hang"] });
    const mailer = createMailer({ providers: [{ provider: a, concurrency: 1 }] });
    const caller = new AbortController();
    await begin(mailer.send(letter, { signal: caller.signal }));
    const waiting = watch(mailer.send(letter));
    caller.abort();
    await elapse();

    expect(waiting.accepted).toBe(true);
  });
});

/** The clock goes on by 1 ms. Who looks at it for ever, so that no time can pass, is stopped. */
function clockGoesOn(): void {
  const read = performance.now.bind(performance);
  let looks = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    looks += 1;
    if (looks > 10_000) throw new Error("The clock is looked at for ever");
    return read() + 1;
  });
}

test("Two that are called a moment before their pauses end do not hand one slot to each other for ever", async () => {
  const a = heldProvider("a");
  const mailer = createMailer({ providers: [{ provider: a, rate: { limit: 2, interval: 1_000 } }] });
  const first = watch(mailer.send(letter));
  await elapse(300);
  const second = watch(mailer.send(letter));
  await elapse(10);
  // Between the throttle and the record of the attempts the clock goes on, as a real one does.
  mailer.once("provider:throttled", () => queueMicrotask(clockGoesOn));
  for (const { end } of a.held) end(new ProviderError(failure("throttled", { retryAfter: 690 })));
  await elapse(689);
  expect(a.held).toHaveLength(2);
  await elapse(2);
  expect(a.held).toHaveLength(3);
  a.held[2]?.end("accepted");
  await elapse(300);
  a.held[3]?.end("accepted");
  await elapse();

  expect(steps(first.receipt)).toEqual(["a throttled", "a accepted"]);
  expect(steps(second.receipt)).toEqual(["a throttled", "a accepted"]);
});
