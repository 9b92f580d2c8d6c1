import { describe, expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, letter, silenceWarnings, steps, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

/** So tolerant that nothing but the budget ends the repeats. */
const breaker = { consecutiveFailures: 100_000, failureRate: 1, minimumAttempts: 2_000 };

function failing(budget: number | undefined, names: readonly string[] = ["a"]) {
  const providers = names.map((name) => memoryProvider({ name, script: () => "unavailable" }));
  const mailer = createMailer({ providers, breaker, retry: { budget, minDelay: 100, maxDelay: 100 } });
  return { providers, mailer, attempts: () => providers.map((provider) => provider.attempts) };
}

describe("The retry budget", () => {
  test.each([
    { budget: undefined, repeats: 10 + 0.2 * 200 },
    { budget: 0, repeats: 10 },
    { budget: 0.5, repeats: 10 + 0.5 * 200 },
    { budget: 10, repeats: 2 * 200 },
  ])("of $budget: 200 sends in an outage are repeated $repeats times in all", async ({ budget, repeats }) => {
    const { mailer, attempts } = failing(budget);

    const sendings = Array.from({ length: 200 }, () => watch(mailer.send(letter)));
    await elapse(5_000);

    expect(attempts()).toEqual([200 + repeats]);
    for (const { error } of sendings) expect(error).toMatchObject({ kind: "unavailable", sent: "no", retryable: true });
  });

  test("says in the error that it is why a message was not tried again", async () => {
    const { mailer } = failing(0);

    const sendings = Array.from({ length: 30 }, () => watch(mailer.send(letter)));
    await elapse(1_000);

    const error = sendings.map((sending) => sending.error).find(({ attempts }) => attempts.length === 1);
    expect(error?.message).toContain("the retry budget of the last ten seconds is spent (retry.budget)");
    expect(error?.retryAt).toBeInstanceOf(Date);
  });

  test("is not blamed for a message that it did not keep from another try", async () => {
    const { mailer } = failing(0);
    const inTime = Array.from({ length: 3 }, () => watch(mailer.send(letter)));
    await elapse(1_000);
    const late = Array.from({ length: 30 }, () => watch(mailer.send(letter)));
    await elapse(1_000);

    const unrepeated = late.map(({ error }) => error).filter(({ attempts }) => attempts.length === 1);
    expect(unrepeated.length).toBeGreaterThanOrEqual(26);
    for (const { message } of unrepeated) expect(message).toContain("retry budget");
    for (const { error } of inTime) expect(steps(error)).toHaveLength(3);
    for (const { error } of inTime) expect(error.message).not.toContain("retry budget");
  });

  test("denies no failover: each message still tries every provider once", async () => {
    const { providers, mailer, attempts } = failing(0, ["a", "b", "c"]);
    const before = Array.from({ length: 50 }, () => watch(mailer.send(letter)));
    await elapse(5_000);
    expect(before.every(({ error }) => new Set(steps(error)).size === 3)).toBe(true);
    expect(attempts().reduce((sum, each) => sum + each)).toBe(3 * 50 + 10);

    providers[2]?.script();
    const after = Array.from({ length: 50 }, () => watch(mailer.send(letter)));
    await elapse(5);
    expect(after.map(({ receipt }) => receipt.provider)).toEqual(after.map(() => "c"));
  });

  test("comes back as the sends of the last ten seconds go by", async () => {
    const { mailer, attempts } = failing(0);
    for (let period = 1; period <= 3; period += 1) {
      for (let sent = 0; sent < 20; sent += 1) watch(mailer.send(letter));
      await elapse(5_000);
      expect(attempts()).toEqual([period * 30]);
      await elapse(6_000);
    }
  });

  test("counts no send and no repeat that is older than ten seconds", async () => {
    const { mailer, attempts } = failing(1);
    // So many sends allow as many repeats, but only for ten seconds.
    for (let sent = 0; sent < 100; sent += 1) watch(mailer.send(letter));
    await elapse(10_500);
    const before = attempts()[0] ?? 0;

    for (let sent = 0; sent < 30; sent += 1) watch(mailer.send(letter));
    await elapse(5_000);

    expect(before).toBe(100 + 110);
    expect(attempts()).toEqual([before + 30 + 10 + 30]);
  });

  test("leaves little traffic its retries", async () => {
    const { providers, mailer } = failing(0);
    const sending = watch(mailer.send(letter));
    await elapse(1_000);
    expect(steps(sending.error)).toEqual(["a unavailable", "a unavailable", "a unavailable"]);

    providers[0]?.script("unavailable", "unavailable", "accepted");
    const next = watch(mailer.send(letter));
    await elapse(1_000);
    expect(next.receipt.attempts).toHaveLength(3);
  });
});
