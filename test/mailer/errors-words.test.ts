import { describe, expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  begin,
  elapse,
  errorOf,
  fixRandom,
  letter,
  silenceWarnings,
  takeDown,
  throttle,
  useFakeTime,
  type Watched,
  watch,
} from "./support.ts";

useFakeTime();
silenceWarnings();

const id = "order-7";
const once = { maxRounds: 1 };

/** Ends a send while its attempt is under way, or while it waits for the next round. */
async function endedMeanwhile(script: "hang" | "unavailable", how: "aborted" | "closed"): Promise<string> {
  fixRandom();
  const caller = new AbortController();
  const mailer = createMailer({ providers: [memoryProvider({ name: "a", script: [script] })] });
  const sending = await begin(mailer.send(letter, { id, signal: caller.signal }));
  if (how === "aborted") caller.abort();
  else void mailer.close({ timeout: 10 });
  await elapse(20);
  return sending.error.message;
}

/** A send that waits for a provider's limit, behind one that holds its only slot. */
async function waitingForLimit(how: (caller: AbortController) => void): Promise<string> {
  const a = memoryProvider({ name: "a", script: ["hang"] });
  const mailer = createMailer({ providers: [{ provider: a, concurrency: 1 }] });
  const caller = new AbortController();
  await begin(mailer.send(letter));
  const sending = await begin(mailer.send(letter, { id, signal: caller.signal }));
  how(caller);
  await elapse();
  return sending.error.message;
}

describe("The words of AbortedError and ClosedError say whether the message may have been sent", () => {
  test.each([
    ["hang", "aborted", "the caller's signal ended the send; it may have been sent. Tried: a aborted."],
    ["unavailable", "aborted", "the caller's signal ended the send; it was not sent. Tried: a unavailable."],
    ["hang", "closed", "the mailer was closed; it may have been sent. Tried: a aborted."],
    ["unavailable", "closed", "the mailer was closed; it was not sent. Tried: a unavailable."],
  ] as const)("after %s, %s", async (script, how, words) => {
    expect(await endedMeanwhile(script, how)).toBe(`Message order-7: ${words}`);
  });

  test("and that nobody was tried", async () => {
    expect(await waitingForLimit((caller) => caller.abort())).toBe(
      "Message order-7: the caller's signal ended the send; it was not sent. No provider was tried.",
    );
  });
});

test("The words of UnknownDeliveryError say who may have it, and where to look", async () => {
  const providers = [
    memoryProvider({ name: "a", script: ["response-lost"] }),
    memoryProvider({ name: "b", script: [{ reason: "server-error", status: 500 }] }),
  ];

  expect((await errorOf(createMailer({ providers }).send(letter, { id }))).message).toBe(
    "Message order-7: it may have been sent, but no acceptance was seen. " +
      "Tried: a response-lost; b server-error (500). " +
      'Look it up at the provider by metadata "steadymail-id" before you send it again.',
  );
});

test("The words of UnsupportedError say which fields keep which provider from it", async () => {
  const providers = [
    memoryProvider({ name: "a", unsupported: ["sendAt", "headers"] }),
    memoryProvider({ name: "b", unsupported: ["tags"] }),
  ];

  expect((await errorOf(createMailer({ providers }).send(letter, { id }))).message).toBe(
    "Message order-7: it was not sent, since no allowed provider can carry it. " +
      "Passed over: a cannot carry sendAt, headers; b cannot carry tags. " +
      "Leave the fields out, allow them to be dropped (mayDrop), or add a provider that can carry them.",
  );
});

describe("The words of RejectedError say who refused it, and who was not asked", () => {
  test.each([
    [[], ""],
    [["sendAt", "headers"], "Passed over: c cannot carry sendAt, headers. "],
  ])("%j", async (unsupported, passedOver) => {
    const providers = [
      memoryProvider({ name: "a", script: [{ reason: "invalid", status: 400, code: "Bad", detail: "what. .. . " }] }),
      memoryProvider({ name: "b", script: [{ reason: "rejected", detail: "spam" }] }),
      memoryProvider({ name: "c", unsupported }),
    ];

    expect((await errorOf(createMailer({ providers }).send(letter, { id }))).message).toBe(
      "Message order-7: it was refused as this very message, and was not sent. " +
        `Tried: a invalid (400 Bad): what; b rejected: spam. ${passedOver}` +
        "Mend the message; sending it again as it is would not help.",
    );
  });
});

describe("The words of UnavailableError", () => {
  const again = "It can be sent again without a duplicate.";

  test("say what was tried, what repeated itself once, and how each provider is now", async () => {
    fixRandom(0);
    const providers = [
      memoryProvider({ name: "a", script: () => ({ reason: "unreachable", code: "ECONNREFUSED" }) }),
      memoryProvider({ name: "b", script: () => ({ reason: "unavailable", status: 503, detail: "Busy." }) }),
    ];
    const mailer = createMailer({ providers, retry: { maxRounds: 2 } });

    expect((await errorOf(mailer.send(letter, { id }))).message).toBe(
      "Message order-7: it was not sent: no provider took it (a is healthy, b is healthy). " +
        `Tried: a unreachable (ECONNREFUSED) (2 times); b unavailable (503): Busy (2 times). ${again}`,
    );
  });

  test("say who is throttled, down or at a limit, and that nobody was tried", async () => {
    fixRandom();
    const throttled = memoryProvider({ name: "throttled" });
    const down = memoryProvider({ name: "down" });
    const busy = memoryProvider({ name: "busy" });
    const rate = { limit: 1, interval: 60_000 };
    const mailer = createMailer({ providers: [throttled, down, { provider: busy, rate }] });
    await throttle(mailer, throttled, 60_000);
    await takeDown(mailer, down);
    await mailer.send(letter, { only: ["busy"] });
    // Uses up the last resort of this second.
    down.script("unavailable");
    await errorOf(mailer.send(letter, { only: ["down"] }));

    expect((await errorOf(mailer.send(letter, { id }))).message).toBe(
      "Message order-7: it was not sent: no provider took it " +
        `(throttled is throttled, down is down, busy is at its limit). No provider was tried. ${again}`,
    );
  });

  test("say that a provider was isolated meanwhile", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", after: 10 }] });
    const mailer = createMailer({ providers: [a] });
    const sending = watch(mailer.send(letter, { id }));
    mailer.on("attempt", () => mailer.isolate("a"));
    await elapse(20);

    expect(sending.error.message).toBe(
      `Message order-7: it was not sent: no provider took it (a is isolated). Tried: a unavailable. ${again}`,
    );
  });

  test("say whose account to look at, each once, and who was passed over", async () => {
    const providers = [
      memoryProvider({ name: "a", script: ["suspended"] }),
      memoryProvider({ name: "b", script: ["unavailable"] }),
      memoryProvider({ name: "c", script: ["sender"] }),
      memoryProvider({ name: "d", unsupported: ["tags"] }),
    ];
    const mailer = createMailer({ providers, retry: once });

    expect((await errorOf(mailer.send(letter, { id }))).message).toBe(
      "Message order-7: it was not sent: no provider took it (a is down, b is healthy, c is down). " +
        "Tried: a suspended; b unavailable; c sender. Passed over: d cannot carry tags. " +
        `Check credentials, sender and account of a, c. ${again}`,
    );
  });

  test("say that the retry budget is spent, where it is that", async () => {
    fixRandom();
    const a = memoryProvider({ name: "a", script: () => "unavailable" });
    const mailer = createMailer({
      providers: [a],
      retry: { budget: 0 },
      breaker: { consecutiveFailures: 100, failureRate: 1, minimumAttempts: 1_000 },
    });
    const sendings: Watched<"a">[] = [];
    for (let sent = 0; sent < 11; sent += 1) sendings.push(watch(mailer.send(letter, { id: `order-${sent}` })));
    await elapse(1_000);

    expect(sendings[10]?.error.message).toBe(
      "Message order-10: it was not sent: no provider took it " +
        "(the retry budget of the last ten seconds is spent (retry.budget); a is healthy). " +
        `Tried: a unavailable. ${again}`,
    );
  });

  test("say that nobody is left who did not refuse it after all", async () => {
    fixRandom(0);
    const a = memoryProvider({ name: "a", script: ["unavailable", "too-large"] });
    const error = await errorOf(createMailer({ providers: [a] }).send(letter, { id }));

    expect(error).toMatchObject({ kind: "unavailable", retryable: true });
    expect(error.retryAt).toBeUndefined();
    expect(error.message).toBe(
      `Message order-7: it was not sent: no provider is left to try. Tried: a unavailable; a too-large. ${again}`,
    );
  });

  test.each([
    ["no configured provider is allowed by only, except and require", []],
    ["every allowed provider that can carry it is isolated", ["a"]],
  ] as const)("say that %s", async (why, only) => {
    const mailer = createMailer({ providers: [memoryProvider({ name: "a" })] });
    mailer.isolate("a");

    expect((await errorOf(mailer.send(letter, { id, only }))).message).toBe(
      `Message order-7: it was not sent: ${why}. No provider was tried. ${again}`,
    );
  });
});

test("The words of OverloadedError say how many wait and for what", async () => {
  const a = memoryProvider({ name: "a", latency: 1_000 });
  const picky = memoryProvider({ name: "picky", unsupported: ["tags"] });
  const mailer = createMailer({ providers: [{ provider: a, concurrency: 1 }, picky], queue: { limit: 1 } });
  for (let sent = 0; sent < 2; sent += 1) watch(mailer.send(letter));
  await elapse();

  expect((await errorOf(mailer.send(letter, { id }))).message).toBe(
    "Message order-7: it was not sent: the queue of those that wait for limits or throttles is full (queue.limit: 1), and a is at its limit. " +
      "No provider was tried. Passed over: picky cannot carry tags. " +
      "It can be sent again without a duplicate; send slower, raise the limits, or add a provider.",
  );
});
