import { describe, expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, errorOf, fixRandom, letter, silenceWarnings, steps, throttle, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

const lost = { reason: "response-lost", delivered: true } as const;

test("After unknown: never again to that provider for this message, and no new round", async () => {
  fixRandom(0);
  const a = memoryProvider({ name: "a", script: [lost] });
  const b = memoryProvider({ name: "b", script: () => "unavailable" });

  const error = await errorOf(createMailer({ providers: [a, b] }).send(letter));

  expect(error).toMatchObject({ kind: "unknown", sent: "maybe" });
  expect(steps(error)).toEqual(["a response-lost", "b unavailable"]);
  expect([a.attempts, b.attempts]).toEqual([1, 1]);
  expect(a.inbox).toHaveLength(1);
});

test("After unknown the round is finished: the providers that were not tried yet are", async () => {
  const a = memoryProvider({ name: "a", script: [lost] });
  const b = memoryProvider({ name: "b", script: ["unreachable"] });
  const c = memoryProvider({ name: "c", script: ["quota"] });
  const d = memoryProvider({ name: "d" });

  const receipt = await createMailer({ providers: [a, b, c, d] }).send(letter);

  expect(steps(receipt)).toEqual(["a response-lost", "b unreachable", "c quota", "d accepted"]);
  expect(receipt.duplicate).toBe("possible");
});

test("An unknown attempt in the second round ends the rounds too", async () => {
  fixRandom(0);
  const a = memoryProvider({ name: "a", script: ["unavailable", lost] });

  const error = await errorOf(createMailer({ providers: [a] }).send(letter));

  expect(error.kind).toBe("unknown");
  expect(steps(error)).toEqual(["a unavailable", "a response-lost"]);
});

test("At most two unknown attempts a message, then UnknownDeliveryError", async () => {
  const names = ["a", "b", "c", "d"] as const;
  const providers = names.map((name) => memoryProvider({ name, script: [lost] }));

  const error = await errorOf(createMailer({ providers }).send(letter));

  expect(error).toMatchObject({ kind: "unknown", sent: "maybe" });
  expect(steps(error)).toEqual(["a response-lost", "b response-lost"]);
  expect(providers.map(({ inbox }) => inbox.length)).toEqual([1, 1, 0, 0]);
});

test("Attempts that prove nothing was sent do not count among the two", async () => {
  const a = memoryProvider({ name: "a", script: [lost] });
  const b = memoryProvider({ name: "b", script: ["too-large"] });
  const c = memoryProvider({ name: "c", script: [lost] });
  const d = memoryProvider({ name: "d" });

  const error = await errorOf(createMailer({ providers: [a, b, c, d] }).send(letter));

  expect(steps(error)).toEqual(["a response-lost", "b too-large", "c response-lost"]);
  expect(d.attempts).toBe(0);
});

test("After unknown nobody is waited for", async () => {
  const a = memoryProvider({ name: "a" });
  const b = memoryProvider({ name: "b" });
  const mailer = createMailer({ providers: [a, b] });
  await throttle(mailer, b, 2_000);
  a.script(lost);

  const error = await errorOf(mailer.send(letter));

  expect(error.kind).toBe("unknown");
  expect(steps(error)).toEqual(["a response-lost"]);
});

describe("onUnknown of the send wins over that of the mailer", () => {
  test.each([
    ["stop", "failover", ["a response-lost", "b accepted"]],
    ["failover", "stop", ["a response-lost"]],
  ] as const)("mailer %s, send %s", async (ofMailer, ofSend, expected) => {
    const a = memoryProvider({ name: "a", script: [lost] });
    const mailer = createMailer({ providers: [a, memoryProvider({ name: "b" })], onUnknown: ofMailer });

    const sending = watch(mailer.send(letter, { onUnknown: ofSend }));
    await elapse();

    expect(steps(ofSend === "stop" ? sending.error : sending.receipt)).toEqual(expected);
  });
});

describe("A reset on a reused connection is unknown but neutral", () => {
  test("so the message may have been sent", async () => {
    const a = memoryProvider({ name: "a", script: [{ ...lost, reusedConnection: true }] });

    const error = await errorOf(createMailer({ providers: [a] }).send(letter));

    expect(error).toMatchObject({ kind: "unknown", attempts: [{ outcome: "unknown", failure: { sent: "maybe" } }] });
  });

  test("and other failures on a reused connection count as they are", async () => {
    const a = memoryProvider({ name: "a", script: () => ({ reason: "server-error", reusedConnection: true }) });
    const mailer = createMailer({ providers: [a, memoryProvider({ name: "b" })] });

    for (let sent = 0; sent < 5; sent += 1) await mailer.send(letter);

    expect(mailer.health()).toMatchObject([{ provider: "a", state: "down" }, { provider: "b" }]);
  });
});

test.each([
  ["stop", true],
  ["failover", false],
] as const)("For onUnknown %s an attempt asks for a fresh connection: %s", async (onUnknown, fresh) => {
  const asked: boolean[] = [];
  const a = memoryProvider({
    name: "a",
    script: (_, attempt) => {
      asked.push(attempt.fresh);
      return "accepted";
    },
  });

  await createMailer({ providers: [a] }).send(letter, { onUnknown });

  expect(asked).toEqual([fresh]);
});
