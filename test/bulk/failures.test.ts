import { describe, expect, test } from "vitest";
import { createMailer, type OnUnknown, type Reason } from "../../src/index.ts";
import { type MemoryProvider, memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, silenceWarnings, useFakeTime } from "../mailer/support.ts";
import {
  attemptSizes,
  campaignOver,
  collect,
  eachHasOne,
  mailsByAddress,
  newsletter,
  outcomes,
  places,
  recipientAt,
  recipients,
  started,
  upTo,
} from "./support.ts";

useFakeTime();
silenceWarnings();

function pair(limit = 50) {
  return [memoryProvider({ name: "a", batch: limit }), memoryProvider({ name: "b", batch: limit })] as const;
}

const notSent = [
  "rejected",
  "invalid",
  "too-large",
  "unsupported",
  "not-found",
  "authentication",
  "suspended",
  "sender",
  "quota",
  "throttled",
  "unreachable",
  "unavailable",
] as const satisfies readonly Reason[];
const unknown = ["response-lost", "timeout", "bad-response", "server-error"] as const satisfies readonly Reason[];

describe.each<OnUnknown>(["stop", "failover"])("Where a whole batch fails, with onUnknown %j,", (onUnknown) => {
  test.each(notSent)("once as %s, everybody gets one mail", async (reason) => {
    const [a, b] = pair();
    a.scriptBatches(reason);

    const { seen } = await campaignOver([a, b], 30, { onUnknown, spill: "all" });
    await elapse(60_000);

    expect(seen).toMatchObject({ done: true, error: undefined });
    expect(places(seen.results)).toEqual(upTo(30));
    expect(outcomes(seen.results)).toEqual({ accepted: 30 });
    expect(eachHasOne(30, a, b)).toBe(true);
    for (const result of seen.results) {
      expect(result).toMatchObject({
        receipt: { duplicate: "no", attempts: [{ provider: "a", failure: { reason } }, {}] },
      });
    }
  });
});

describe("Where it is unknown what became of a whole batch,", () => {
  test.each(unknown)(
    "as %s, its recipients are reported unknown and nobody else is asked, by default",
    async (reason) => {
      const [a, b] = pair();
      a.scriptBatches({ reason, delivered: true });

      const { seen } = await campaignOver([a, b], 80, { spill: "all" });
      await elapse(60_000);

      expect(places(seen.results)).toEqual(upTo(80));
      expect(outcomes(seen.results)).toEqual({ unknown: 50, accepted: 30 });
      expect(eachHasOne(80, a, b)).toBe(true);
    },
  );

  test.each(unknown)(
    'as %s, one more provider is asked with "failover", and a duplicate is possible',
    async (reason) => {
      const [a, b] = pair();
      a.scriptBatches({ reason, delivered: true });

      const { seen } = await campaignOver([a, b], 30, { spill: "all", onUnknown: "failover" });
      await elapse(60_000);

      expect(outcomes(seen.results)).toEqual({ accepted: 30 });
      for (const result of seen.results)
        expect(result).toMatchObject({ receipt: { provider: "b", duplicate: "possible" } });
      expect([a.inbox.length, b.inbox.length]).toEqual([30, 30]);
    },
  );

  test("no third provider is asked", async () => {
    const [a, b] = pair();
    const c = memoryProvider({ name: "c", batch: 50 });
    a.scriptBatches("response-lost");
    b.scriptBatches("response-lost");

    const { seen } = await campaignOver([a, b, c], 30, { spill: "all", onUnknown: "failover" });
    await elapse(60_000);

    expect(outcomes(seen.results)).toEqual({ unknown: 30 });
    expect(c.attempts).toBe(0);
  });

  test("a refusal by the second provider does not make it known", async () => {
    const [a, b] = pair();
    a.scriptBatches("response-lost");
    b.script(() => "rejected");

    const { seen } = await campaignOver([a, b], 3, { spill: "all", onUnknown: "failover" });
    await elapse(60_000);

    expect(outcomes(seen.results)).toEqual({ unknown: 3 });
  });
});

describe("Where the answer is per recipient,", () => {
  test.each(notSent)("only those that failed once as %s are asked again", async (reason) => {
    const [a, b] = pair();
    let failures = 0;
    a.script(({ to }) => (to[0]?.address === "reader-7@example.org" && failures++ === 0 ? reason : "accepted"));

    const { seen } = await campaignOver([a, b], 30, { spill: "all" });
    await elapse(60_000);

    const refused = reason === "rejected";
    expect(outcomes(seen.results)).toEqual(refused ? { accepted: 29, "not-sent": 1 } : { accepted: 30 });
    expect(places(seen.results)).toEqual(upTo(30));
    expect(mailsByAddress(a, b).size).toBe(refused ? 29 : 30);
    expect(a.inbox.length + b.inbox.length).toBe(refused ? 29 : 30);
  });

  test.each(unknown)("only those that failed as %s are unknown", async (reason) => {
    const [a, b] = pair();
    a.script(({ to }) => (to[0]?.address === "reader-7@example.org" ? reason : "accepted"));

    const { seen } = await campaignOver([a, b], 30, { spill: "all" });
    await elapse(60_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 29, unknown: 1 });
    expect(b.attempts).toBe(0);
  });

  test("those that the provider asks to wait for go together afterwards, whatever it said to each", async () => {
    const provider = memoryProvider({ name: "a", batch: 50 });
    const mailer = createMailer({ providers: [provider] });
    const sizes = attemptSizes(mailer);
    const throttled = new Set<string>();
    provider.script(({ to }) => {
      const address = to[0]?.address ?? "";
      if (throttled.has(address) || Number(address.match(/\d+/)?.[0]) % 2 === 0) return "accepted";
      throttled.add(address);
      return { reason: "throttled", detail: `request ${throttled.size}`, retryAfter: 1_000 };
    });

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(40) }));
    await elapse(10_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 40 });
    expect(sizes).toEqual([40, 20]);
  });
});

describe("One mail for which a provider refuses the whole batch", () => {
  const poisoned = (provider: MemoryProvider<string>, reason: Reason, ...poison: readonly number[]) => {
    const addresses = new Set(poison.map((index) => `reader-${index}@example.org`));
    const isPoison = (address: string): boolean => addresses.has(address);
    provider.scriptBatches(({ recipients: list }) =>
      list.some(({ to }) => isPoison(to.address)) ? reason : "accepted",
    );
  };

  test.each(["invalid", "rejected", "too-large"] as const)(
    "as %s is found in a batch of 1,000 by few requests, and everybody else gets theirs",
    async (reason) => {
      const [a] = pair(1_000);
      poisoned(a, reason, 617);

      const { seen } = await campaignOver([a], 1_000);
      await elapse(10_000);

      expect(outcomes(seen.results)).toEqual({ accepted: 999, "not-sent": 1 });
      expect(seen.results.find(({ outcome }) => outcome === "not-sent")).toMatchObject({
        index: 617,
        error: { kind: "rejected" },
      });
      expect(a.inbox).toHaveLength(999);
      expect(a.attempts).toBeLessThanOrEqual(22);
    },
  );

  test("as invalid has a second opinion, although the same provider said it of each part that it was in", async () => {
    const [a, b] = pair(1_000);
    poisoned(a, "invalid", 617);

    const { seen } = await campaignOver([a, b], 1_000, { spill: "all" });
    await elapse(10_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 1_000 });
    expect(b.inbox).toHaveLength(1);
    expect(eachHasOne(1_000, a, b)).toBe(true);
  });

  test.each([12, 60])("and %i more beside it cost nobody else their mail", async (count) => {
    const [a] = pair(1_000);
    const poison = upTo(count).map((index) => 300 + index);
    poisoned(a, "rejected", ...poison);

    const { seen } = await campaignOver([a], 2_000);
    await elapse(10_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 2_000 - count, "not-sent": count });
  });
});

describe("A content that everybody refuses", () => {
  test.each(["invalid", "rejected", "too-large"] as const)("as %s costs few requests", async (reason) => {
    const [a, b] = pair(1_000);
    for (const each of [a, b]) each.scriptBatches(() => reason);

    const { seen } = await campaignOver([a, b], 10_000, { spill: "all" });
    await elapse(60_000);

    expect(outcomes(seen.results)).toEqual({ "not-sent": 10_000 });
    expect(a.attempts + b.attempts).toBeLessThanOrEqual(200);
  });
});

test("A mail at which a provider always fails, while it takes others, ends; the others get theirs", async () => {
  const provider = memoryProvider({ name: "a" });
  provider.script(({ to }) => (to[0]?.address === "reader-1@example.org" ? "unavailable" : "accepted"));
  const mailer = createMailer({ providers: [provider] });
  const slowly = async function* () {
    for (const index of upTo(400)) {
      yield recipientAt(index);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  };

  const seen = collect(mailer.sendBulk({ message: newsletter, recipients: slowly() }));
  await elapse(600_000);

  expect(seen.done).toBe(true);
  expect(outcomes(seen.results)).toEqual({ accepted: 399, "not-sent": 1 });
  expect(seen.results.find(({ outcome }) => outcome === "not-sent")).toMatchObject({
    index: 1,
    error: { kind: "unavailable", sent: "no" },
  });
});
