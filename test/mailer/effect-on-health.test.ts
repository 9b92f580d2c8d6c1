import { describe, expect, test } from "vitest";
import { createMailer, type Mailer, type ProviderChange } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { begin, elapse, errorOf, fixRandom, healthOf, letter, silenceWarnings, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

/** A first provider that ends every attempt so, with a standby that takes what it does not. */
function setUp(outcome: Outcome, breaker = {}) {
  const first = memoryProvider({ name: "first", script: () => outcome });
  const standby = memoryProvider({ name: "standby" });
  const mailer = createMailer({ providers: [{ provider: first, breaker }, standby] });
  return { first, standby, mailer, changes: changesOf(mailer) };
}

function changesOf<N extends string>(mailer: Mailer<N>): ProviderChange<N>[] {
  const changes: ProviderChange<N>[] = [];
  mailer.on("provider:changed", (change) => changes.push(change));
  return changes;
}

async function sendTimes<N extends string>(times: number, mailer: Mailer<N>): Promise<void> {
  for (let sent = 0; sent < times; sent += 1) await begin(mailer.send(letter));
}

describe("neutral: 50 messages in a row neither degrade a provider nor take it down", () => {
  const neutral: Outcome[] = [
    { reason: "rejected" },
    { reason: "too-large" },
    { reason: "unsupported" },
    { reason: "not-found" },
    { reason: "internal", sent: "no" },
    { reason: "internal", sent: "maybe" },
    { reason: "response-lost", reusedConnection: true },
  ];
  test.each(neutral)("%j", async (outcome) => {
    const { first, mailer, changes } = setUp(outcome);

    await sendTimes(50, mailer);

    expect(first.attempts).toBe(50);
    expect(healthOf(mailer, "first")).toMatchObject({ state: "healthy", failureRate: 0, slowRate: 0 });
    expect(changes).toEqual([]);
  });

  test("aborted by the caller", async () => {
    const { first, mailer, changes } = setUp("hang");
    for (let sent = 0; sent < 50; sent += 1) {
      const caller = new AbortController();
      const sending = await begin(mailer.send(letter, { signal: caller.signal }));
      caller.abort();
      await elapse();
      expect(sending.error.kind).toBe("aborted");
    }

    expect(first.attempts).toBe(50);
    expect(healthOf(mailer, "first")).toMatchObject({ state: "healthy", failureRate: 0, inFlight: 0 });
    expect(changes).toEqual([]);
  });

  test("timed out under a deadline shorter than the route's timeout", async () => {
    const { first, mailer, changes } = setUp("hang");
    for (let sent = 0; sent < 50; sent += 1) {
      const sending = watch(mailer.send(letter, { deadline: 1_000 }));
      await elapse(1_100);
      expect(sending.error.kind).toBe("unknown");
    }

    expect(first.attempts).toBe(50);
    expect(healthOf(mailer, "first")).toMatchObject({ state: "healthy", failureRate: 0 });
    expect(changes).toEqual([]);
  });
});

describe("failure: five in a row take a provider down", () => {
  test.each(["unreachable", "unavailable", "response-lost", "timeout", "bad-response", "server-error"] as const)(
    "%s",
    async (reason) => {
      const { first, mailer, changes } = setUp({ reason });

      await sendTimes(4, mailer);
      expect(healthOf(mailer, "first")).toMatchObject({ state: "healthy", failureRate: 1, lastFailure: { reason } });
      await sendTimes(3, mailer);

      expect(first.attempts).toBe(5);
      expect(healthOf(mailer, "first").state).toBe("down");
      expect(changes).toMatchObject([
        { provider: "first", from: "healthy", to: "down", reason: "consecutive-failures", failure: { reason } },
      ]);
    },
  );

  test("a time-out that had the route's whole time", async () => {
    const { first, mailer } = setUp("hang");
    for (let sent = 0; sent < 5; sent += 1) {
      const sending = watch(mailer.send(letter));
      await elapse(10_100);
      expect(sending.receipt.provider).toBe("standby");
    }

    expect(first.attempts).toBe(5);
    expect(healthOf(mailer, "first").state).toBe("down");
  });

  test("a response lost on a new connection, unlike one on a reused connection", async () => {
    const { mailer } = setUp({ reason: "response-lost", reusedConnection: false });

    await sendTimes(5, mailer);

    expect(healthOf(mailer, "first").state).toBe("down");
  });

  test("one in five degrades", async () => {
    const { first, mailer, changes } = setUp("accepted");
    first.script("unreachable");

    await sendTimes(5, mailer);

    expect(healthOf(mailer, "first")).toMatchObject({ state: "degraded", failureRate: 0.2 });
    expect(changes).toMatchObject([{ to: "degraded", reason: "failure-rate" }]);
  });
});

describe("down at once: one message suffices", () => {
  test.each(["authentication", "suspended", "sender", "quota"] as const)("%s", async (reason) => {
    const { first, mailer, changes } = setUp({ reason, status: 403 });

    await sendTimes(3, mailer);

    expect(first.attempts).toBe(1);
    expect(healthOf(mailer, "first")).toMatchObject({ state: "down", lastFailure: { reason } });
    expect(changes).toMatchObject([{ from: "healthy", to: "down", reason, failure: { reason, status: 403 } }]);
  });
});

describe("accepted → success", () => {
  test("and slow, if slower than slowAttempt: five slow ones degrade", async () => {
    const { mailer, changes } = setUp({ accepted: true, after: 5_001 });
    for (let sent = 0; sent < 5; sent += 1) {
      const sending = watch(mailer.send(letter));
      await elapse(5_100);
      expect(sending.receipt.provider).toBe("first");
    }

    expect(healthOf(mailer, "first")).toMatchObject({ state: "degraded", failureRate: 0, slowRate: 1 });
    expect(changes).toMatchObject([{ to: "degraded", reason: "slow-rate" }]);
  });

  test("ends a run of failures", async () => {
    const { first, mailer } = setUp("accepted");
    first.script("unreachable", "unreachable", "unreachable", "unreachable", "accepted", "unreachable");

    await sendTimes(4, mailer);
    expect(healthOf(mailer, "first").state).toBe("healthy");
    await elapse(31_000);
    await sendTimes(2, mailer);

    expect(healthOf(mailer, "first").state).toBe("healthy");
  });
});

describe("invalid: neutral, but 10 distinct messages in a row degrade", () => {
  test("nine do not, the tenth does", async () => {
    const { mailer, changes } = setUp("invalid");

    await sendTimes(9, mailer);
    expect(healthOf(mailer, "first").state).toBe("healthy");
    await sendTimes(1, mailer);

    expect(healthOf(mailer, "first")).toMatchObject({ state: "degraded", failureRate: 0 });
    expect(changes).toMatchObject([{ to: "degraded", reason: "invalid-in-a-row" }]);
  });

  test.each(["accepted", "rejected"] as const)("one that was %s in between begins the row anew", async (between) => {
    const { first, mailer, changes } = setUp("invalid");
    const nine = Array.from({ length: 9 }, () => "invalid" as const);
    first.script(...nine, between, ...nine);

    await sendTimes(19, mailer);

    expect(first.attempts).toBe(19);
    expect(changes).toEqual([]);
  });

  test("one poison message, however often it is sent, does not", async () => {
    const { first, mailer, changes } = setUp("invalid");

    for (let sent = 0; sent < 12; sent += 1) await mailer.send(letter, { id: "poison" });

    expect(first.attempts).toBe(12);
    expect(changes).toEqual([]);
  });

  test("never takes it down", async () => {
    const { first, mailer } = setUp("invalid");

    await sendTimes(50, mailer);

    expect(first.attempts).toBe(50);
    expect(healthOf(mailer, "first").state).toBe("degraded");
  });
});

describe("throttled: out until retryAfter, and no failure", () => {
  const pauseOf = (mailer: Mailer<"first" | "standby">): number =>
    (healthOf(mailer, "first").throttledUntil?.getTime() ?? Number.NaN) - Date.now();

  test("is left alone until then, and tried after it", async () => {
    const { first, mailer, changes } = setUp("accepted");
    first.script({ reason: "throttled", retryAfter: 7_000 });

    await mailer.send(letter);
    expect(pauseOf(mailer)).toBe(7_000);
    await elapse(6_999);
    expect((await mailer.send(letter)).attempts).toMatchObject([{ provider: "standby" }]);
    await elapse(1);
    expect((await mailer.send(letter)).attempts).toMatchObject([{ provider: "first" }]);

    expect(healthOf(mailer, "first")).toMatchObject({ state: "healthy", failureRate: 0 });
    expect(changes).toMatchObject([
      { from: "healthy", to: "throttled", reason: "throttled", failure: { retryAfter: 7_000 } },
      { from: "throttled", to: "healthy", reason: "throttle-passed" },
    ]);
  });

  test("50 in a row neither degrade it nor take it down", async () => {
    const { first, mailer } = setUp({ reason: "throttled", retryAfter: 100 });
    for (let sent = 0; sent < 50; sent += 1) {
      await mailer.send(letter);
      await elapse(100);
    }

    expect(first.attempts).toBe(50);
    expect(healthOf(mailer, "first")).toMatchObject({ state: "healthy", failureRate: 0 });
  });

  test("without a retryAfter 1 s, doubling to 60 s, until a message is accepted", async () => {
    const { first, mailer } = setUp("throttled");
    const pauses: number[] = [];
    for (let sent = 0; sent < 8; sent += 1) {
      await mailer.send(letter);
      pauses.push(pauseOf(mailer));
      await elapse(pauseOf(mailer));
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);

    first.script("accepted", "throttled");
    await sendTimes(1, mailer);
    await mailer.send(letter);
    expect(pauseOf(mailer)).toBe(1_000);
  });

  test("answers to messages that were under way together double nothing", async () => {
    const { first, mailer } = setUp({ reason: "throttled", after: 50 });
    const together = [1, 2, 3].map(() => watch(mailer.send(letter)));
    await elapse(50);

    expect(together.map(({ receipt }) => receipt.provider)).toEqual(["standby", "standby", "standby"]);
    expect(pauseOf(mailer)).toBe(1_000);
    await elapse(1_000);
    watch(mailer.send(letter));
    await elapse(50);
    expect(first.attempts).toBe(4);
    expect(pauseOf(mailer)).toBe(2_000);
  });

  test.each([
    ["asked for", { reason: "throttled", retryAfter: 3_600_000 }],
    ["not asked for", "throttled"],
  ] as const)("never longer than maxOpenFor, when %s", async (_, outcome) => {
    const { mailer } = setUp(outcome, { maxOpenFor: 700 });

    await mailer.send(letter);

    expect(pauseOf(mailer)).toBe(700);
  });
});

describe("a message counts at most one failure per provider", () => {
  test("whatever the rounds", async () => {
    fixRandom(0);
    const only = memoryProvider({ name: "only", script: () => "unavailable" });
    const mailer = createMailer({ providers: [only], breaker: { consecutiveFailures: 2 } });

    await errorOf(mailer.send(letter));
    expect(only.attempts).toBe(3);
    expect(healthOf(mailer, "only").state).toBe("healthy");
    await errorOf(mailer.send(letter));

    expect(healthOf(mailer, "only").state).toBe("down");
  });

  test("and a throttle before it is none", async () => {
    const only = memoryProvider({ name: "only", script: [{ reason: "throttled", retryAfter: 100 }, "unavailable"] });
    const mailer = createMailer({ providers: [only], breaker: { consecutiveFailures: 1 }, retry: { maxRounds: 2 } });

    const sending = watch(mailer.send(letter));
    await elapse(200);

    expect(sending.error.kind).toBe("unavailable");
    expect(only.attempts).toBe(2);
    expect(healthOf(mailer, "only").state).toBe("down");
  });
});
