import { describe, expect, test } from "vitest";
import { createMailer, isSteadyMailError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  elapse,
  errorOf,
  healthOf,
  letter,
  recordEvents,
  silenceWarnings,
  steps,
  throttle,
  useFakeTime,
  watch,
} from "./support.ts";

useFakeTime();
silenceWarnings();

describe("The queue of a mailer", () => {
  test("holds so many that wait for a limit; the next is refused as overloaded, and may be sent again", async () => {
    const a = memoryProvider({ name: "a", latency: 1_000 });
    const mailer = createMailer({ providers: [{ provider: a, concurrency: 1 }], queue: { limit: 2 } });
    const events = recordEvents(mailer);
    const sendings = [1, 2, 3].map(() => watch(mailer.send(letter)));
    await elapse();

    const error = await errorOf(mailer.send(letter, { id: "one-too-many" }));

    expect(error).toMatchObject({
      name: "OverloadedError",
      kind: "overloaded",
      id: "one-too-many",
      sent: "no",
      retryable: true,
      attempts: [],
      skipped: [],
    });
    expect(error.retryAt).toBeInstanceOf(Date);
    expect(isSteadyMailError(error)).toBe(true);
    expect(error.message).toMatch(/the queue .* is full \(queue\.limit: 2\), and a is at its limit/u);
    expect(events.filter(({ name }) => name === "failed")).toMatchObject([{ event: { id: "one-too-many", error } }]);
    await elapse(3_000);
    expect(sendings.every(({ accepted }) => accepted)).toBe(true);
  });

  test("holds those that wait for a throttle too, and tells what was tried before it was full", async () => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [a], queue: { limit: 1 } });
    await throttle(mailer, a, 2_000);
    const waiting = watch(mailer.send(letter));
    await elapse();

    expect((await errorOf(mailer.send(letter))).kind).toBe("overloaded");
    await elapse(2_000);
    expect(waiting.accepted).toBe(true);

    a.script({ reason: "throttled", retryAfter: 1_000 }, { reason: "throttled", retryAfter: 1_000 });
    const [first, second] = [watch(mailer.send(letter)), watch(mailer.send(letter))];
    await elapse();
    expect(second.error).toMatchObject({ kind: "overloaded", sent: "no", attempts: [{ outcome: "not-sent" }] });
    await elapse(1_000);
    expect(steps(first.receipt)).toEqual(["a throttled", "a accepted"]);
  });

  test("is empty again when those that waited were sent, refused or aborted", async () => {
    const a = memoryProvider({ name: "a", latency: 1_000 });
    const mailer = createMailer({ providers: [{ provider: a, concurrency: 1 }], queue: { limit: 2 } });
    for (let time = 0; time < 3; time += 1) {
      const caller = new AbortController();
      const sendings = [undefined, undefined, caller.signal].map((signal) => watch(mailer.send(letter, { signal })));
      await elapse();
      expect(healthOf(mailer, "a").queued).toBe(2);
      caller.abort();
      await elapse(2_000);
      expect(sendings.map(({ pending }) => pending)).toEqual([false, false, false]);
    }
    expect(a.inbox).toHaveLength(6);
  });

  test("of limit 0 lets nobody wait", async () => {
    const a = memoryProvider({ name: "a", latency: 1_000 });
    const mailer = createMailer({ providers: [{ provider: a, concurrency: 1 }], queue: { limit: 0 } });
    const first = watch(mailer.send(letter));

    expect((await errorOf(mailer.send(letter))).kind).toBe("overloaded");
    await elapse(1_000);
    expect(first.accepted).toBe(true);
  });

  test("is not entered by mail that another provider takes", async () => {
    const a = memoryProvider({ name: "a", latency: 1_000 });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [{ provider: a, concurrency: 1 }, b], queue: { limit: 0 } });

    const sendings = [1, 2, 3].map(() => watch(mailer.send(letter)));
    await elapse(1_000);

    expect(sendings.map(({ receipt }) => receipt.provider)).toEqual(["a", "b", "b"]);
  });

  test("is fair: who was sent first goes first, also after a throttle and whichever provider is waited for", async () => {
    const [a, b] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })];
    const mailer = createMailer({
      providers: [
        { provider: a, concurrency: 1 },
        { provider: b, concurrency: 1 },
      ],
    });
    await throttle(mailer, a, 1_000);
    await throttle(mailer, b, 1_500);
    for (const provider of [a, b]) provider.script(() => ({ accepted: true, after: 100 }));
    const order: number[] = [];
    const sendings = Array.from({ length: 10 }, (_, index) =>
      mailer.send(letter).then(() => {
        order.push(index);
      }),
    );

    await elapse(3_000);
    await Promise.all(sendings);

    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("a newcomer does not overtake those that wait", async () => {
    const a = memoryProvider({ name: "a", latency: 100 });
    const mailer = createMailer({ providers: [{ provider: a, concurrency: 1 }] });
    const order: string[] = [];
    const send = (id: string): Promise<unknown> => mailer.send(letter, { id }).then(() => order.push(id));
    // The first two are under way and waiting; the newcomer comes at the very moment when the slot is free.
    const done = send("first").then(() => send("newcomer"));
    const waiting = send("waiting");
    await elapse(500);
    await Promise.all([done, waiting]);

    expect(order).toEqual(["first", "waiting", "newcomer"]);
  });

  test("thousands that wait at once are all sent", async () => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({
      providers: [{ provider: a, rate: { limit: 500, interval: 1_000 } }],
      queue: { limit: 5_000 },
    });
    const sendings = Array.from({ length: 4_000 }, () => watch(mailer.send(letter)));
    await elapse(8_000);

    expect(sendings.every(({ accepted }) => accepted)).toBe(true);
    expect(a.inbox).toHaveLength(4_000);
  });
});

test("The process goes on while two messages wait that were asked for a longer pause than their provider keeps", async () => {
  const a = memoryProvider({ name: "a" });
  const mailer = createMailer({
    providers: [{ provider: a, rate: { limit: 2, interval: 1_000 } }],
    breaker: { maxOpenFor: 500 },
  });
  a.script({ reason: "throttled", retryAfter: 5_000 }, { reason: "throttled", retryAfter: 5_000 });

  const sendings = [watch(mailer.send(letter)), watch(mailer.send(letter))];
  await elapse(2_000);
  const overtaking = watch(mailer.send(letter));
  await elapse(1_000);
  expect(overtaking.accepted).toBe(true);
  await elapse(3_000);

  expect(sendings.map(({ receipt }) => steps(receipt))).toEqual([
    ["a throttled", "a accepted"],
    ["a throttled", "a accepted"],
  ]);
});
