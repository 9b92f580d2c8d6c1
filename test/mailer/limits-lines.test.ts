import { describe, expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, errorOf, healthOf, letter, silenceWarnings, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

const busyFor = 1_000;

/** Two providers that take one message at a time. */
function pair(limits: { readonly rate?: { readonly limit: number; readonly interval: number } } = {}) {
  const a = memoryProvider({ name: "a", latency: busyFor });
  const b = memoryProvider({ name: "b", latency: busyFor });
  const mailer = createMailer({
    providers: [
      { provider: a, concurrency: 1, ...limits },
      { provider: b, concurrency: 1, ...limits },
    ],
  });
  return { a, b, mailer };
}

describe("A message that waits for two providers", () => {
  test("and is called by both at once leaves the place at the other to the next", async () => {
    const { mailer } = pair();
    const busy = [watch(mailer.send(letter)), watch(mailer.send(letter))];
    const waiting = [watch(mailer.send(letter)), watch(mailer.send(letter))];

    await elapse(2 * busyFor);

    expect(busy.map(({ receipt }) => receipt.provider)).toEqual(["a", "b"]);
    expect(waiting.map(({ receipt }) => receipt.provider)).toEqual(["a", "b"]);
    expect(healthOf(mailer, "a")).toMatchObject({ inFlight: 0, queued: 0 });
    expect(healthOf(mailer, "b")).toMatchObject({ inFlight: 0, queued: 0 });
  });

  test("and is called by both at once leaves its share of the other's rate to the next", async () => {
    const { a, b, mailer } = pair({ rate: { limit: 1, interval: 5_000 } });
    const sendings = [1, 2, 3].map(() => watch(mailer.send(letter)));
    await elapse(6_500);
    expect(sendings.every(({ accepted }) => accepted)).toBe(true);
    expect([a.attempts, b.attempts]).toEqual([2, 1]);

    const next = watch(mailer.send(letter));
    await elapse(busyFor);

    expect(next.receipt.provider).toBe("b");
  });
});

describe("A line", () => {
  test("has those that were sent earlier before those that were sent later, whenever they come", async () => {
    const a = memoryProvider({ name: "a", latency: busyFor });
    const b = memoryProvider({ name: "b", script: [{ reason: "authentication", after: busyFor / 2 }] });
    const mailer = createMailer({ providers: [b, { provider: a, concurrency: 1 }] });
    watch(mailer.send(letter, { only: ["a"] }));
    const early = watch(mailer.send(letter, { id: "early" }));
    await elapse();
    const late = watch(mailer.send(letter, { only: ["a"], id: "late" }));

    await elapse(3 * busyFor);

    expect([early.accepted, late.accepted]).toEqual([true, true]);
    expect(a.inbox.map(({ id }) => id).slice(1)).toEqual(["early", "late"]);
  });

  test("is left by whoever ends, and the others keep their places", async () => {
    const { a, mailer } = pair();
    const caller = new AbortController();
    const ids = ["first", "gone", "second", "third"];
    const sendings = ids.map((id) =>
      watch(mailer.send(letter, { id, only: ["a"], signal: id === "gone" ? caller.signal : undefined })),
    );
    await elapse();

    caller.abort();
    await elapse(3 * busyFor);

    expect(sendings[1]?.error.kind).toBe("aborted");
    expect(a.inbox.map(({ id }) => id)).toEqual(["first", "second", "third"]);
  });
});

describe("retryAt of a message that a rate keeps back", () => {
  test.each([
    { ahead: 0, inMilliseconds: 10_000 },
    { ahead: 1, inMilliseconds: 10_000 },
    { ahead: 2, inMilliseconds: 20_000 },
    { ahead: 3, inMilliseconds: 20_000 },
  ])("counts the $ahead that wait before it", async ({ ahead, inMilliseconds }) => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [{ provider: a, rate: { limit: 2, interval: 10_000 } }] });
    const began = Date.now();
    await Promise.all([mailer.send(letter), mailer.send(letter)]);
    for (let waiting = 0; waiting < ahead; waiting += 1) watch(mailer.send(letter, { deadline: 60_000 }));
    await elapse(0);

    const { retryAt } = await errorOf(mailer.send(letter, { deadline: 1_000 }));

    expect((retryAt?.getTime() ?? 0) - began).toBe(inMilliseconds);
    await elapse(60_000);
  });
});
