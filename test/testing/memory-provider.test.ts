import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { isProviderError } from "../../src/failure.ts";
import {
  type AttemptContext,
  type Failure,
  type MemoryProvider,
  memoryProvider,
  type Outcome,
  type PreparedMessage,
} from "../../src/testing/index.ts";

const message: PreparedMessage = {
  from: { address: "orders@example.com" },
  to: [{ address: "ada@example.org" }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: "Your order",
  text: "It is on its way.",
  attachments: [],
  headers: [],
  tags: [],
  metadata: [],
  tracking: { opens: false, clicks: false },
  size: 17,
};

function attempt(changes: Partial<AttemptContext> = {}): AttemptContext {
  return { id: "send-1", signal: new AbortController().signal, timeout: 10_000, fresh: false, ...changes };
}

async function failureOf(sending: Promise<unknown>): Promise<Failure> {
  const error = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isProviderError(error)) throw new Error("The attempt did not fail as a ProviderError", { cause: error });
  return error.failure;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a memory provider", () => {
  it("accepts and keeps what it is sent", async () => {
    const provider = memoryProvider();
    expect(await provider.send(message, attempt())).toEqual({ providerMessageId: "memory-1" });
    expect(await provider.send(message, attempt({ id: "send-2" }))).toEqual({ providerMessageId: "memory-2" });
    expect(provider.inbox).toEqual([
      { id: "send-1", message, providerMessageId: "memory-1", at: new Date() },
      { id: "send-2", message, providerMessageId: "memory-2", at: new Date() },
    ]);
    expect(provider.attempts).toBe(2);
  });

  it("has its name as a type", () => {
    expectTypeOf(memoryProvider()).toEqualTypeOf<MemoryProvider<"memory">>();
    const named = memoryProvider({ name: "primary" });
    expectTypeOf(named.name).toEqualTypeOf<"primary">();
    expect(named.name).toBe("primary");
  });

  it("follows its script in order and then accepts", async () => {
    const provider = memoryProvider({
      script: ["unavailable", "accepted", { reason: "throttled", retryAfter: 2_000 }],
    });
    expect(await failureOf(provider.send(message, attempt()))).toEqual({
      reason: "unavailable",
      scope: "provider",
      sent: "no",
    });
    await provider.send(message, attempt());
    expect(await failureOf(provider.send(message, attempt()))).toMatchObject({
      reason: "throttled",
      retryAfter: 2_000,
    });
    await provider.send(message, attempt());
    expect(provider.inbox.map(({ providerMessageId }) => providerMessageId)).toEqual(["memory-2", "memory-4"]);
  });

  it("takes another script in the place of what is left", async () => {
    const provider = memoryProvider({ script: ["quota", "quota"] });
    await failureOf(provider.send(message, attempt()));
    provider.script("suspended");
    expect(await failureOf(provider.send(message, attempt()))).toMatchObject({ reason: "suspended", scope: "account" });
    await provider.send(message, attempt());
    provider.script(() => "sender");
    expect(await failureOf(provider.send(message, attempt()))).toMatchObject({ reason: "sender" });
    provider.script();
    await provider.send(message, attempt());
    expect(provider.inbox).toHaveLength(2);
  });

  it("changes nothing of the caller's script", async () => {
    const script: Outcome[] = ["quota"];
    const provider = memoryProvider({ script });
    await failureOf(provider.send(message, attempt()));
    expect(script).toEqual(["quota"]);
  });

  it("asks a rule about each attempt", async () => {
    const rule = vi.fn((given: PreparedMessage): Outcome => (given.subject === "bad" ? "rejected" : "accepted"));
    const provider = memoryProvider({ script: rule });
    const context = attempt();
    await provider.send(message, context);
    expect(await failureOf(provider.send({ ...message, subject: "bad" }, context))).toMatchObject({
      reason: "rejected",
    });
    expect(rule.mock.calls[0]).toEqual([message, context]);
  });

  it("fails with all the details that its script gives", async () => {
    const details = { status: 503, code: "E1", detail: "words", retryAfter: 5 };
    const provider = memoryProvider({ script: [{ reason: "server-error", ...details, reusedConnection: true }] });
    await expect(provider.send(message, attempt())).rejects.toMatchObject({
      failure: { reason: "server-error", scope: "provider", sent: "maybe", ...details },
      reusedConnection: true,
    });
  });

  it.each([
    [{ reason: "internal" }, "maybe"],
    [{ reason: "internal", sent: "no" }, "no"],
    [{ reason: "aborted", sent: "no" }, "no"],
    [{ reason: "unreachable", sent: "maybe" }, "no"],
  ] as const)("with %o was sent: %s", async (outcome, sent) => {
    const provider = memoryProvider({ script: [outcome] });
    expect(await failureOf(provider.send(message, attempt()))).toMatchObject({ reason: outcome.reason, sent });
  });

  it("has a message although the attempt failed, where the script says so", async () => {
    const provider = memoryProvider({ script: [{ reason: "response-lost", delivered: true }, "response-lost"] });
    expect(await failureOf(provider.send(message, attempt()))).toMatchObject({
      reason: "response-lost",
      sent: "maybe",
    });
    expect(provider.inbox).toHaveLength(1);
    await failureOf(provider.send(message, attempt()));
    expect(provider.inbox).toHaveLength(1);
    expect(provider.attempts).toBe(2);
  });

  it("says what it cannot carry", () => {
    expect(memoryProvider().unsupported(message)).toEqual([]);
    expect(memoryProvider({ unsupported: ["sendAt"] }).unsupported(message)).toEqual(["sendAt"]);
    const byMessage = memoryProvider({ unsupported: ({ subject }) => (subject ? [] : ["subject"]) });
    expect(byMessage.unsupported({ ...message, subject: "" })).toEqual(["subject"]);
  });

  it("shows no message when it is inspected", async () => {
    const provider = memoryProvider();
    await provider.send(message, attempt());
    expect(inspect(provider, { depth: null, showHidden: true })).not.toMatch(/ada@|Your order|on its way/);
  });
});

describe("the time that an attempt at a memory provider takes", () => {
  it("is its latency, or what the outcome says", async () => {
    const provider = memoryProvider({ latency: 500, script: ["accepted", { accepted: true, after: 2_000 }] });
    const done = vi.fn();
    void provider.send(message, attempt()).then(done);
    await vi.advanceTimersByTimeAsync(499);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledTimes(1);
    void provider.send(message, attempt()).then(done);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(done).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<Outcome>(["hang", { accepted: true, after: 10_000 }, { reason: "quota", after: 20_000 }])(
    "is at most its limit: %o",
    async (outcome) => {
      const provider = memoryProvider({ script: [outcome] });
      const failing = failureOf(provider.send(message, attempt({ timeout: 10_000 })));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await failing).toEqual({ reason: "timeout", scope: "provider", sent: "maybe" });
      expect(provider.inbox).toEqual([]);
    },
  );

  it.each<Outcome>(["hang", { accepted: true, after: 5_000 }])(
    "ends when the attempt is aborted: %o",
    async (outcome) => {
      const controller = new AbortController();
      const provider = memoryProvider({ script: [outcome] });
      const failing = failureOf(provider.send(message, attempt({ signal: controller.signal })));
      await vi.advanceTimersByTimeAsync(1_000);
      controller.abort();
      expect(await failing).toEqual({ reason: "aborted", scope: "none", sent: "maybe" });
      expect(provider.inbox).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("is none for an attempt that was aborted before it began", async () => {
    const provider = memoryProvider({ script: [{ reason: "response-lost", delivered: true }] });
    const failing = failureOf(provider.send(message, attempt({ signal: AbortSignal.abort() })));
    expect(await failing).toEqual({ reason: "aborted", scope: "none", sent: "no" });
    expect(provider.inbox).toEqual([]);
  });

  it("does not keep a message from the inbox that was delivered", async () => {
    const provider = memoryProvider({ script: [{ reason: "timeout", delivered: true, after: 60_000 }] });
    const failing = failureOf(provider.send(message, attempt()));
    expect(provider.inbox).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await failing).toMatchObject({ reason: "timeout" });
  });
});

describe("asking a provider in memory whether it would take mail", () => {
  const limits = { signal: new AbortController().signal, timeout: 1_000 };

  it("finds everything good, whatever its script", async () => {
    const provider = memoryProvider({ script: ["authentication"] });
    expect(await provider.verify?.({ ...limits, sender: { address: "orders@example.com" } })).toMatchObject([
      { of: "credentials", verdict: "good" },
      { of: "account", verdict: "good" },
      { of: "sender", verdict: "good" },
    ]);
    expect(provider).toMatchObject({ attempts: 0, inbox: [] });
  });

  it("finds nothing of a sender that is not named", async () => {
    const [, , sender] = (await memoryProvider().verify?.(limits)) ?? [];
    expect(sender).toMatchObject({ of: "sender", verdict: "unknown", advice: expect.stringContaining("from") });
  });
});

describe("a script that makes no sense", () => {
  it.each([
    [["exploded"], TypeError, /There is no outcome "exploded"/],
    [[{ reason: "exploded" }], TypeError, /There is no outcome "exploded"/],
    [[{ reason: "quota", delivered: true }], TypeError, /fails as quota did not send the message/],
    [[{ accepted: true, after: -1 }], RangeError, /after must be milliseconds/],
  ])("is refused where it is written: %o", (script, type, message) => {
    const write = () => Reflect.apply(memoryProvider, undefined, [{ script }]);
    expect(write).toThrow(type);
    expect(write).toThrow(message);
    const provider = memoryProvider();
    expect(() => Reflect.apply(provider.script, provider, script)).toThrow(message);
  });

  it("is refused where its option is misspelt", () => {
    const write = () => Reflect.apply(memoryProvider, undefined, [{ scrpt: ["timeout"] }]);
    expect(write).toThrow(TypeError);
    expect(write).toThrow(
      'memoryProvider: "scrpt" is no option; there are name, script, latency, batch, batchScript, unsupported',
    );
  });

  it("is refused with a latency out of range", () => {
    expect(() => memoryProvider({ latency: Number.NaN })).toThrow("latency must be milliseconds");
  });
});
