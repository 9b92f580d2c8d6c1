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
  fixRandom();
  const [a, b] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })];
  return { a, b, mailer: createMailer({ providers: [a, b], breaker: { openFor: 60_000 } }) };
}

describe("Last resort, and", () => {
  test.each(["stop", "failover"] as const)(
    "an unknown outcome under onUnknown %s: UnknownDeliveryError, nobody else is tried",
    async (onUnknown) => {
      const { a, b, mailer } = pair();
      await takeDown(mailer, a);
      await takeDown(mailer, b);
      a.script({ reason: "response-lost", delivered: true });

      const error = await errorOf(mailer.send(letter, { onUnknown }));

      expect(error).toMatchObject({ kind: "unknown", sent: "maybe" });
      expect(steps(error)).toEqual(["a response-lost"]);
      expect([a.inbox.length, b.inbox.length]).toEqual([1, 0]);
    },
  );

  test("a message whose own attempt took the last healthy provider down", async () => {
    const { a, b, mailer } = pair();
    await takeDown(mailer, b);
    a.script("quota");

    const sending = await begin(mailer.send(letter));

    expect(steps(sending.receipt)).toEqual(["a quota", "b accepted"]);
  });

  test("a time-out: it ends within the attempt's own limit, and those that wait with it", async () => {
    const { a, b, mailer } = pair();
    await takeDown(mailer, a);
    await takeDown(mailer, b);
    a.script("hang");
    const [first, second] = [watch(mailer.send(letter)), watch(mailer.send(letter))];
    await elapse(10_100);

    expect(first.error.kind).toBe("unknown");
    expect(second.error).toMatchObject({ kind: "unavailable", attempts: [] });
  });

  test("a deadline that comes while its verdict is awaited", async () => {
    const { a, b, mailer } = pair();
    await takeDown(mailer, a);
    await takeDown(mailer, b);
    a.script({ accepted: true, after: 5_000 });
    const first = watch(mailer.send(letter));
    const second = watch(mailer.send(letter, { deadline: 2_000 }));
    await elapse(2_005);

    expect(second.error).toMatchObject({ kind: "unavailable", sent: "no", attempts: [] });
    expect(second.error.retryAt?.getTime()).toBeGreaterThan(Date.now());
    await elapse(3_000);
    expect(first.receipt.provider).toBe("a");
  });

  test("a throttle as its answer: the provider is out until then, and the send ends with that as retryAt", async () => {
    const { a, b, mailer } = pair();
    await takeDown(mailer, a);
    await takeDown(mailer, b);
    a.script({ reason: "throttled", retryAfter: 7_000 });

    const error = await errorOf(mailer.send(letter));

    expect(steps(error)).toEqual(["a throttled"]);
    expect(healthOf(mailer, "a").throttledUntil).toBeDefined();
    expect(Math.abs((error.retryAt?.getTime() ?? 0) - Date.now() - 7_000)).toBeLessThanOrEqual(10);
  });
});

describe("A throttle of one and an outage of the other", () => {
  test("the throttle ends in time: it is waited for, and the dead one is left alone", async () => {
    const { a, b, mailer } = pair();
    await takeDown(mailer, a);
    const before = a.attempts;
    await throttle(mailer, b, 3_000);

    const sending = watch(mailer.send(letter));
    await elapse(3_000);

    expect(steps(sending.receipt)).toEqual(["b accepted"]);
    expect(a.attempts).toBe(before);
  });

  test("the throttle does not end in time: the last resort is made at the dead one", async () => {
    const { a, b, mailer } = pair();
    await takeDown(mailer, a);
    await throttle(mailer, b, 45_000);

    expect(steps(await mailer.send(letter))).toEqual(["a accepted"]);
  });

  test("and if that fails, all that awaited its verdict fail with it, at once", async () => {
    const { a, b, mailer } = pair();
    await takeDown(mailer, a);
    await throttle(mailer, b, 59_000);
    const before = a.attempts;
    a.script(() => ({ reason: "unavailable", after: 4_000 }));

    const sendings = Array.from({ length: 5 }, () => watch(mailer.send(letter)));
    await elapse(4_050);

    expect(sendings.map(({ error }) => error.kind)).toEqual(Array(5).fill("unavailable"));
    expect(a.attempts).toBe(before + 1);
  });

  test("the dead one may be probed before the throttle ends: it is not waited for longer than that", async () => {
    fixRandom();
    const [a, b] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })];
    const mailer = createMailer({ providers: [a, b], breaker: { openFor: 5_000 } });
    await takeDown(mailer, a);
    await throttle(mailer, b, 25_000);

    const sending = watch(mailer.send(letter));
    await elapse(5_100);

    expect(steps(sending.receipt)).toEqual(["a accepted"]);
  });

  test("the throttle of the one under probe: its place is given back", async () => {
    fixRandom();
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [a], breaker: { openFor: 5_000 } });
    await takeDown(mailer, a);
    await elapse(5_000);
    a.script({ reason: "throttled", retryAfter: 2_000 });

    const sending = watch(mailer.send(letter));
    await elapse(2_050);

    expect(steps(sending.receipt)).toEqual(["a throttled", "a accepted"]);
    expect(healthOf(mailer, "a").state).toBe("recovering");
  });
});

describe("An abort of the message that probes", () => {
  test("gives the place back: one that awaits the verdict probes next", async () => {
    fixRandom();
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [a], breaker: { openFor: 5_000 } });
    await takeDown(mailer, a);
    await elapse(5_000);
    a.script("hang");
    const caller = new AbortController();
    const probe = await begin(mailer.send(letter, { signal: caller.signal }));
    const other = await begin(mailer.send(letter));
    caller.abort();
    await elapse();

    expect(probe.error.kind).toBe("aborted");
    expect(steps(other.receipt)).toEqual(["a accepted"]);
  });

  test("of the message that is the last resort: the others get no verdict from it, and one of them tries", async () => {
    const { a, b, mailer } = pair();
    await takeDown(mailer, a);
    await takeDown(mailer, b);
    a.script("hang");
    const caller = new AbortController();
    const first = await begin(mailer.send(letter, { signal: caller.signal }));
    const others = [await begin(mailer.send(letter)), await begin(mailer.send(letter))];
    await elapse(2_000);
    caller.abort();
    await elapse(20);

    expect(first.error.kind).toBe("aborted");
    expect(others.map(({ receipt }) => receipt.provider)).toEqual(["a", "a"]);
  });
});

describe("A deadline during each wait", () => {
  test("back-off: the send ends as soon as no useful time would be left after the wait", async () => {
    fixRandom(0.999);
    const a = memoryProvider({ name: "a", script: () => "unavailable" });
    const mailer = createMailer({ providers: [a], retry: { minDelay: 5_000 } });

    const error = await errorOf(mailer.send(letter, { deadline: 2_000 }));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no" });
    expect(a.attempts).toBe(1);
  });

  test("a probe's verdict: the send ends at the deadline", async () => {
    fixRandom();
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [a], breaker: { openFor: 5_000 } });
    await takeDown(mailer, a);
    await elapse(5_000);
    a.script({ accepted: true, after: 4_000 });
    const probe = await begin(mailer.send(letter));
    const waiting = watch(mailer.send(letter, { deadline: 1_000 }));
    await elapse(1_005);

    expect(waiting.error).toMatchObject({ kind: "unavailable", sent: "no", attempts: [] });
    await elapse(3_000);
    expect(probe.receipt.provider).toBe("a");
    expect(a.inbox).toHaveLength(1);
  });

  test("and an unknown attempt before: UnknownDeliveryError", async () => {
    const [a, b] = [
      memoryProvider({ name: "a", script: ["server-error"] }),
      memoryProvider({ name: "b", script: ["hang"] }),
    ];

    const sending = watch(createMailer({ providers: [a, b] }).send(letter, { deadline: 3_000 }));
    await elapse(3_005);

    expect(sending.error).toMatchObject({ kind: "unknown", sent: "maybe" });
    expect(steps(sending.error)).toEqual(["a server-error", "b timeout"]);
  });
});

test("A message with onUnknown stop is no probe while another provider is eligible, and one where none is", async () => {
  fixRandom();
  const [a, b] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })];
  const mailer = createMailer({ providers: [a, b], breaker: { openFor: 5_000 } });
  await takeDown(mailer, a);
  await elapse(5_000);

  expect(steps(await mailer.send(letter, { onUnknown: "stop" }))).toEqual(["b accepted"]);
  mailer.isolate("b");
  expect(steps(await mailer.send(letter, { onUnknown: "stop" }))).toEqual(["a accepted"]);
});

test("An isolated provider is neither probed nor a last resort", async () => {
  const { a, mailer } = pair();
  await takeDown(mailer, a);
  const before = a.attempts;
  mailer.isolate("a");
  mailer.isolate("b");

  expect(await errorOf(mailer.send(letter))).toMatchObject({ kind: "unavailable", attempts: [] });
  expect(a.attempts).toBe(before);
});

test("Sends that are restricted to a provider do not share the fate of the others", async () => {
  const { a, mailer } = pair();
  await takeDown(mailer, a);
  a.script("hang");
  const stuck = watch(mailer.send(letter, { only: ["a"] }));
  await elapse();

  expect((await mailer.send(letter)).provider).toBe("b");
  await elapse(10_100);
  expect(stuck.error.kind).toBe("unknown");
});
