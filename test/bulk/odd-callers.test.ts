import { describe, expect, test } from "vitest";
import { type BatchResult, createMailer, failure, type Provider } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, silenceWarnings, useFakeTime } from "../mailer/support.ts";
import { MemoryCheckpoint, newsletter, outcomes, recipients, started } from "./support.ts";

useFakeTime();
silenceWarnings();

/** A provider of somebody who reads no types. */
function saying(answer: unknown): Provider<"odd"> {
  return {
    name: "odd",
    unsupported: () => [],
    send: async () => ({ providerMessageId: "single" }),
    batch: { limit: 10, carries: () => true, send: () => Promise.resolve(answer as readonly BatchResult[]) },
  };
}

describe("An adapter whose batch answers what is no answer", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["no list", { providerMessageId: "one" }],
    ["too few", [{ providerMessageId: "one" }]],
    ["too many", Array.from({ length: 4 }, () => ({ providerMessageId: "one" }))],
    ["what is neither", [{ providerMessageId: "one" }, null, {}]],
    ["an empty id", [{ providerMessageId: "one" }, { providerMessageId: "" }, { providerMessageId: "three" }]],
    ["a failure that is none", [{ providerMessageId: "one" }, { failure: "no" }, { failure: null }]],
  ])("leaves everybody of it unknown: %s", async (_, answer) => {
    const mailer = createMailer({ providers: [saying(answer)] });

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(3) }));

    expect(outcomes(seen.results)).toEqual({ unknown: 3 });
    expect(seen.results[0]).toMatchObject({ error: { attempts: [{ failure: { reason: "bad-response" } }] } });
  });

  test("proves nothing by a reason that does not exist", async () => {
    const answer = [
      { providerMessageId: "one" },
      { failure: { reason: "bored", sent: "no" } },
      { failure: failure("rejected") },
    ];
    const mailer = createMailer({ providers: [saying(answer)] });

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(3) }));

    expect(outcomes(seen.results)).toEqual({ accepted: 1, unknown: 1, "not-sent": 1 });
  });
});

test("A provider that has no sender for the message is passed over, and the error says so", async () => {
  const from = (): never => {
    throw new Error("nobody is verified here");
  };
  const mailer = createMailer({ providers: [{ provider: memoryProvider({ batch: 10 }), from }] });

  const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(2) }));

  expect(seen.results).toMatchObject([0, 1].map(() => ({ error: { kind: "unsupported", missing: ["from"] } })));
});

describe("Recipients", () => {
  test("in a Set are counted beforehand", async () => {
    const mailer = createMailer({ providers: [memoryProvider({ batch: 10 })] });
    const campaign = mailer.sendBulk({ message: newsletter, recipients: new Set(recipients(7)) });
    expect(campaign.progress).toMatchObject({ total: 7, pending: 7 });

    const seen = await started(campaign);
    await elapse();

    expect(outcomes(seen.results)).toEqual({ accepted: 7 });
  });

  test("that cannot be written as JSON are refused, with a checkpoint too", async () => {
    const mailer = createMailer({ providers: [memoryProvider({ batch: 10 })] });
    const odd = { to: "reader@example.org", variables: { name: 1n as unknown as number } };
    const unreadable = {
      get to(): string {
        throw new Error("gone");
      },
    };
    const list = [...recipients(1), odd, unreadable];

    const seen = await started(
      mailer.sendBulk({ message: newsletter, recipients: list }, { checkpoint: new MemoryCheckpoint() }),
    );
    await elapse(1_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 1, "not-sent": 2 });
    for (const result of seen.results) {
      if (result.outcome !== "accepted") expect(result.error.kind).toBe("invalid");
    }
  });

  test("without any variable, header or metadata are taken where the message asks for none", async () => {
    const provider = memoryProvider({ batch: 10 });
    const mailer = createMailer({ providers: [provider] });
    const message = { from: "news@example.com", subject: "News", html: "<p>News</p>", unsubscribe: false } as const;

    const seen = await started(mailer.sendBulk({ message, recipients: [{ to: "reader@example.org" }] }));
    await elapse(1_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 1 });
    expect(provider.inbox[0]?.message).toMatchObject({ subject: "News", html: "<p>News</p>", headers: [] });
  });
});
