import { describe, expect, test } from "vitest";
import { createMailer, failureInPhase, ProviderError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { adapter, begin, elapse, errorOf, letter, silenceWarnings, steps, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

describe("timeout", () => {
  test("ends an attempt after 10 s by default, and the next provider is tried", async () => {
    const a = memoryProvider({ name: "a", script: ["hang"] });
    const sending = await begin(createMailer({ providers: [a, memoryProvider({ name: "b" })] }).send(letter));

    await elapse(9_990);
    expect(sending.pending).toBe(true);
    await elapse(15);

    expect(steps(sending.receipt)).toEqual(["a timeout", "b accepted"]);
    expect(sending.receipt.duplicate).toBe("possible");
  });

  test("is the route's own where it has one, and each attempt is told its limit", async () => {
    const limits: number[] = [];
    const rule = (_: unknown, attempt: { timeout: number }) => {
      limits.push(attempt.timeout);
      return "unreachable" as const;
    };
    const a = memoryProvider({ name: "a", script: rule });
    const b = memoryProvider({ name: "b", script: rule });
    const mailer = createMailer({
      providers: [{ provider: a, timeout: 700 }, b],
      timeout: 3_000,
      retry: { maxRounds: 1 },
    });

    await errorOf(mailer.send(letter));
    await errorOf(mailer.send(letter, { deadline: 500 }));

    expect(limits).toEqual([700, 3_000, 500, 500]);
  });

  test("aborts the attempt's signal, with a TimeoutError as its reason", async () => {
    const reasons: unknown[] = [];
    const a = adapter("a", {
      send: (_, { signal }) => new Promise(() => signal.addEventListener("abort", () => reasons.push(signal.reason))),
    });
    const sending = await begin(createMailer({ providers: [a], timeout: 1_000 }).send(letter));
    await elapse(1_100);

    expect(sending.error.kind).toBe("unknown");
    expect(reasons).toMatchObject([{ name: "TimeoutError" }]);
  });

  test("before any request began is unreachable, so nothing was sent", async () => {
    const a = adapter("a", {
      send: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new ProviderError(failureInPhase("aborted", "no"))));
        }),
    });
    const mailer = createMailer({ providers: [a, memoryProvider({ name: "b" })], onUnknown: "stop" });

    const sending = await begin(mailer.send(letter));
    await elapse(10_100);

    expect(steps(sending.receipt)).toEqual(["a unreachable", "b accepted"]);
    expect(sending.receipt.duplicate).toBe("no");
  });
});

describe("deadline", () => {
  test("ends the whole send after 30 s by default", async () => {
    const providers = (["a", "b"] as const).map((name) => memoryProvider({ name, script: ["hang"] }));
    const sending = watch(createMailer({ providers, timeout: 20_000 }).send(letter));

    await elapse(29_999);
    expect(sending.pending).toBe(true);
    await elapse(5);

    expect(steps(sending.error)).toEqual(["a timeout", "b timeout"]);
    expect(sending.error.kind).toBe("unknown");
  });

  test.each([
    ["milliseconds from now", () => 1_500],
    ["a date", () => new Date(Date.now() + 1_500)],
  ])("is given as %s", async (_, deadline) => {
    const sending = watch(
      createMailer({ providers: [memoryProvider({ script: ["hang"] })] }).send(letter, { deadline: deadline() }),
    );

    await elapse(1_499);
    expect(sending.pending).toBe(true);
    await elapse(5);

    expect(sending.error.kind).toBe("unknown");
  });

  test("includes the preparation of the message", async () => {
    const only = memoryProvider({ name: "only", script: ["hang"] });
    const html = new Promise<string>((resolve) => setTimeout(resolve, 800, "<p>Thank you</p>"));
    const sending = watch(createMailer({ providers: [only] }).send({ ...letter, html }, { deadline: 1_000 }));

    await elapse(999);
    expect(sending.pending).toBe(true);
    await elapse(5);

    expect(sending.error.attempts).toMatchObject([{ failure: { reason: "timeout" }, duration: 200 }]);
  });

  test("that has passed already ends the send before any attempt", async () => {
    const only = memoryProvider({ name: "only" });

    const error = await errorOf(
      createMailer({ providers: [only] }).send(letter, { deadline: new Date(Date.now() - 1_000) }),
    );

    expect(error).toMatchObject({ kind: "unavailable", sent: "no", attempts: [] });
    expect(only.attempts).toBe(0);
  });
});

describe("No attempt starts with less than a useful slice of time left", () => {
  test.each([
    { deadline: 1_000, first: 900, second: 1 },
    { deadline: 1_000, first: 960, second: 0 },
    { deadline: 30_000, first: 29_700, second: 1 },
    { deadline: 30_000, first: 29_800, second: 0 },
  ])("deadline $deadline, first attempt $first: $second further attempts", async ({ deadline, first, second }) => {
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", after: first }] });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b], timeout: 60_000, deadline });

    const sending = watch(mailer.send(letter));
    await elapse(deadline);

    expect(b.attempts).toBe(second);
    if (second === 0) expect(sending.error).toMatchObject({ kind: "unavailable", sent: "no", retryable: true });
    else expect(sending.receipt.provider).toBe("b");
  });
});
