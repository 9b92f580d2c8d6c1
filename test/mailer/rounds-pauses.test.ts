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

/** The longest pause after which the attempt of a send with the default deadline still has its useful time. */
const longestPause = 29_750;

describe("A pause that a provider asks for", () => {
  test("is waited for if that leaves just the useful time, and not a moment longer", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", retryAfter: longestPause }] });

    const sending = watch(createMailer({ providers: [a] }).send(letter));
    await elapse(longestPause - 1);
    expect(sending.pending).toBe(true);
    await elapse(1);

    expect(steps(sending.receipt)).toEqual(["a unavailable", "a accepted"]);
  });

  test("ends the send at once if that leaves less", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", retryAfter: longestPause + 1 }] });

    expect((await errorOf(createMailer({ providers: [a] }).send(letter))).kind).toBe("unavailable");
  });

  test("ends the back-off of the others", async () => {
    fixRandom(0.99);
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", retryAfter: 1_000 }] });
    const b = memoryProvider({ name: "b", script: ["unavailable"] });
    const mailer = createMailer({ providers: [a, b], retry: { minDelay: 4_000 } });

    const sending = watch(mailer.send(letter));
    await elapse(1_000);

    expect(steps(sending.receipt)).toEqual(["a unavailable", "b unavailable", "a accepted"]);
  });

  test("is not waited for where it was the provider's last word before it went down", async () => {
    fixRandom();
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", retryAfter: 5_000 }] });
    const mailer = createMailer({ providers: [a], breaker: { consecutiveFailures: 1, openFor: 1_000 } });

    const error = await errorOf(mailer.send(letter));

    expect(steps(error)).toEqual(["a unavailable"]);
    expect(healthOf(mailer, "a").state).toBe("down");
  });

  test("takes no place in the queue, also while the provider is throttled for a part of it", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "throttled", retryAfter: 5_000 }] });
    const mailer = createMailer({ providers: [a], breaker: { maxOpenFor: 500 }, queue: { limit: 0 } });

    const sending = await begin(mailer.send(letter));
    expect(sending.pending).toBe(true);
    expect(healthOf(mailer, "a").queued).toBe(0);
    await elapse(5_000);

    expect(steps(sending.receipt)).toEqual(["a throttled", "a accepted"]);
  });
});

test("A throttle is waited for if that leaves just the useful time", async () => {
  const a = memoryProvider({ name: "a" });
  const mailer = createMailer({ providers: [a] });
  await throttle(mailer, a, 10_000);
  const left = (healthOf(mailer, "a").throttledUntil?.getTime() ?? 0) - Date.now();

  const sending = watch(mailer.send(letter, { deadline: left + 250 }));
  await elapse(left);

  expect(sending.accepted).toBe(true);
});

describe("Where the queue is full between two rounds", () => {
  /** A provider that fails with that pause, and one at its limit. */
  async function failingBesideFull(retryAfter?: number) {
    fixRandom();
    const a = memoryProvider({ name: "a" });
    const b = memoryProvider({ name: "b", script: ["hang"] });
    const mailer = createMailer({
      providers: [a, { provider: b, concurrency: 1, timeout: 60_000 }],
      queue: { limit: 0 },
    });
    await begin(mailer.send(letter, { only: ["b"], deadline: 60_000 }));
    a.script(retryAfter === undefined ? "unavailable" : { reason: "unavailable", retryAfter });
    return watch(mailer.send(letter));
  }

  test("a provider that comes back in time is waited for", async () => {
    const sending = await failingBesideFull();
    await elapse(124);
    expect(sending.pending).toBe(true);
    await elapse(1);

    expect(steps(sending.receipt)).toEqual(["a unavailable", "a accepted"]);
  });

  test("also one that leaves just the useful time", async () => {
    const sending = await failingBesideFull(longestPause);
    await elapse(longestPause);

    expect(steps(sending.receipt)).toEqual(["a unavailable", "a accepted"]);
  });

  test("and none would be back in time, the send is refused as overloaded, at once", async () => {
    const sending = await failingBesideFull(longestPause + 1);
    await elapse();

    expect(sending.error).toMatchObject({ kind: "overloaded", sent: "no", retryable: true });
    expect(steps(sending.error)).toEqual(["a unavailable"]);
    expect(sending.error.message).toContain(
      "the queue of those that wait for limits or throttles is full (queue.limit: 0), and ",
    );
  });
});

describe("A message that waits for a throttle at one provider and for another's probe", () => {
  async function throttledBesideProbe(retryAfter: number) {
    fixRandom();
    const a = memoryProvider({ name: "a" });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b], breaker: { openFor: 1_000 } });
    await takeDown(mailer, a);
    await elapse(1_000);
    await throttle(mailer, b, retryAfter);
    a.script({ accepted: true, after: 3_000 });
    await begin(mailer.send(letter, { only: ["a"] }));
    return begin(mailer.send(letter));
  }

  test("goes by the probed one if that passes first", async () => {
    const sending = await throttledBesideProbe(8_000);
    await elapse(2_980);
    expect(sending.pending).toBe(true);
    await elapse(20);

    expect(steps(sending.receipt)).toEqual(["a accepted"]);
  });

  test("goes by the throttled one if its throttle ends first", async () => {
    const sending = await throttledBesideProbe(1_000);
    await elapse(970);
    expect(sending.pending).toBe(true);
    await elapse(30);

    expect(steps(sending.receipt)).toEqual(["b accepted"]);
  });
});

describe("A send ends at once", () => {
  test("where too little time is left, although a provider at its limit may still call it", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", after: 9_800 }] });
    const b = memoryProvider({ name: "b", script: ["hang"] });
    const mailer = createMailer({ providers: [a, { provider: b, concurrency: 1 }], retry: { maxRounds: 1 } });
    watch(mailer.send(letter, { only: ["b"], deadline: 60_000 }));

    const sending = watch(mailer.send(letter, { deadline: 10_000 }));
    await elapse(9_800);

    expect(sending.error).toMatchObject({ kind: "unavailable", sent: "no" });
    expect(steps(sending.error)).toEqual(["a unavailable"]);
  });

  test("where nobody is left, whatever another message waits for", async () => {
    fixRandom();
    const a = memoryProvider({ name: "a", script: ["too-large"] });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b] });
    await takeDown(mailer, b);
    b.script("hang");
    const lastResort = await begin(mailer.send(letter, { only: ["b"] }));
    expect(lastResort.pending).toBe(true);

    expect(steps(await errorOf(mailer.send(letter, { only: ["a"] })))).toEqual(["a too-large"]);
  });
});
