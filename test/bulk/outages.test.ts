import { describe, expect, test, vi } from "vitest";
import { type Checkpoint, createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  begin,
  elapse,
  fixRandom,
  healthOf,
  letter,
  silenceWarnings,
  takeDown,
  useFakeTime,
} from "../mailer/support.ts";
import {
  attemptSizes,
  campaignEvents,
  campaignOver,
  eachHasOne,
  newsletter,
  outcomes,
  places,
  recipients,
  started,
  upTo,
} from "./support.ts";

useFakeTime();
silenceWarnings();

const minute = 60_000;

describe("An outage of the only provider", () => {
  test.each([1, 3, 20, 50, 1_000])("costs time and no recipients, of a campaign of %i", async (count) => {
    const provider = memoryProvider({ name: "a", batch: 50, batchScript: () => "unreachable" });
    const { mailer, seen } = await campaignOver([provider], count);
    await elapse(20 * minute);
    expect(seen.results).toEqual([]);

    provider.scriptBatches();
    await elapse(10 * minute);

    expect(seen.done).toBe(true);
    expect(places(seen.results)).toEqual(upTo(count));
    expect(outcomes(seen.results)).toEqual({ accepted: count });
    expect(eachHasOne(count, provider)).toBe(true);
    expect(healthOf(mailer, "a").state).not.toBe("down");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is told once, probed with one recipient at a time, and told to be over", async () => {
    fixRandom();
    const provider = memoryProvider({ name: "a", batch: 50 });
    const mailer = createMailer({ providers: [provider] });
    const told = campaignEvents(mailer);
    const sizes = attemptSizes(mailer);
    await takeDown(mailer, provider);
    sizes.length = 0;
    provider.scriptBatches(() => "unreachable");

    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(120) });
    const seen = await started(campaign);
    expect(told).toEqual(["paused all-out"]);
    expect(campaign.progress.state).toBe("waiting");
    await elapse(3 * minute);
    expect(told).toEqual(["paused all-out"]);
    expect(new Set(sizes)).toEqual(new Set([1]));
    expect(sizes.length).toBeLessThan(8);

    provider.scriptBatches();
    const probes = sizes.length;
    await elapse(5 * minute);

    expect(told).toEqual(["paused all-out", "resumed"]);
    const after = sizes.slice(probes);
    expect(after[0]).toBe(1);
    // The one with whom it was probed in vain goes by itself.
    expect(after.length).toBeLessThanOrEqual(5);
    expect(outcomes(seen.results)).toEqual({ accepted: 120 });
    expect(campaign.progress.state).toBe("finished");
  });

  test("that comes back is told again", async () => {
    const provider = memoryProvider({ name: "a", batch: 10, latency: 1_000 });
    const mailer = createMailer({ providers: [provider] });
    const told = campaignEvents(mailer);
    const seen = await started(
      mailer.sendBulk({ message: newsletter, recipients: recipients(9_000) }, { concurrency: 1 }),
    );

    for (const outages of [1, 2, 3]) {
      provider.scriptBatches(() => "unavailable");
      await elapse(2 * minute);
      expect(told.filter((each) => each === "paused all-out")).toHaveLength(outages);
      provider.scriptBatches();
      await elapse(outages === 3 ? 60 * minute : 4 * minute - 60_000);
      expect(told.at(-1)).toBe("resumed");
      if (outages < 3) expect(seen.done).toBe(false);
    }

    expect(told).toHaveLength(6);
    expect(outcomes(seen.results)).toEqual({ accepted: 9_000 });
    expect(eachHasOne(9_000, provider)).toBe(true);
  });

  test("is over when it refuses a mail for what it is", async () => {
    const provider = memoryProvider({ name: "a", batch: 50 });
    const mailer = createMailer({ providers: [provider] });
    const told = campaignEvents(mailer);
    await takeDown(mailer, provider);
    provider.script(() => "rejected");

    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(20) });
    await started(campaign);
    await elapse(minute);

    expect(told).toEqual(["paused all-out", "resumed"]);
  });

  test("does not end on one recipient whom it fails, once others get through", async () => {
    const provider = memoryProvider({ name: "a", batch: 10 });
    const mailer = createMailer({ providers: [provider] });
    await takeDown(mailer, provider);
    const isPoison = (address = ""): boolean => address === "reader-0@example.org";
    provider.scriptBatches(({ recipients: list }) =>
      list.some(({ to }) => isPoison(to.address)) ? "unavailable" : "accepted",
    );

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(10) }));
    await elapse(60 * minute);

    expect(places(seen.results.filter(({ outcome }) => outcome === "accepted"))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("is probed once while the checkpoint is written, and keeps nobody busy meanwhile", async () => {
    const provider = memoryProvider({ name: "a", batch: 10 });
    const mailer = createMailer({ providers: [provider] });
    await takeDown(mailer, provider);
    await elapse(30_000);
    const sizes = attemptSizes(mailer);
    const probing: unknown[] = [];
    const checkpoint: Checkpoint = {
      load: async () => undefined,
      save: async (state) => {
        if (state.settled.length === 0) probing.push(state.inFlight);
        await new Promise((resolve) => setTimeout(resolve, 500));
      },
    };

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(30) }, { checkpoint }));
    await elapse(minute);

    expect(outcomes(seen.results)).toEqual({ accepted: 30 });
    expect(sizes).toEqual([1, 10, 10, 9]);
    expect(probing).toEqual([[[0, 0]]]);
  });

  test("may be probed by a single send; if that gives up, the campaign goes on by itself", async () => {
    const provider = memoryProvider({ name: "a", batch: 10 });
    const mailer = createMailer({ providers: [provider] });
    await takeDown(mailer, provider);
    await elapse(30_000);
    provider.script("hang");
    const caller = new AbortController();
    await begin(mailer.send(letter, { signal: caller.signal }));
    expect(healthOf(mailer, "a").state).toBe("probing");

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(10) }));
    caller.abort();
    await elapse(minute);

    expect(outcomes(seen.results)).toEqual({ accepted: 10 });
  });
});

describe("Batches that fail count against the provider,", () => {
  test("whoever else sends by it is told: it is down, and all are", async () => {
    const provider = memoryProvider({ name: "a", batch: 50, batchScript: () => "unreachable" });
    const mailer = createMailer({ providers: [provider] });
    const told: string[] = [];
    mailer.on("provider:down", ({ provider: name }) => told.push(`down ${name}`));
    mailer.on("all-down", () => told.push("all-down"));

    await started(mailer.sendBulk({ message: newsletter, recipients: recipients(50) }));
    await elapse(20_000);

    expect(told.slice(0, 2)).toEqual(["down a", "all-down"]);
  });

  test("but one mail that it fails again and again does not take it from all others", async () => {
    const provider = memoryProvider({ name: "a", batch: 50, script: () => "unavailable" });
    const mailer = createMailer({ providers: [provider] });

    await started(mailer.sendBulk({ message: newsletter, recipients: recipients(1) }));
    await elapse(5 * minute);

    expect(healthOf(mailer, "a").state).not.toBe("down");
  });
});

describe("A provider that is isolated", () => {
  test("holds the campaign up, which goes on at once when it is restored", async () => {
    const provider = memoryProvider({ name: "a", batch: 50 });
    const mailer = createMailer({ providers: [provider] });
    const told = campaignEvents(mailer);
    const handle = mailer.isolate("a");

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(120) }));
    await elapse(60 * minute);
    expect(seen.results).toEqual([]);
    expect(told).toEqual(["paused all-out"]);
    expect(vi.getTimerCount()).toBe(0);
    handle[Symbol.dispose]();
    await elapse();

    expect(outcomes(seen.results)).toEqual({ accepted: 120 });
    expect(told).toEqual(["paused all-out", "resumed"]);
  });
});

describe("A provider that asks for a pause", () => {
  test("has it, and everybody gets one mail", async () => {
    const provider = memoryProvider({ name: "a", batch: 50 });
    provider.scriptBatches({ reason: "throttled", retryAfter: 30_000 });
    const { seen, mailer } = await campaignOver([provider], 120, { concurrency: 1 });
    const sizes = attemptSizes(mailer);
    await elapse(29_000);
    expect(provider.attempts).toBe(1);
    await elapse(2_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 120 });
    expect(sizes).toEqual([50, 50, 20]);
  });

  test("of a day is looked at after the longest that a provider may ask for", async () => {
    const provider = memoryProvider({ name: "a", batch: 50 });
    provider.scriptBatches({ reason: "throttled", retryAfter: 86_000_000 });
    const mailer = createMailer({ providers: [provider], breaker: { openFor: 5_000, maxOpenFor: 10_000 } });
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(20) }));
    await elapse(10_100);
    expect(outcomes(seen.results)).toEqual({ accepted: 20 });
  });

  test.each(["throttled", "unavailable"] as const)(
    "by %s does not keep the mails from another that may be used",
    async (reason) => {
      const a = memoryProvider({ name: "a", batch: 50, batchScript: () => ({ reason, retryAfter: 40_000 }) });
      const b = memoryProvider({ name: "b", batch: 50 });
      const { seen } = await campaignOver([a, b], 20, { spill: "all" });
      await elapse(10);
      expect(outcomes(seen.results)).toEqual({ accepted: 20 });
      expect(b.inbox).toHaveLength(20);
    },
  );

  test("again and again loses nobody, while others get through", async () => {
    const provider = memoryProvider({ name: "a" });
    const asked = new Map<string, number>();
    provider.script(({ to }) => {
      const address = to[0]?.address ?? "";
      asked.set(address, (asked.get(address) ?? 0) + 1);
      const isSlow = address === "reader-3@example.org" && (asked.get(address) ?? 0) < 40;
      return isSlow ? { reason: "throttled", retryAfter: 1_000 } : "accepted";
    });
    const mailer = createMailer({ providers: [provider] });

    const seen = await started(
      mailer.sendBulk({ message: newsletter, recipients: recipients(200) }, { concurrency: 2 }),
    );
    await elapse(10 * minute);

    expect(outcomes(seen.results)).toEqual({ accepted: 200 });
  });
});

describe('spill "none", the default,', () => {
  test("never touches the standby, however long the outage", async () => {
    const a = memoryProvider({ name: "a", batch: 50, batchScript: () => "unreachable" });
    const b = memoryProvider({ name: "b", batch: 50 });
    const { seen } = await campaignOver([a, b], 100);
    await elapse(60 * minute);

    expect(seen.results).toEqual([]);
    expect(b.attempts).toBe(0);
  });

  test("uses the first group of those that are allowed", async () => {
    const [a, b, c] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" }), memoryProvider({ name: "c" })];
    await campaignOver([a, b, c], 10, { except: ["a"] });
    expect([a, b, c].map(({ inbox }) => inbox.length)).toEqual([0, 10, 0]);
  });
});

describe('spill "all"', () => {
  test("goes to the next in order while those before it are out, and back", async () => {
    const [a, b, c] = (["a", "b", "c"] as const).map((name) => memoryProvider({ name, batch: 10, latency: 1_000 }));
    if (!a || !b || !c) throw new Error("There are three");
    a.scriptBatches(() => "unreachable");
    b.scriptBatches(() => "unreachable");
    const mailer = createMailer({ providers: [a, b, c] });
    const seen = await started(
      mailer.sendBulk({ message: newsletter, recipients: recipients(2_000) }, { spill: "all", concurrency: 2 }),
    );
    await elapse(30_000);
    expect([a.inbox.length, b.inbox.length]).toEqual([0, 0]);
    expect(c.inbox.length).toBeGreaterThan(0);

    for (const each of [a, b]) each.scriptBatches();
    await elapse(20 * minute);

    expect(outcomes(seen.results)).toEqual({ accepted: 2_000 });
    expect(eachHasOne(2_000, a, b, c)).toBe(true);
    expect(a.inbox.length).toBeGreaterThan(700);
  });
});

test("In a group, each provider has its share of the recipients, however large its batches", async () => {
  const [a, b] = [memoryProvider({ name: "a", batch: 100 }), memoryProvider({ name: "b", batch: 10 })];
  const mailer = createMailer({ providers: [[{ provider: a, weight: 3 }, b]] });

  await started(mailer.sendBulk({ message: newsletter, recipients: recipients(4_000) }));
  await elapse(10_000);

  expect(a.inbox.length).toBeGreaterThan(2_850);
  expect(a.inbox.length).toBeLessThan(3_150);
  expect(a.inbox.length + b.inbox.length).toBe(4_000);
});

test("Two providers that are due for a probe, of which the first has no rate left: the second is probed", async () => {
  fixRandom();
  const script = [{ reason: "authentication" }] as const;
  const [a, b] = [memoryProvider({ name: "a", script }), memoryProvider({ name: "b", script })];
  const mailer = createMailer({
    providers: [
      [
        { provider: a, rate: { limit: 1, interval: 600_000 } },
        { provider: b, rate: { limit: 1, interval: 25_000 } },
      ],
    ],
  });
  await begin(mailer.send(letter));
  expect([healthOf(mailer, "a").state, healthOf(mailer, "b").state]).toEqual(["down", "down"]);

  const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(1) }));
  await elapse(30_000);

  expect(outcomes(seen.results)).toEqual({ accepted: 1 });
  expect([a.attempts, b.attempts]).toEqual([1, 2]);
});
