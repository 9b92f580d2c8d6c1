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

function pair() {
  const [a, b] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })];
  return { a, b, mailer: createMailer({ providers: [a, b], breaker: { openFor: 20_000 } }) };
}

function expectDate(date: Date | undefined, expected: number): void {
  expect(Math.abs((date?.getTime() ?? 0) - expected)).toBeLessThanOrEqual(20);
}

describe("throttled → wait for the earliest, inside the deadline", () => {
  test("and send then", async () => {
    const { a, b, mailer } = pair();
    await throttle(mailer, a, 9_000);
    await throttle(mailer, b, 4_000);

    const sending = await begin(mailer.send(letter));
    expect(healthOf(mailer, "b").queued).toBe(1);
    await elapse(3_980);
    expect(sending.pending).toBe(true);
    await elapse(15);

    expect(sending.receipt).toMatchObject({ provider: "b", attempts: [{ round: 1, outcome: "accepted" }] });
    expect(healthOf(mailer, "b").queued).toBe(0);
  });

  test("else UnavailableError with retryAt, at once", async () => {
    const { a, b, mailer } = pair();
    await throttle(mailer, a, 90_000);
    await throttle(mailer, b, 40_000);

    const error = await errorOf(mailer.send(letter));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no", attempts: [] });
    expectDate(error.retryAt, Date.now() + 40_000);
    expect(error.message).toContain("b is throttled");
  });

  test("no wait leaves less than a useful slice for the attempt", async () => {
    const { a, mailer } = pair();
    await throttle(mailer, a, 10_000);

    const error = await errorOf(mailer.send(letter, { only: ["a"], deadline: 10_100 }));

    expect(error).toMatchObject({ kind: "unavailable", attempts: [] });
  });

  test("also where another asked this message for a longer pause, past the deadline even", async () => {
    const { a, b, mailer } = pair();
    a.script({ reason: "unavailable", retryAfter: 60_000 });
    await throttle(mailer, b, 1_000);

    const sending = await begin(mailer.send(letter));
    expect(healthOf(mailer, "b").queued).toBe(1);
    await elapse(1_000);

    expect(steps(sending.receipt)).toEqual(["a unavailable", "b accepted"]);
  });

  test("all that wait are sent, each once", async () => {
    const { a, mailer } = pair();
    await throttle(mailer, a, 2_000);
    const sendings = Array.from({ length: 20 }, () => watch(mailer.send(letter, { only: ["a"] })));
    await elapse();
    expect(healthOf(mailer, "a").queued).toBe(20);
    await elapse(2_000);

    expect(new Set(sendings.map(({ receipt }) => receipt.id)).size).toBe(20);
    expect(a.inbox).toHaveLength(20);
  });
});

describe("down → last resort", () => {
  async function bothDown() {
    fixRandom();
    const { a, b, mailer } = pair();
    await takeDown(mailer, b);
    const due = Date.now() + 20_000;
    await elapse(2_000);
    await takeDown(mailer, a);
    return { a, b, mailer, due, before: { a: a.attempts, b: b.attempts } };
  }

  test("one try, at the one that is due first; if it is accepted, the provider recovers", async () => {
    const { a, mailer, before } = await bothDown();

    const receipt = await mailer.send(letter);

    expect(steps(receipt)).toEqual(["b accepted"]);
    expect(a.attempts).toBe(before.a);
    expect(healthOf(mailer, "b").state).toBe("recovering");
  });

  test("if it fails, UnavailableError with retryAt at once: no other is tried, no round is waited for", async () => {
    const { a, b, mailer, due, before } = await bothDown();
    b.script(() => "unreachable");

    const error = await errorOf(mailer.send(letter));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no", retryable: true });
    expect(steps(error)).toEqual(["b unreachable"]);
    expectDate(error.retryAt, due);
    expect(a.attempts).toBe(before.a);
  });

  test("at most one a second for the whole mailer; whoever comes sooner gets UnavailableError at once", async () => {
    const { b, mailer, due, before } = await bothDown();
    b.script(() => "unreachable");
    await errorOf(mailer.send(letter));

    for (let sent = 0; sent < 3; sent += 1) {
      const error = await errorOf(mailer.send(letter));
      expect(error).toMatchObject({ kind: "unavailable", attempts: [] });
      expectDate(error.retryAt, due);
    }
    await elapse(970);
    expect(b.attempts).toBe(before.b + 1);
    await elapse(30);
    await errorOf(mailer.send(letter));

    expect(b.attempts).toBe(before.b + 2);
  });

  test("concurrent sends await its verdict, and go on if it was accepted", async () => {
    const { b, mailer, before } = await bothDown();
    b.script({ accepted: true, after: 3_000 });

    const sendings = Array.from({ length: 10 }, () => watch(mailer.send(letter)));
    await elapse(2_990);
    expect(b.attempts).toBe(before.b + 1);
    expect(sendings.every(({ pending }) => pending)).toBe(true);
    await elapse(20);

    expect(sendings.map(({ receipt }) => receipt.provider)).toEqual(Array(10).fill("b"));
    expect(b.inbox).toHaveLength(10);
  });

  test("concurrent sends await its verdict, and fail at once with retryAt if it failed", async () => {
    const { a, b, mailer, due, before } = await bothDown();
    b.script({ reason: "unavailable", after: 3_000 });

    const sendings = Array.from({ length: 10 }, () => watch(mailer.send(letter)));
    await elapse(3_010);

    for (const { error } of sendings) {
      expect(error.kind).toBe("unavailable");
      expectDate(error.retryAt, due);
    }
    expect(sendings.flatMap(({ error }) => error.attempts)).toHaveLength(1);
    expect([a.attempts, b.attempts]).toEqual([before.a, before.b + 1]);
  });

  test("an account's refusal by the last resort leaves it down, as it was", async () => {
    const { b, mailer, due } = await bothDown();
    b.script("suspended");

    const error = await errorOf(mailer.send(letter));

    expect(steps(error)).toEqual(["b suspended"]);
    expectDate(healthOf(mailer, "b").openUntil, due);
  });

  test("a refusal of this very message proves that the provider works", async () => {
    const { b, mailer } = await bothDown();
    b.script("rejected");

    expect(await errorOf(mailer.send(letter))).toMatchObject({ kind: "rejected" });
    expect(healthOf(mailer, "b").state).toBe("recovering");
  });
});

describe("a probe under way → concurrent sends await its verdict", () => {
  async function dueForProbe() {
    fixRandom();
    const { a, b, mailer } = pair();
    await takeDown(mailer, a);
    await elapse(10_000);
    await takeDown(mailer, b);
    await elapse(10_000);
    return { a, b, mailer, before: a.attempts };
  }

  test("and go on", async () => {
    const { a, mailer, before } = await dueForProbe();
    a.script({ accepted: true, after: 3_000 });

    const sendings = Array.from({ length: 10 }, () => watch(mailer.send(letter)));
    await elapse(2_000);
    expect(a.attempts).toBe(before + 1);
    await elapse(1_010);

    expect(sendings.map(({ receipt }) => receipt.provider)).toEqual(Array(10).fill("a"));
  });

  test("or fail at once with retryAt", async () => {
    const { a, b, mailer, before } = await dueForProbe();
    const due = Date.now() + 10_000;
    a.script({ reason: "unavailable", after: 3_000 });
    b.script(() => "unavailable");

    const sendings = Array.from({ length: 10 }, () => watch(mailer.send(letter)));
    await elapse(3_020);

    for (const { error } of sendings) {
      expect(error.kind).toBe("unavailable");
      expectDate(error.retryAt, due);
    }
    expect(a.attempts).toBe(before + 1);
  });

  test("is not awaited while another provider can", async () => {
    const { a, b, mailer } = await dueForProbe();
    await elapse(10_000);
    await mailer.send(letter, { only: ["b"] });
    a.script({ accepted: true, after: 3_000 });
    watch(mailer.send(letter));
    await elapse();

    const receipt = await mailer.send(letter);

    expect(receipt.provider).toBe("b");
    expect(b.inbox).toHaveLength(2);
  });

  test("one that is due while the verdict is awaited is tried when the verdict is bad", async () => {
    fixRandom();
    const { a, b, mailer } = pair();
    await takeDown(mailer, a);
    await elapse(2_000);
    await takeDown(mailer, b);
    await elapse(18_000);
    a.script({ reason: "unavailable", after: 4_000 });
    const probe = watch(mailer.send(letter, { only: ["a"] }));
    await elapse(10);

    const sending = watch(mailer.send(letter));
    await elapse(4_100);

    expect(probe.error.kind).toBe("unavailable");
    expect(steps(sending.receipt)).toEqual(["b accepted"]);
  });
});

describe("isolated, or not allowed → UnavailableError at once", () => {
  test("isolated", async () => {
    const { a, b, mailer } = pair();
    mailer.isolate("a");
    mailer.isolate("b");

    const error = await errorOf(mailer.send(letter));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no", attempts: [], retryable: true });
    expect(error.retryAt).toBeUndefined();
    expect(error.message).toContain("isolated");
    expect([a.attempts, b.attempts]).toEqual([0, 0]);
  });

  test("also when the provider is isolated during the send", async () => {
    const { a, mailer } = pair();
    a.script({ reason: "unavailable", after: 100 });
    const sending = watch(mailer.send(letter, { only: ["a"] }));
    await elapse(50);
    mailer.isolate("a");
    await elapse(500);

    expect(sending.error).toMatchObject({ kind: "unavailable" });
    expect(a.attempts).toBe(1);
  });
});

test("A message that awaited another's last resort goes on when that brought its provider back", async () => {
  const b = memoryProvider({ name: "b" });
  const mailer = createMailer({ providers: [b] });
  b.script(
    { reason: "unavailable", retryAfter: 2_000, after: 400 },
    { reason: "authentication", after: 100 },
    { accepted: true, after: 500 },
  );
  const paused = watch(mailer.send(letter));
  const revoked = watch(mailer.send(letter));
  await elapse(100);
  expect(revoked.error.kind).toBe("unavailable");
  const lastResort = watch(mailer.send(letter));
  await elapse(500);
  expect(lastResort.accepted).toBe(true);
  expect(paused.pending).toBe(true);
  await elapse(1_900);

  expect(steps(paused.receipt)).toEqual(["b unavailable", "b accepted"]);
});

test("A message that awaits another's stalled last resort tries its provider as soon as that is due", async () => {
  fixRandom();
  const b = memoryProvider({ name: "b" });
  const mailer = createMailer({ providers: [b], breaker: { openFor: 15_000 } });
  await takeDown(mailer, b);
  await elapse(10_000);
  b.script("hang", "accepted");
  const lastResort = watch(mailer.send(letter));
  await elapse();
  const waiting = watch(mailer.send(letter));
  await elapse(4_900);
  expect(waiting.pending).toBe(true);
  await elapse(100);

  expect(steps(waiting.receipt)).toEqual(["b accepted"]);
  expect(lastResort.pending).toBe(true);
});
