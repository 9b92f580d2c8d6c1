import { describe, expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  begin,
  elapse,
  errorOf,
  fixRandom,
  healthOf,
  letter,
  silenceWarnings,
  steps,
  takeDown,
  throttle,
  useFakeTime,
  watch,
} from "./support.ts";

useFakeTime();
silenceWarnings();

const maxDelay = 7_000;

describe("`retryAt` of an error is", () => {
  test("the longest back-off from now, where a provider is well or frees a place at a time that nobody knows", async () => {
    fixRandom(0);
    const a = memoryProvider({ name: "a", script: () => "unavailable" });
    const b = memoryProvider({ name: "b", script: ["hang"] });
    const mailer = createMailer({
      providers: [a, { provider: b, concurrency: 1 }],
      queue: { limit: 0 },
      retry: { maxDelay },
    });
    await begin(mailer.send(letter, { only: ["b"] }));

    const waits: number[] = [];
    mailer.on("failed", ({ error }) => waits.push((error.retryAt?.getTime() ?? Number.NaN) - Date.now()));

    const well = await errorOf(mailer.send(letter, { only: ["a"] }));
    const full = await errorOf(mailer.send(letter, { only: ["b"] }));

    expect([well.kind, full.kind]).toEqual(["unavailable", "overloaded"]);
    expect(waits).toEqual([maxDelay, maxDelay]);
  });

  test("missing, where the one provider was isolated meanwhile", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", after: 100 }] });
    const mailer = createMailer({ providers: [a] });
    const sending = watch(mailer.send(letter));
    await elapse(50);
    mailer.isolate("a");
    await elapse(50);

    expect(sending.error.kind).toBe("unavailable");
    expect(sending.error).not.toHaveProperty("retryAt");
  });

  test("the earliest time of several reasons: a throttle, an open period, a rate, an isolation", async () => {
    fixRandom();
    const throttled = memoryProvider({ name: "throttled" });
    const down = memoryProvider({ name: "down" });
    const rated = memoryProvider({ name: "rated" });
    const gone = memoryProvider({ name: "gone", script: ["unavailable"] });
    const mailer = createMailer({
      providers: [gone, throttled, down, { provider: rated, rate: { limit: 1, interval: 70_000 } }],
      breaker: { openFor: 90_000 },
    });
    await throttle(mailer, throttled, 80_000);
    await takeDown(mailer, down);
    await mailer.send(letter, { only: ["rated"] });
    const rateReturns = Date.now() + 70_000;
    down.script(() => "unavailable");
    mailer.on("attempt", ({ attempt }) => {
      if (attempt.provider === "gone") mailer.isolate("gone");
    });

    const times: unknown[] = [];
    for (const except of [[], ["rated"], ["rated", "throttled"]] as const) {
      await elapse(1_000);
      times.push((await errorOf(mailer.send(letter, { except }))).retryAt);
    }

    expect(times).toEqual([
      new Date(rateReturns),
      healthOf(mailer, "throttled").throttledUntil,
      healthOf(mailer, "down").openUntil,
    ]);
  });
});

describe("A message that one provider refused", () => {
  test("is unavailable and not rejected while one is left that could not be tried", async () => {
    const a = memoryProvider({ name: "a", script: ["too-large"] });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b] });
    await throttle(mailer, b, 60_000);
    const until = healthOf(mailer, "b").throttledUntil;

    const error = await errorOf(mailer.send(letter));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no", retryable: true });
    expect(steps(error)).toEqual(["a too-large"]);
    expect(error.retryAt).toEqual(until);
  });

  test.each([
    ["as malformed, and another as too large, is taken by a third", ["invalid", "too-large", "accepted"], "c"],
    [
      "as malformed, and another as too large, and the third as malformed, is rejected",
      ["invalid", "too-large", "invalid"],
      "rejected",
    ],
    [
      "as malformed, and the others for what they cannot do, is rejected",
      ["invalid", "not-found", "unsupported"],
      "rejected",
    ],
    [
      "as malformed, while the account of another cannot send, is unavailable",
      ["invalid", "quota", "too-large"],
      "unavailable",
    ],
  ] as const)("%s", async (_what, [first, second, third], end) => {
    const mailer = createMailer({
      providers: [
        memoryProvider({ name: "a", script: [first] }),
        memoryProvider({ name: "b", script: [second] }),
        memoryProvider({ name: "c", script: [third] }),
      ],
    });

    const sending = await begin(mailer.send(letter));

    expect(sending.accepted ? sending.receipt.provider : sending.error.kind).toBe(end);
  });
});
