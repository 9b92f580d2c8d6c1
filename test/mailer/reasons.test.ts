import { describe, expect, test } from "vitest";
import { createMailer, type Reason } from "../../src/index.ts";
import { memoryProvider, type Outcome, type OutcomeRule } from "../../src/testing/memory-provider.ts";
import { begin, elapse, errorOf, fixRandom, letter, silenceWarnings, steps, useFakeTime } from "./support.ts";

useFakeTime();
silenceWarnings();

/** The table "what happens after an attempt", without the two reasons whose row depends on the phase. */
const table = [
  ["rejected", "message", "no", "stop"],
  ["invalid", "message", "no", "second opinion"],
  ["too-large", "message", "no", "next provider"],
  ["unsupported", "message", "no", "next provider"],
  ["not-found", "message", "no", "next provider"],
  ["authentication", "account", "no", "next provider"],
  ["suspended", "account", "no", "next provider"],
  ["sender", "account", "no", "next provider"],
  ["quota", "account", "no", "next provider"],
  ["throttled", "provider", "no", "next provider"],
  ["unreachable", "provider", "no", "next provider"],
  ["unavailable", "provider", "no", "next provider"],
  ["response-lost", "provider", "maybe", "onUnknown"],
  ["timeout", "provider", "maybe", "onUnknown"],
  ["bad-response", "provider", "maybe", "onUnknown"],
  ["server-error", "provider", "maybe", "onUnknown"],
] as const satisfies readonly (readonly [Reason, string, string, string])[];

const goingOn = table.filter(([, , , then]) => then === "next provider");
const unknown = table.filter(([, , , then]) => then === "onUnknown");

function pair(script: readonly Outcome[] | OutcomeRule) {
  const first = memoryProvider({ name: "first", script });
  const second = memoryProvider({ name: "second" });
  return { first, second, providers: [first, second] as const };
}

test("accepted → done: no other provider has the message", async () => {
  const { first, second, providers } = pair(["accepted"]);

  const receipt = await createMailer({ providers }).send(letter, { id: "order-7" });

  expect(receipt).toMatchObject({
    id: "order-7",
    provider: "first",
    providerMessageId: first.inbox[0]?.providerMessageId,
    attempts: [{ provider: "first", round: 1, outcome: "accepted" }],
    duplicate: "no",
    dropped: [],
    skipped: [],
  });
  expect(first.inbox.map(({ id }) => id)).toEqual(["order-7"]);
  expect(second.attempts).toBe(0);
});

test.each(table)("%s is of scope %s and says sent: %s", async (reason, scope, sent) => {
  fixRandom(0);
  const { first, providers } = pair(() => reason);

  const error = await errorOf(createMailer({ providers, retry: { maxRounds: 1 } }).send(letter, { only: ["first"] }));

  expect(first.attempts).toBe(1);
  expect(error.sent).toBe(sent);
  expect(error.attempts).toMatchObject([
    { provider: "first", outcome: sent === "no" ? "not-sent" : "unknown", failure: { reason, scope, sent } },
  ]);
});

test("rejected → stop, whoever else could take it", async () => {
  const { second, providers } = pair(["rejected"]);

  expect(await errorOf(createMailer({ providers }).send(letter))).toMatchObject({ kind: "rejected", sent: "no" });
  expect(second.attempts).toBe(0);
});

describe.each(["failover", "stop"] as const)("with onUnknown: %s", (onUnknown) => {
  test.each(goingOn)("%s (%s, sent: %s) → next provider, without a wait", async (reason) => {
    const { second, providers } = pair([reason]);

    const receipt = await createMailer({ providers, onUnknown }).send(letter);

    expect(steps(receipt)).toEqual([`first ${reason}`, "second accepted"]);
    expect(receipt).toMatchObject({ provider: "second", duplicate: "no", duration: 0 });
    expect(second.inbox).toHaveLength(1);
  });

  test("internal, where the request never began → next provider", async () => {
    const { providers } = pair([{ reason: "internal", sent: "no" }]);

    const receipt = await createMailer({ providers, onUnknown }).send(letter);

    expect(receipt).toMatchObject({
      provider: "second",
      duplicate: "no",
      attempts: [{ outcome: "not-sent", failure: { reason: "internal", scope: "none", sent: "no" } }, {}],
    });
  });

  test("aborted → stop, with what the phase says", async () => {
    const { first, second, providers } = pair(["hang"]);
    const caller = new AbortController();

    const sending = await begin(createMailer({ providers, onUnknown }).send(letter, { signal: caller.signal }));
    caller.abort();
    await elapse();

    expect(sending.error).toMatchObject({
      kind: "aborted",
      sent: "maybe",
      attempts: [{ outcome: "unknown", failure: { reason: "aborted", scope: "none", sent: "maybe" } }],
    });
    expect([first.attempts, second.attempts]).toEqual([1, 0]);
  });
});

describe("onUnknown decides after", () => {
  const cases = [...unknown.map(([reason]) => reason), "internal" as const];

  test.each(cases)("%s: failover goes on, and the receipt says that a duplicate is possible", async (reason) => {
    const { second, providers } = pair([reason]);

    const receipt = await createMailer({ providers }).send(letter);

    expect(steps(receipt)).toEqual([`first ${reason}`, "second accepted"]);
    expect(receipt).toMatchObject({
      provider: "second",
      duplicate: "possible",
      attempts: [{ outcome: "unknown" }, {}],
    });
    expect(second.inbox).toHaveLength(1);
  });

  test.each(cases)("%s: stop ends with UnknownDeliveryError", async (reason) => {
    const { second, providers } = pair([reason]);

    const error = await errorOf(createMailer({ providers }).send(letter, { onUnknown: "stop" }));

    expect(error).toMatchObject({
      kind: "unknown",
      sent: "maybe",
      attempts: [{ provider: "first", outcome: "unknown" }],
    });
    expect(second.attempts).toBe(0);
  });
});

describe("invalid → a second opinion", () => {
  test("of one more provider, which may take it", async () => {
    const { providers } = pair(["invalid"]);

    const receipt = await createMailer({ providers }).send(letter);

    expect(steps(receipt)).toEqual(["first invalid", "second accepted"]);
    expect(receipt.duplicate).toBe("no");
  });

  test("two agree → RejectedError, and no third is asked", async () => {
    const third = memoryProvider({ name: "third" });
    const { first, second } = pair(["invalid"]);
    second.script("invalid");

    const error = await errorOf(createMailer({ providers: [first, second, third] }).send(letter));

    expect(error).toMatchObject({ kind: "rejected", sent: "no", retryable: false });
    expect(steps(error)).toEqual(["first invalid", "second invalid"]);
    expect(third.attempts).toBe(0);
  });

  test("one configured → RejectedError at once", async () => {
    const only = memoryProvider({ name: "only", script: ["invalid"] });

    const error = await errorOf(createMailer({ providers: [only] }).send(letter));

    expect(error).toMatchObject({ kind: "rejected" });
    expect(only.attempts).toBe(1);
  });

  test("a provider that fails has no opinion, so the next one is asked", async () => {
    const third = memoryProvider({ name: "third", script: ["invalid"] });
    const fourth = memoryProvider({ name: "fourth" });
    const { first, second } = pair(["invalid"]);
    second.script("unreachable");

    const error = await errorOf(createMailer({ providers: [first, second, third, fourth] }).send(letter));

    expect(error).toMatchObject({ kind: "rejected" });
    expect(steps(error)).toEqual(["first invalid", "second unreachable", "third invalid"]);
    expect(fourth.attempts).toBe(0);
  });

  test("is not asked for again from a provider that gave it", async () => {
    fixRandom(0);
    const { first, second, providers } = pair(["invalid"]);
    second.script(() => "unavailable");

    const error = await errorOf(createMailer({ providers }).send(letter));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no" });
    expect([first.attempts, second.attempts]).toEqual([1, 3]);
  });
});
