import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMailer, type RateOptions } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { begin, elapse, errorOf, healthOf, letter, silenceWarnings, steps, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

/** A provider that notes when its attempts begin. */
function rated(rate: RateOptions, latency = 0) {
  const times: number[] = [];
  const a = memoryProvider({
    name: "a",
    latency,
    script: () => {
      times.push(performance.now());
      return "accepted";
    },
  });
  const b = memoryProvider({ name: "b" });
  return { a, b, times, mailer: createMailer({ providers: [{ provider: a, rate }, b] }) };
}

describe("A provider at its rate", () => {
  test("is passed over: mail goes to the next provider at once, and comes back when the interval has passed", async () => {
    const { mailer } = rated({ limit: 2, interval: 1_000 });
    const providers: string[] = [];

    for (let sent = 0; sent < 4; sent += 1) providers.push((await mailer.send(letter)).provider);
    await elapse(1_000);
    providers.push((await mailer.send(letter)).provider);

    expect(providers).toEqual(["a", "a", "b", "b", "a"]);
    expect(healthOf(mailer, "a")).toMatchObject({ state: "healthy", failureRate: 0 });
  });

  test("lets those that must wait through in their order, as fast as it may", async () => {
    const { a, times, mailer } = rated({ limit: 2, interval: 1_000 });
    const began = performance.now();

    const sendings = Array.from({ length: 7 }, (_, index) =>
      watch(mailer.send(letter, { only: ["a"], id: `send-${index}` })),
    );
    await elapse();
    expect(healthOf(mailer, "a").queued).toBe(5);
    await elapse(3_100);

    expect(sendings.every(({ accepted }) => accepted)).toBe(true);
    expect(a.inbox.map(({ id }) => id)).toEqual(sendings.map((_, index) => `send-${index}`));
    expect(times.map((time) => Math.floor((time - began) / 1_000))).toEqual([0, 0, 1, 1, 2, 2, 3]);
  });

  test("has no interval, wherever it begins, with more attempts than the limit", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 2_000 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 25 }),
        async (limit, interval, pauses) => {
          const { times, mailer } = rated({ limit, interval }, 300);
          const sendings = [];
          for (const pause of pauses) {
            await elapse(pause);
            sendings.push(watch(mailer.send(letter, { only: ["a"], deadline: 3_600_000 })));
          }
          await elapse(pauses.length * 2_000 + 1_000);

          expect(sendings.every(({ accepted }) => accepted)).toBe(true);
          for (const [index, time] of times.entries()) {
            expect(time - (times[index - limit] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(interval);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("who would not get through in time is told at once, with the time to come back", async () => {
    const { mailer } = rated({ limit: 1, interval: 10_000 });
    const came = Date.now();
    await begin(mailer.send(letter, { only: ["a"] }));
    const waiting = [1, 2].map(() => watch(mailer.send(letter, { only: ["a"] })));
    await elapse();

    const error = await errorOf(mailer.send(letter, { only: ["a"] }));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no", attempts: [] });
    expect(Math.abs(Number(error.retryAt) - came - 30_000)).toBeLessThan(20);
    await elapse(20_000);
    expect(waiting.map(({ accepted }) => accepted)).toEqual([true, true]);
  });

  test("that answers 429 has used up what was left; permits come back one by one", async () => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [{ provider: a, rate: { limit: 10, interval: 10_000 } }] });
    a.script({ reason: "throttled", retryAfter: 500 });
    const sendings = [1, 2, 3, 4].map((number) => watch(mailer.send(letter, { id: `send-${number}` })));

    const inboxes: number[] = [];
    await elapse(600);
    for (let second = 1; second <= 4; second += 1) {
      inboxes.push(a.inbox.length);
      await elapse(1_000);
    }

    // The other three were under way with the one that was refused.
    expect(inboxes).toEqual([3, 4, 4, 4]);
    expect(sendings.every(({ accepted }) => accepted)).toBe(true);
    expect(steps(sendings[0]?.receipt ?? { attempts: [] })).toEqual(["a throttled", "a accepted"]);
  });

  test("still goes to others after a 429 while its permits come back", async () => {
    const { a, mailer } = rated({ limit: 4, interval: 4_000 });
    a.script({ reason: "throttled", retryAfter: 100 });
    const first = await mailer.send(letter);
    expect(steps(first)).toEqual(["a throttled", "b accepted"]);

    await elapse(500);
    expect((await mailer.send(letter)).provider).toBe("b");
    await elapse(500);
    expect((await mailer.send(letter)).provider).toBe("a");
    expect((await mailer.send(letter)).provider).toBe("b");
  });

  test("that fails in another way keeps what is left", async () => {
    const { a, mailer } = rated({ limit: 3, interval: 60_000 });
    a.script("unavailable");

    const providers: string[] = [];
    for (let sent = 0; sent < 4; sent += 1) providers.push((await mailer.send(letter)).provider);

    expect(providers).toEqual(["b", "a", "a", "b"]);
  });
});

test("A slot that was given to a send which its deadline ended is not lost", async () => {
  const { a, mailer } = rated({ limit: 1, interval: 1_000 });
  await begin(mailer.send(letter, { only: ["a"] }));
  const caller = new AbortController();
  const aborted = watch(mailer.send(letter, { only: ["a"], signal: caller.signal }));
  const next = watch(mailer.send(letter, { only: ["a"] }));

  await elapse(990);
  caller.abort();
  await elapse(10);

  expect(aborted.error.kind).toBe("aborted");
  expect(next.accepted).toBe(true);
  expect(a.attempts).toBe(2);
});

test("Both limits hold together", async () => {
  const { times, a, mailer } = rated({ limit: 3, interval: 1_000 }, 600);
  const both = createMailer({ providers: [{ provider: a, rate: { limit: 3, interval: 1_000 }, concurrency: 2 }] });
  await mailer.close();

  const sendings = Array.from({ length: 6 }, () => watch(both.send(letter)));
  await elapse(4_000);

  expect(sendings.every(({ accepted }) => accepted)).toBe(true);
  const [first = 0] = times;
  expect(times.map((time) => Math.floor((time - first) / 100) * 100)).toEqual([0, 0, 600, 1_000, 1_200, 1_600]);
});
