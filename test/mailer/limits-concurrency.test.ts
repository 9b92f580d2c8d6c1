import { describe, expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  begin,
  elapse,
  healthOf,
  letter,
  recordEvents,
  silenceWarnings,
  steps,
  useFakeTime,
  watch,
} from "./support.ts";

useFakeTime();
silenceWarnings();

function limited(concurrency: number, latency = 1_000) {
  const a = memoryProvider({ name: "a", latency });
  const b = memoryProvider({ name: "b" });
  const mailer = createMailer({ providers: [{ provider: a, concurrency }, b] });
  return { a, b, mailer };
}

describe("A provider at its concurrency", () => {
  test("is passed over: mail goes to the next provider at once", async () => {
    const { mailer } = limited(2);

    const sendings = [1, 2, 3, 4].map(() => watch(mailer.send(letter)));
    await elapse(1_000);

    expect(sendings.map(({ receipt }) => receipt.provider)).toEqual(["a", "a", "b", "b"]);
    expect(sendings[2]?.receipt).toMatchObject({ duplicate: "no", skipped: [], attempts: [{ round: 1 }] });
  });

  test("never has more attempts under way, and those that must wait go in the order in which they were sent", async () => {
    const { a, mailer } = limited(3);

    const sendings = Array.from({ length: 8 }, (_, index) =>
      watch(mailer.send(letter, { only: ["a"], id: `send-${index}` })),
    );
    const seen: number[] = [];
    for (let step = 0; step < 3; step += 1) {
      await elapse(step === 0 ? 5 : 1_000);
      seen.push(a.attempts);
      expect(healthOf(mailer, "a").inFlight).toBeLessThanOrEqual(3);
    }
    await elapse(1_000);

    expect(seen).toEqual([3, 6, 8]);
    expect(sendings.every(({ accepted }) => accepted)).toBe(true);
    expect(a.inbox.map(({ id }) => id)).toEqual(sendings.map((_, index) => `send-${index}`));
  });

  test("says how many wait for it, and no event or state calls that a failure", async () => {
    const { mailer } = limited(1);
    const events = recordEvents(mailer);

    const sendings = [1, 2, 3, 4].map(() => watch(mailer.send(letter, { only: ["a"] })));
    await elapse();
    expect(healthOf(mailer, "a")).toMatchObject({ state: "healthy", inFlight: 1, queued: 3, failureRate: 0 });
    await elapse(4_000);

    expect(sendings.every(({ accepted }) => accepted)).toBe(true);
    expect(healthOf(mailer, "a")).toMatchObject({ state: "healthy", inFlight: 0, queued: 0, failureRate: 0 });
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set(["attempt", "accepted"]));
  });

  test("gives the slot of an attempt that failed, threw or was aborted to the next", async () => {
    const { a, mailer } = limited(1, 0);
    a.script({ reason: "rejected", after: 100 }, { reason: "internal", after: 100 }, "hang", "accepted");
    const caller = new AbortController();

    const sendings = ["one", "two", "three", "four"].map((id) =>
      watch(mailer.send(letter, { only: ["a"], id, signal: id === "three" ? caller.signal : undefined })),
    );
    await elapse(205);
    caller.abort();
    await elapse(20);

    expect(sendings[0]?.error.kind).toBe("rejected");
    expect(sendings[1]?.error.kind).toBe("unknown");
    expect(sendings[2]?.error).toMatchObject({ kind: "aborted", sent: "maybe" });
    expect(sendings[3]?.receipt.provider).toBe("a");
  });

  test("whoever is aborted while waiting leaves the line, and nobody behind is lost", async () => {
    const { a, mailer } = limited(1);
    const caller = new AbortController();
    const first = watch(mailer.send(letter, { only: ["a"] }));
    const gone = watch(mailer.send(letter, { only: ["a"], signal: caller.signal }));
    const last = watch(mailer.send(letter, { only: ["a"] }));
    await elapse();

    caller.abort();
    await elapse(0);
    expect(gone.error).toMatchObject({ kind: "aborted", sent: "no", attempts: [] });
    expect(healthOf(mailer, "a").queued).toBe(1);
    await elapse(2_000);

    expect([first.accepted, last.accepted]).toEqual([true, true]);
    expect(a.attempts).toBe(2);
  });

  test("whoever waits past the deadline is told so: not sent, with a time to come back", async () => {
    const { a, mailer } = limited(1, 60_000);
    const busy = watch(mailer.send(letter, { only: ["a"] }));
    const late = watch(mailer.send(letter, { only: ["a"], deadline: 2_000 }));

    await elapse(2_000);

    expect(busy.pending).toBe(true);
    expect(late.error).toMatchObject({ kind: "unavailable", sent: "no", retryable: true, attempts: [] });
    expect(late.error.retryAt).toBeInstanceOf(Date);
    expect(late.error.message).toContain("a is at its limit");
    expect(a.attempts).toBe(1);
  });

  test("when it goes down, those that wait for it find another way at once", async () => {
    const { a, b, mailer } = limited(1);
    a.script({ reason: "authentication", after: 500 });
    b.script({ reason: "throttled", retryAfter: 3_000 });
    await begin(mailer.send(letter, { only: ["b"] }));

    const sendings = [1, 2, 3].map(() => watch(mailer.send(letter)));
    await elapse(505);
    expect(healthOf(mailer, "a")).toMatchObject({ state: "down", queued: 0 });
    expect(healthOf(mailer, "b").queued).toBe(4);
    await elapse(2_500);

    expect(sendings.map(({ receipt }) => receipt.provider)).toEqual(["b", "b", "b"]);
    expect(steps(sendings[0]?.receipt ?? { attempts: [] })).toEqual(["a authentication", "b accepted"]);
  });

  test("when it is isolated, those that wait for it are told at once, and the slot is free again after", async () => {
    const { a, mailer } = limited(1);
    const busy = watch(mailer.send(letter, { only: ["a"] }));
    const waiting = watch(mailer.send(letter, { only: ["a"] }));
    await elapse();

    const handle = mailer.isolate("a");
    await elapse(0);
    expect(waiting.error).toMatchObject({ kind: "unavailable", sent: "no", attempts: [] });
    await elapse(1_000);
    expect(busy.accepted).toBe(true);
    handle[Symbol.dispose]();

    const again = watch(mailer.send(letter, { only: ["a"] }));
    await elapse(1_000);
    expect(again.accepted).toBe(true);
    expect(a.attempts).toBe(2);
  });

  test("close() ends those that wait, and lets those under way finish", async () => {
    const { a, mailer } = limited(1);
    const busy = watch(mailer.send(letter, { only: ["a"] }));
    const waiting = watch(mailer.send(letter, { only: ["a"] }));
    await elapse();

    const closing = mailer.close();
    await elapse(1_000);
    await closing;

    expect(busy.accepted).toBe(true);
    expect(waiting.error).toMatchObject({ kind: "closed", sent: "no", attempts: [] });
    expect(a.attempts).toBe(1);
  });

  test("one probe at a time goes through it after an outage", async () => {
    const { a, mailer } = limited(1, 100);
    a.script({ reason: "authentication" });
    await begin(mailer.send(letter, { only: ["a"] }));
    await elapse(20_000);

    const sendings = [1, 2, 3].map(() => watch(mailer.send(letter, { only: ["a"] })));
    await elapse(305);

    expect(sendings.map(({ accepted }) => accepted)).toEqual([true, true, true]);
    expect(healthOf(mailer, "a").state).toBe("recovering");
  });
});

test("Members of a group at their concurrency leave the load to the others", async () => {
  const a = memoryProvider({ name: "a", latency: 1_000 });
  const b = memoryProvider({ name: "b", latency: 1_000 });
  const mailer = createMailer({ providers: [[{ provider: a, weight: 9, concurrency: 1 }, b]] });

  const sendings = Array.from({ length: 6 }, () => watch(mailer.send(letter)));
  await elapse(1_000);

  expect(sendings.every(({ accepted }) => accepted)).toBe(true);
  expect([a.attempts, b.attempts]).toEqual([1, 5]);
});
