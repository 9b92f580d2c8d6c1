import { describe, expect, test } from "vitest";
import { createMailer, failureInPhase, isSteadyMailError, ProviderError, type Sent } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  adapter,
  begin,
  elapse,
  errorOf,
  fixRandom,
  letter,
  silenceWarnings,
  steps,
  takeDown,
  throttle,
  useFakeTime,
} from "./support.ts";

useFakeTime();
silenceWarnings();

describe("InvalidMessageError", () => {
  test("is what a message ends with that is refused before anything was sent", async () => {
    const only = memoryProvider({ name: "only" });
    const mailer = createMailer({ providers: [only] });

    const error = await errorOf(mailer.send({ ...letter, to: ["ada@example.org", "nobody"], text: undefined }));

    expect(error).toMatchObject({
      name: "InvalidMessageError",
      kind: "invalid",
      sent: "no",
      retryable: false,
      attempts: [],
      skipped: [],
    });
    expect(error.retryAt).toBeUndefined();
    expect(only.attempts).toBe(0);
  });

  test("lists each fault with its path, and never the value", async () => {
    const mailer = createMailer({ providers: [memoryProvider({ name: "only" })] });

    const error = await errorOf(mailer.send({ ...letter, to: ["ada@example.org", "nobody"], text: undefined }));

    if (error.kind !== "invalid") throw error;
    expect(error.problems.map(({ path }) => path)).toEqual(["to[1]", "text"]);
    expect(error.message).toContain("to[1]: ");
    expect(error.message).not.toContain("nobody");
  });
});

describe("UnsupportedError", () => {
  test("is what a message ends with that no allowed provider can carry, healthy or not", async () => {
    fixRandom();
    const sick = memoryProvider({ name: "sick", unsupported: ({ sendAt }) => (sendAt ? ["sendAt"] : []) });
    const away = memoryProvider({ name: "away", unsupported: ({ sendAt }) => (sendAt ? ["sendAt", "headers"] : []) });
    const well = memoryProvider({ name: "well" });
    const mailer = createMailer({ providers: [sick, away, well] });
    await takeDown(mailer, sick);
    mailer.isolate("away");

    const error = await errorOf(mailer.send({ ...letter, sendAt: new Date("2031-01-01") }, { except: ["well"] }));

    expect(error).toMatchObject({
      name: "UnsupportedError",
      kind: "unsupported",
      sent: "no",
      retryable: false,
      attempts: [],
      missing: ["sendAt", "headers"],
      skipped: [
        { provider: "sick", fields: ["sendAt"] },
        { provider: "away", fields: ["sendAt", "headers"] },
      ],
    });
    expect(error.retryAt).toBeUndefined();
    expect(well.attempts).toBe(0);
  });

  test("says which field keeps which provider, and what to do", async () => {
    const mailer = createMailer({ providers: [memoryProvider({ name: "only", unsupported: ["headers"] })] });

    const { message } = await errorOf(mailer.send(letter, { id: "order-7" }));

    expect(message).toContain("order-7");
    expect(message).toContain("only cannot carry headers");
    expect(message).toMatch(/leave the fields out/i);
  });
});

describe("RejectedError", () => {
  test("is what a message ends with that was refused as this very message", async () => {
    const first = memoryProvider({
      name: "first",
      script: [{ reason: "rejected", status: 400, code: "Blocked", detail: "content is spam" }],
    });
    const second = memoryProvider({ name: "second" });
    const mailer = createMailer({ providers: [first, second] });

    const error = await errorOf(mailer.send(letter, { id: "order-7" }));

    expect(error).toMatchObject({
      name: "RejectedError",
      kind: "rejected",
      id: "order-7",
      sent: "no",
      retryable: false,
      attempts: [{ provider: "first", round: 1, outcome: "not-sent", failure: { reason: "rejected", status: 400 } }],
      skipped: [],
    });
    expect(error.retryAt).toBeUndefined();
    expect(error.message).toContain("order-7");
    expect(error.message).toContain("first rejected (400 Blocked): content is spam");
    expect(error.message).toMatch(/mend the message/i);
    expect(second.attempts).toBe(0);
  });

  test("is what a message ends with when every attempt ended in a message-scoped reason", async () => {
    const mailer = createMailer({
      providers: [
        memoryProvider({ name: "a", script: ["too-large"] }),
        memoryProvider({ name: "b", script: ["not-found"] }),
        memoryProvider({ name: "c", script: ["unsupported"] }),
      ],
    });

    const error = await errorOf(mailer.send(letter));

    expect(error).toMatchObject({ kind: "rejected", sent: "no", retryable: false });
    expect(steps(error)).toEqual(["a too-large", "b not-found", "c unsupported"]);
  });
});

describe("UnavailableError", () => {
  test("is what a message ends with that nobody took and nobody has", async () => {
    fixRandom(0);
    const mailer = createMailer({
      providers: [
        memoryProvider({ name: "a", script: () => ({ reason: "unreachable", code: "ECONNREFUSED" }) }),
        memoryProvider({ name: "b", script: () => "unavailable" }),
      ],
      retry: { maxRounds: 2 },
    });

    const error = await errorOf(mailer.send(letter));

    expect(error).toMatchObject({ name: "UnavailableError", kind: "unavailable", sent: "no", retryable: true });
    expect(steps(error)).toEqual(["a unreachable", "b unavailable", "a unreachable", "b unavailable"]);
    expect(error.attempts.map(({ round }) => round)).toEqual([1, 1, 2, 2]);
    expect(error.message).toContain("a unreachable (ECONNREFUSED)");
    expect(error.message).toMatch(/can be sent again/i);
    expect(error.retryAt?.getTime()).toBeGreaterThan(Date.now());
  });

  test("is not RejectedError when one attempt was about the provider", async () => {
    fixRandom(0);
    const mailer = createMailer({
      providers: [
        memoryProvider({ name: "a", script: ["too-large"] }),
        memoryProvider({ name: "b", script: () => "unavailable" }),
      ],
    });

    expect(await errorOf(mailer.send(letter))).toMatchObject({ kind: "unavailable", retryable: true });
  });

  test("has as `retryAt` the end of the open period of the provider that is due first", async () => {
    fixRandom();
    const [a, b] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })];
    const mailer = createMailer({ providers: [a, b], breaker: { openFor: 15_000 } });
    await takeDown(mailer, a);
    const due = Date.now() + 15_000;
    await elapse(3_000);
    await takeDown(mailer, b);
    a.script("authentication");

    const error = await errorOf(mailer.send(letter));

    expect(error.kind).toBe("unavailable");
    expect(Math.abs((error.retryAt?.getTime() ?? 0) - due)).toBeLessThanOrEqual(10);
  });

  test("has as `retryAt` the end of a throttle that ends before any open period", async () => {
    fixRandom();
    const [a, b] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })];
    const mailer = createMailer({ providers: [a, b], breaker: { openFor: 100_000 } });
    await takeDown(mailer, a);
    await throttle(mailer, b, 60_000);
    const end = Date.now() + 60_000;
    a.script("authentication");

    const error = await errorOf(mailer.send(letter));

    expect(error.kind).toBe("unavailable");
    expect(Math.abs((error.retryAt?.getTime() ?? 0) - end)).toBeLessThanOrEqual(10);
  });

  test("has as `retryAt` what an unavailable provider asked for", async () => {
    const only = memoryProvider({ name: "only", script: () => ({ reason: "unavailable", retryAfter: 120_000 }) });
    const mailer = createMailer({ providers: [only] });
    const end = Date.now() + 120_000;

    const error = await errorOf(mailer.send(letter));

    expect(error.kind).toBe("unavailable");
    expect(Math.abs((error.retryAt?.getTime() ?? 0) - end)).toBeLessThanOrEqual(10);
  });
});

describe("UnknownDeliveryError", () => {
  const unknown = { name: "UnknownDeliveryError", kind: "unknown", sent: "maybe", retryable: false };

  test("is what a message ends with that was stopped after an unknown attempt", async () => {
    const mailer = createMailer({
      providers: [memoryProvider({ name: "a", script: ["response-lost"] }), memoryProvider({ name: "b" })],
      onUnknown: "stop",
    });

    const error = await errorOf(mailer.send(letter, { id: "order-7" }));

    expect(error).toMatchObject({ ...unknown, id: "order-7", attempts: [{ provider: "a", outcome: "unknown" }] });
    expect(error.retryAt).toBeUndefined();
    expect(error.message).toContain("order-7: it may have been sent");
    expect(error.message).toMatch(/look it up .* before you send it again/i);
  });

  test.each(["rejected", "too-large", "unreachable", "authentication"] as const)(
    "is what a message ends with when the attempt after an unknown one was refused as %s",
    async (reason) => {
      const mailer = createMailer({
        providers: [
          memoryProvider({ name: "a", script: ["server-error"] }),
          memoryProvider({ name: "b", script: [reason] }),
        ],
      });

      const error = await errorOf(mailer.send(letter));

      expect(error).toMatchObject(unknown);
      expect(steps(error)).toEqual(["a server-error", `b ${reason}`]);
    },
  );

  test("is what a message ends with when its deadline ends the one attempt", async () => {
    const mailer = createMailer({ providers: [memoryProvider({ name: "a", script: ["hang"] })] });

    const sending = await begin(mailer.send(letter, { deadline: 2_000 }));
    await elapse(2_000);

    expect(sending.error).toMatchObject({
      ...unknown,
      attempts: [{ outcome: "unknown", failure: { reason: "timeout" } }],
    });
  });

  test("is what a message ends with when it was refused after the unknown attempt and before it", async () => {
    const mailer = createMailer({
      providers: [
        memoryProvider({ name: "a", script: ["too-large"] }),
        memoryProvider({ name: "b", script: ["bad-response"] }),
        memoryProvider({ name: "c", script: ["not-found"] }),
      ],
    });

    expect(await errorOf(mailer.send(letter))).toMatchObject(unknown);
  });
});

describe("AbortedError", () => {
  test("is named AbortError, with the signal's reason as its cause", async () => {
    const reason = new Error("the request was closed");
    const only = memoryProvider({ name: "only" });

    const error = await errorOf(
      createMailer({ providers: [only] }).send(letter, { signal: AbortSignal.abort(reason) }),
    );

    expect(error).toMatchObject({ name: "AbortError", kind: "aborted", sent: "no", attempts: [] });
    expect(error.cause).toBe(reason);
    expect(error.message).toMatch(/not sent/);
    expect(only.attempts).toBe(0);
  });

  test.each(["no", "maybe"] as const)("says sent: %s where the attempt that it ended says so", async (sent) => {
    const caller = new AbortController();
    const only = adapter("only", { send: (_, { signal }) => untilAborted(signal, sent) });
    const sending = await begin(createMailer({ providers: [only] }).send(letter, { signal: caller.signal }));
    caller.abort();
    await elapse();

    expect(sending.error).toMatchObject({
      kind: "aborted",
      sent,
      attempts: [{ failure: { reason: "aborted", sent } }],
    });
  });

  test("says sent: maybe when an earlier attempt was unknown", async () => {
    const caller = new AbortController();
    const mailer = createMailer({
      providers: [
        memoryProvider({ name: "a", script: ["response-lost"] }),
        memoryProvider({ name: "b", script: [{ reason: "unavailable", after: 1_000 }] }),
        memoryProvider({ name: "c" }),
      ],
    });
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));
    caller.abort();
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "maybe" });
  });
});

test("Every error is recognised by isSteadyMailError, also one from another copy of the package; nothing else is", async () => {
  const error = await errorOf(
    createMailer({ providers: [memoryProvider()] }).send(letter, { signal: AbortSignal.abort() }),
  );
  const fromAnotherCopy = Object.assign(new Error(), { [Symbol.for("steadymail.SteadyMailError")]: true });

  expect(isSteadyMailError(error)).toBe(true);
  expect(isSteadyMailError(fromAnotherCopy)).toBe(true);
  for (const other of [new Error(), new DOMException("", "AbortError"), null, undefined, "unavailable", {}]) {
    expect(isSteadyMailError(other)).toBe(false);
  }
});

/** A request that the abort ends at a phase which the adapter knows. */
function untilAborted(signal: AbortSignal, sent: Sent): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new ProviderError(failureInPhase("aborted", sent))));
  });
}
