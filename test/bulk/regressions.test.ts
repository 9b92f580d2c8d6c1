import { describe, expect, test } from "vitest";
import { type BatchResult, createMailer, failure, failureInPhase, type Provider } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, silenceWarnings, useFakeTime } from "../mailer/support.ts";
import {
  campaignEvents,
  campaignOver,
  eachHasOne,
  MemoryCheckpoint,
  newsletter,
  outcomes,
  recipients,
  started,
} from "./support.ts";

useFakeTime();
silenceWarnings();

const minute = 60_000;

/** A provider whose batches are answered by these in turn, and then accepted. */
function answering(...answers: readonly (readonly BatchResult[])[]) {
  const left = [...answers];
  const sent: string[] = [];
  const provider: Provider<"a"> = {
    name: "a",
    unsupported: () => [],
    send: async () => ({ providerMessageId: "single" }),
    batch: {
      limit: 10,
      carries: () => true,
      async send({ recipients: list }) {
        const results = left.shift() ?? list.map(({ id }) => ({ providerMessageId: id }));
        sent.push(...list.flatMap(({ to }, index) => ("failure" in (results[index] ?? {}) ? [] : [to.address])));
        return results;
      },
    },
  };
  return { provider, sent };
}

describe("A campaign whose adapter is not set up", () => {
  test("waits until it is, and costs nobody the mail", async () => {
    const provider = memoryProvider({ name: "a", batch: 10, batchScript: () => ({ reason: "internal", sent: "no" }) });
    const { campaign, seen } = await campaignOver([provider], 50);
    await elapse(5 * minute);
    expect(seen.results).toEqual([]);
    expect(campaign.progress).toMatchObject({ rejected: 0, pending: 50 });

    provider.scriptBatches();
    await elapse(minute);

    expect(outcomes(seen.results)).toEqual({ accepted: 50 });
    expect(eachHasOne(50, provider)).toBe(true);
  });
});

describe("Two recipients of whom the same reason is told", () => {
  test("are not thrown together where one of them may have the mail", async () => {
    const { provider, sent } = answering([
      { failure: failureInPhase("aborted", "no") },
      { failure: failureInPhase("aborted", "maybe") },
      { providerMessageId: "2" },
    ]);
    const mailer = createMailer({ providers: [provider] });

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(3) }));
    await elapse(minute);

    expect(outcomes(seen.results)).toEqual({ accepted: 2, unknown: 1 });
    expect(seen.results.find(({ outcome }) => outcome === "unknown")?.index).toBe(1);
    expect(sent.filter((address) => address === "reader-1@example.org")).toEqual([]);
  });
});

describe("A recipient who is refused after something else had failed", () => {
  test("is not called worth another try", async () => {
    const provider = memoryProvider({ name: "a", batch: 10, script: ["unreachable", "rejected"] });
    const { seen } = await campaignOver([provider], 1);
    await elapse(minute);

    expect(seen.results).toMatchObject([{ outcome: "not-sent", error: { kind: "rejected", retryable: false } }]);
  });
});

describe("Answers that were lost one after the other", () => {
  test("do not make the content look refused", async () => {
    const lost = Array.from({ length: 10 }, () => ({ reason: "response-lost" }) as const);
    const provider = memoryProvider({ name: "a", script: lost });
    const mailer = createMailer({ providers: [provider], breaker: { consecutiveFailures: 100, failureRate: 1 } });
    const before = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(10) }));
    expect(outcomes(before.results)).toEqual({ unknown: 10 });

    provider.script((message) => (message.to[0]?.address === "reader-3@example.org" ? "invalid" : "accepted"));
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(20) }));
    await elapse(minute);

    expect(outcomes(seen.results)).toEqual({ accepted: 19, "not-sent": 1 });
  });
});

describe("A checkpoint that cannot be written any more", () => {
  test("leaves nobody who may have the mail unreported", async () => {
    const [a, b] = [memoryProvider({ name: "a", batch: 10 }), memoryProvider({ name: "b", batch: 10 })];
    a.scriptBatches({ reason: "response-lost" });
    const mailer = createMailer({ providers: [a, b] });
    let saves = 0;
    const checkpoint = {
      load: async () => undefined,
      async save() {
        saves += 1;
        if (saves > 2) throw new Error("the disk is full");
      },
    };

    const seen = await started(
      mailer.sendBulk(
        { message: newsletter, recipients: recipients(3) },
        { checkpoint, spill: "all", onUnknown: "failover" },
      ),
    );
    await elapse(minute);

    expect(seen.error).toMatchObject({ name: "CheckpointError" });
    expect(outcomes(seen.results)).toEqual({ unknown: 3 });
  });

  test("names those who may have the mail by their places", async () => {
    const { provider } = answering([
      { providerMessageId: "0" },
      { failure: failure("server-error") },
      { providerMessageId: "2" },
    ]);
    const checkpoint = new MemoryCheckpoint();
    const mailer = createMailer({ providers: [provider] });

    await started(mailer.sendBulk({ message: newsletter, recipients: recipients(3) }, { checkpoint }));

    expect(checkpoint.last).toMatchObject({ settled: [[0, 2]], unknown: [[1, 1]], counts: { unknown: 1 } });
  });
});

describe("suppress that never answers", () => {
  test("counts as one that fails: the campaign says that it waits, and asks again", async () => {
    const provider = memoryProvider({ name: "a", batch: 10 });
    let asked = 0;
    const suppress = () => {
      asked += 1;
      return asked === 1 ? new Promise<boolean>(() => {}) : false;
    };
    const mailer = createMailer({ providers: [provider], suppress });
    const told = campaignEvents(mailer);

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(1) }));
    await elapse(2 * minute);

    expect(outcomes(seen.results)).toEqual({ accepted: 1 });
    expect(told).toEqual(["paused suppress", "resumed"]);
  });
});

describe("A provider that cannot carry the mails of a campaign", () => {
  test("is warned of once, as for a single send", async () => {
    const a = memoryProvider({ name: "a", batch: 10, unsupported: ["headers"] });
    const b = memoryProvider({ name: "b", batch: 10 });
    const mailer = createMailer({ providers: [a, b] });
    const warnings: unknown[] = [];
    mailer.on("warning", ({ code, provider }) => warnings.push([code, provider]));

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(100) }, { spill: "all" }));
    await elapse(minute);

    expect(outcomes(seen.results)).toEqual({ accepted: 100 });
    expect(warnings).toEqual([["excluded", "a"]]);
  });
});

test("Recipients of whom no two may share a batch are not looked at again and again", async () => {
  let asked = 0;
  const { provider } = answering();
  const grouped: Provider<"a"> = {
    ...provider,
    unsupported() {
      asked += 1;
      return [];
    },
    batch: { limit: 1_000, carries: () => true, groupBy: (_, { id }) => id, send: provider.batch?.send ?? never },
  };
  const mailer = createMailer({ providers: [grouped] });

  const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(2_000) }));
  await elapse(minute);

  expect(outcomes(seen.results)).toEqual({ accepted: 2_000 });
  expect(asked).toBeLessThan(500_000);
});

function never(): Promise<never> {
  return new Promise(() => {});
}
