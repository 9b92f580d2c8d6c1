import { describe, expect, test, vi } from "vitest";
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

test("A round tries each candidate once, in the planned order; there are three by default", async () => {
  fixRandom(0);
  const providers = (["a", "b"] as const).map((name) => memoryProvider({ name, script: () => "unavailable" }));

  const error = await errorOf(createMailer({ providers }).send(letter));

  expect(error.attempts.map(({ provider, round }) => `${round}${provider}`)).toEqual([
    "1a",
    "1b",
    "2a",
    "2b",
    "3a",
    "3b",
  ]);
});

test.each([1, 2, 5])("maxRounds: %i", async (maxRounds) => {
  fixRandom(0);
  const only = memoryProvider({ name: "only", script: () => "unavailable" });

  await errorOf(createMailer({ providers: [only], retry: { maxRounds } }).send(letter));

  expect(only.attempts).toBe(maxRounds);
});

test("Failing over never waits", async () => {
  const scripts = [["unavailable"], ["throttled"], [{ reason: "unavailable", retryAfter: 9_000 }], []] as const;
  const providers = scripts.map((script, index) => memoryProvider({ name: `p${index}`, script }));

  const receipt = await createMailer({ providers }).send(letter);

  expect(receipt).toMatchObject({ provider: "p3", duration: 0 });
});

test("A message that one round could not place is accepted in the next", async () => {
  const a = memoryProvider({ name: "a", script: ["unavailable"] });

  const sending = watch(createMailer({ providers: [a] }).send(letter));
  await elapse(300);

  expect(sending.receipt.attempts).toMatchObject([{ round: 1 }, { round: 2, outcome: "accepted" }]);
  expect(sending.receipt.duplicate).toBe("no");
});

describe("Full jitter: the wait is between 0 and a limit that doubles from minDelay to maxDelay", () => {
  const delaysWith = async (random: number): Promise<number[]> => {
    fixRandom(random);
    const only = memoryProvider({ name: "only", script: () => "unavailable" });
    const mailer = createMailer({
      providers: [only],
      retry: { maxRounds: 6, minDelay: 100, maxDelay: 500 },
      breaker: { consecutiveFailures: 100 },
    });
    const sending = watch(mailer.send(letter));
    await elapse(3_000);
    const { attempts } = sending.error;
    return attempts.slice(1).map((attempt, i) => attempt.startedAt.getTime() - (attempts[i]?.startedAt.getTime() ?? 0));
  };

  test.each([
    [0, [0, 0, 0, 0, 0]],
    [0.5, [50, 100, 200, 250, 250]],
    [0.99, [99, 198, 396, 495, 495]],
  ])("random %d", async (random, expected) => {
    const delays = await delaysWith(random);

    // A fake timer of 0 ms may take 1.
    expect(delays.every((delay, index) => Math.abs(delay - (expected[index] ?? 0)) <= 1)).toBe(true);
    expect(delays).toHaveLength(5);
  });
});

describe("or the earliest retryAfter", () => {
  test("of a throttle", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "throttled", retryAfter: 5_000 }] });
    const b = memoryProvider({ name: "b", script: [{ reason: "throttled", retryAfter: 2_000 }] });

    const sending = watch(createMailer({ providers: [a, b] }).send(letter));
    await elapse(1_999);
    expect(sending.pending).toBe(true);
    await elapse(2);

    expect(steps(sending.receipt)).toEqual(["a throttled", "b throttled", "b accepted"]);
  });

  test("of a provider that is unavailable", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", retryAfter: 3_000 }] });

    const sending = watch(createMailer({ providers: [a] }).send(letter));
    await elapse(2_999);
    expect(sending.pending).toBe(true);
    await elapse(2);

    expect(sending.receipt.attempts).toHaveLength(2);
  });

  test("whatever the wall clock does meanwhile", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", retryAfter: 3_000, after: 1_000 }] });

    const sending = watch(createMailer({ providers: [a] }).send(letter));
    await elapse(500);
    vi.setSystemTime(Date.now() - 3_600_000);
    await elapse(500 + 3_000 + 2);

    expect(sending.receipt.attempts).toHaveLength(2);
  });

  test("that goes beyond the deadline ends the send at once", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "throttled", retryAfter: 40_000 }] });

    const error = await errorOf(createMailer({ providers: [a] }).send(letter));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no" });
    expect(Math.abs((error.retryAt?.getTime() ?? 0) - (Date.now() + 40_000))).toBeLessThanOrEqual(10);
  });
});

describe("A provider is not tried again without a wait because another one is out", () => {
  test("down", async () => {
    fixRandom(0.5);
    const a = memoryProvider({ name: "a" });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b] });
    await takeDown(mailer, b);
    a.script("unavailable");

    const sending = watch(mailer.send(letter));
    await elapse(120);
    expect(a.attempts).toBe(1);
    await elapse(10);

    expect(steps(sending.receipt)).toEqual(["a unavailable", "a accepted"]);
  });

  test("throttled", async () => {
    fixRandom(0.5);
    const a = memoryProvider({ name: "a" });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b] });
    await throttle(mailer, b, 20_000);
    a.script("unavailable");

    const sending = watch(mailer.send(letter));
    await elapse(120);
    expect(a.attempts).toBe(1);
    await elapse(10);

    expect(steps(sending.receipt)).toEqual(["a unavailable", "a accepted"]);
  });

  test("due for a probe that this message may make only while no other provider is eligible", async () => {
    fixRandom(0.5);
    const a = memoryProvider({ name: "a" });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b], breaker: { openFor: 1_000 } });
    await takeDown(mailer, a);
    await elapse(1_000);
    b.script("unavailable");
    const attemptsBefore = a.attempts;

    // A message with onUnknown: "stop" is no probe while another provider is eligible; b, which has just failed, is not.
    const sending = watch(mailer.send(letter, { onUnknown: "stop" }));
    await elapse(2);

    expect(steps(sending.receipt)).toEqual(["b unavailable", "a accepted"]);
    expect(a.attempts).toBe(attemptsBefore + 1);
  });
});

test("A message that a throttled provider would take in time is sent, whatever the others do", async () => {
  const a = memoryProvider({ name: "a", script: () => "unavailable" });
  const b = memoryProvider({ name: "b" });
  const mailer = createMailer({ providers: [a, b] });
  await throttle(mailer, b, 2_000);

  const sending = watch(mailer.send(letter));
  await elapse(29_000);

  expect(sending.receipt.provider).toBe("b");
});

test("A message that a provider under probe would take is sent, whatever the others do", async () => {
  fixRandom(0.5);
  const a = memoryProvider({ name: "a", script: () => "unavailable" });
  const b = memoryProvider({ name: "b" });
  const mailer = createMailer({ providers: [b, a], breaker: { openFor: 1_000 } });
  await takeDown(mailer, b);
  await elapse(1_000);
  b.script({ accepted: true, after: 3_000 });
  const probe = await begin(mailer.send(letter));

  const sending = watch(mailer.send(letter));
  await elapse(29_000);

  expect(probe.receipt.provider).toBe("b");
  expect(sending.receipt.provider).toBe("b");
  expect(healthOf(mailer, "b").state).toBe("recovering");
});
