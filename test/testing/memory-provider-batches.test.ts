import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isProviderError } from "../../src/failure.ts";
import { MergeText } from "../../src/message/merge-text.ts";
import { Place, Problems } from "../../src/message/problems.ts";
import {
  type AttemptContext,
  type BatchSending,
  type Failure,
  memoryProvider,
  type PreparedBatch,
} from "../../src/testing/index.ts";

const text = MergeText.parse("Dear {{name}}", new Place(new Problems()));

function batch(count = 2): PreparedBatch {
  if (!text) throw new Error("the text is none");
  return {
    content: {
      common: {
        from: { address: "orders@example.com" },
        to: [],
        cc: [],
        bcc: [],
        replyTo: [],
        subject: "",
        attachments: [],
        headers: [],
        tags: [],
        metadata: [],
        tracking: { opens: false, clicks: false },
        size: 10,
      },
      text,
    },
    recipients: Array.from({ length: count }, (_, i) => ({
      id: `mail-${i + 1}`,
      to: { address: `reader-${i + 1}@example.org` },
      subject: `Number ${i + 1}`,
      headers: [],
      metadata: [],
      variables: new Map([["name", `Reader ${i + 1}`]]),
    })),
  };
}

function attempt(changes: Partial<AttemptContext> = {}): AttemptContext {
  return { id: "batch-1", signal: new AbortController().signal, timeout: 10_000, fresh: false, ...changes };
}

function sendingOf({ batch: sending }: { readonly batch?: BatchSending | undefined }): BatchSending {
  if (!sending) throw new Error("the provider has no batch");
  return sending;
}

async function failureOf(sending: Promise<unknown>): Promise<Failure> {
  const error = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isProviderError(error)) throw new Error("The batch did not fail as a ProviderError", { cause: error });
  return error.failure;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a memory provider with a native batch", () => {
  it("has none unless it is told how many recipients it takes", () => {
    expect(memoryProvider().batch).toBeUndefined();
    expect(memoryProvider({ batch: 7 }).batch?.limit).toBe(7);
    for (const size of [0, -1, 1.5, Number.NaN]) {
      expect(() => memoryProvider({ batch: size })).toThrow(RangeError);
    }
  });

  it("keeps the mail of each recipient, filled, and counts one attempt", async () => {
    const provider = memoryProvider({ batch: 10 });
    const results = await sendingOf(provider).send(batch(), attempt());
    expect(
      provider.inbox.map(({ id, providerMessageId, message }) => [id, providerMessageId, message.to, message.text]),
    ).toEqual([
      ["mail-1", "memory-1.1", [{ address: "reader-1@example.org" }], "Dear Reader 1"],
      ["mail-2", "memory-1.2", [{ address: "reader-2@example.org" }], "Dear Reader 2"],
    ]);
    expect(results).toEqual([{ providerMessageId: "memory-1.1" }, { providerMessageId: "memory-1.2" }]);
    expect(provider.attempts).toBe(1);
  });

  it("lets the script decide of each recipient as of a single send", async () => {
    const provider = memoryProvider({
      batch: 10,
      script: ["accepted", "rejected", { reason: "timeout", delivered: true }, "accepted"],
    });
    const results = await sendingOf(provider).send(batch(4), attempt());
    expect(results.map((result) => ("failure" in result ? result.failure.reason : "accepted"))).toEqual([
      "accepted",
      "rejected",
      "timeout",
      "accepted",
    ]);
    expect(provider.inbox.map(({ id }) => id).toSorted()).toEqual(["mail-1", "mail-3", "mail-4"]);
  });

  it("shows a rule each mail with its own id", async () => {
    const seen: (readonly [string | undefined, string])[] = [];
    const provider = memoryProvider({
      batch: 10,
      script: (message, { id }) => {
        seen.push([message.text, id]);
        return "accepted";
      },
    });
    await sendingOf(provider).send(batch(), attempt());
    expect(seen).toEqual([
      ["Dear Reader 1", "mail-1"],
      ["Dear Reader 2", "mail-2"],
    ]);
  });

  it("ends a whole batch as its script of batches has it, then takes the next ones", async () => {
    const provider = memoryProvider({ batch: 10, batchScript: [{ reason: "throttled", retryAfter: 500 }] });
    const { send } = sendingOf(provider);
    expect(await failureOf(send(batch(), attempt()))).toMatchObject({
      reason: "throttled",
      sent: "no",
      retryAfter: 500,
    });
    expect(provider.inbox).toEqual([]);
    expect(await send(batch(), attempt())).toHaveLength(2);
  });

  it("keeps the mails of a batch whose answer is lost", async () => {
    const provider = memoryProvider({ batch: 10 });
    provider.scriptBatches({ reason: "response-lost", delivered: true });
    expect(await failureOf(sendingOf(provider).send(batch(), attempt()))).toMatchObject({ sent: "maybe" });
    expect(provider.inbox.map(({ id }) => id)).toEqual(["mail-1", "mail-2"]);
  });

  it("decides each batch by a rule", async () => {
    const provider = memoryProvider({ batch: 10 });
    provider.scriptBatches(({ recipients }) => (recipients.length > 2 ? "too-large" : "accepted"));
    const { send } = sendingOf(provider);
    expect(await failureOf(send(batch(3), attempt()))).toMatchObject({ reason: "too-large" });
    expect(await send(batch(2), attempt())).toHaveLength(2);
  });

  it("takes as long as its slowest mail, and ends at its time limit", async () => {
    const provider = memoryProvider({
      batch: 10,
      latency: 100,
      script: ["accepted", { accepted: true, after: 3_000 }],
    });
    const { send } = sendingOf(provider);
    const first = send(batch(), attempt());
    await vi.advanceTimersByTimeAsync(2_999);
    expect(provider.inbox).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await first).toHaveLength(2);
    provider.scriptBatches("hang");
    const failure = failureOf(send(batch(), attempt({ timeout: 1_000 })));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await failure).toMatchObject({ reason: "timeout", sent: "maybe" });
    expect(provider.inbox).toHaveLength(2);
  });

  it("begins nothing once its signal has aborted", async () => {
    const provider = memoryProvider({ batch: 10 });
    const failure = await failureOf(sendingOf(provider).send(batch(), attempt({ signal: AbortSignal.abort() })));
    expect(failure).toMatchObject({ reason: "aborted", sent: "no" });
    expect(provider.inbox).toEqual([]);
  });
});
