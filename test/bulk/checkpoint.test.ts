import { describe, expect, test } from "vitest";
import {
  type BulkRecipient,
  type CampaignState,
  type Checkpoint,
  CheckpointError,
  createMailer,
} from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, silenceWarnings, useFakeTime } from "../mailer/support.ts";
import {
  attemptSizes,
  eachHasOne,
  MemoryCheckpoint,
  newsletter,
  outcomes,
  places,
  recipients,
  started,
  upTo,
  WatchedSource,
} from "./support.ts";

useFakeTime();
silenceWarnings();

function batching(limit = 10, latency = 0) {
  const provider = memoryProvider({ name: "a", batch: limit, latency });
  return { provider, mailer: createMailer({ providers: [provider] }) };
}

/** A campaign of 100 that was cancelled after 30. */
async function interrupted() {
  const { provider, mailer } = batching(10, 1_000);
  const checkpoint = new MemoryCheckpoint();
  const campaign = mailer.sendBulk(
    { message: newsletter, recipients: recipients(100) },
    { checkpoint, concurrency: 1 },
  );
  await started(campaign);
  await elapse(2_500);
  campaign.cancel();
  await elapse(1_000);
  expect(provider.inbox).toHaveLength(30);
  return { provider, checkpoint };
}

/** A campaign that was killed with 10 on their way. */
async function killed() {
  const { provider, mailer } = batching(10, 1_000);
  const checkpoint = new MemoryCheckpoint();
  void started(
    mailer.sendBulk({ message: newsletter, recipients: recipients(100) }, { checkpoint, concurrency: 1, id: "spring" }),
  );
  await elapse(3_500);
  const state = checkpoint.last;
  expect(state?.inFlight).toEqual([[30, 39]]);
  return { inbox: [...provider.inbox], state };
}

async function goOn(
  list: Iterable<BulkRecipient> | AsyncIterable<BulkRecipient>,
  checkpoint: Checkpoint,
  message: object = {},
) {
  const { provider, mailer } = batching(10);
  const campaign = mailer.sendBulk({ message: { ...newsletter, ...message }, recipients: list }, { checkpoint });
  const seen = await started(campaign);
  await elapse(10_000);
  return { provider, campaign, seen };
}

describe("A checkpoint is saved", () => {
  test("before each dispatch, with those who are in flight, and after each settling", async () => {
    const steps: string[] = [];
    const provider = memoryProvider({
      name: "a",
      batch: 10,
      batchScript: ({ recipients: list }) => {
        steps.push(`sent ${list.length}`);
        return "accepted";
      },
    });
    const mailer = createMailer({ providers: [provider] });
    const checkpoint: Checkpoint = {
      load: async () => undefined,
      save: async ({ inFlight, settled, counts }) => {
        steps.push(`saved ${JSON.stringify([settled, inFlight, counts.accepted])}`);
      },
    };

    await started(mailer.sendBulk({ message: newsletter, recipients: recipients(20) }, { checkpoint, concurrency: 1 }));

    expect(steps).toEqual([
      "saved [[],[[0,9]],0]",
      "sent 10",
      "saved [[[0,9]],[],10]",
      "saved [[[0,9]],[[10,19]],10]",
      "sent 10",
      "saved [[[0,19]],[],20]",
      "saved [[[0,19]],[],20]",
    ]);
  });

  test("and nothing is sent while that does not end", async () => {
    const { provider, mailer } = batching();
    const checkpoint: Checkpoint = { load: async () => undefined, save: () => new Promise(() => {}) };
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(20) }, { checkpoint }));
    await elapse(600_000);
    expect(provider.attempts).toBe(0);
    expect(seen.results).toEqual([]);
  });

  test("by one call at a time", async () => {
    const { mailer } = batching(1);
    let saving = 0;
    let most = 0;
    const checkpoint: Checkpoint = {
      load: async () => undefined,
      save: async () => {
        saving += 1;
        most = Math.max(most, saving);
        await new Promise((resolve) => setTimeout(resolve, 5));
        saving -= 1;
      },
    };
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(50) }, { checkpoint }));
    await elapse(5_000);
    expect(seen.results).toHaveLength(50);
    expect(most).toBe(1);
  });

  test.each<[string, (index: number) => boolean]>([
    ["all accepted", () => false],
    ["one in ten refused", (index) => index % 10 === 3],
  ])("small, whatever the length of the list: 100,000 recipients, %s", async (_, isRefused) => {
    const provider = memoryProvider({ name: "a", batch: 1_000 });
    provider.script(({ to }) => (isRefused(Number(/\d+/.exec(to[0]?.address ?? "")?.[0])) ? "rejected" : "accepted"));
    const mailer = createMailer({ providers: [provider] });
    let largest = 0;
    const checkpoint: Checkpoint = {
      load: async () => undefined,
      save: async (state) => {
        largest = Math.max(largest, JSON.stringify(state).length);
      },
    };
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(100_000) }, { checkpoint });
    const finished = campaign.finish();
    await elapse(100_000);
    await finished;

    expect(campaign.progress).toMatchObject({ pending: 0 });
    expect(largest).toBeLessThan(1_000);
  });
});

describe("A campaign goes on from its checkpoint", () => {
  test("with those who have no mail yet", async () => {
    const { provider: before, checkpoint } = await interrupted();

    const { provider, seen, campaign } = await goOn(recipients(100), checkpoint);

    expect(outcomes(seen.results)).toEqual({ accepted: 70 });
    expect(eachHasOne(100, before, provider)).toBe(true);
    expect(campaign.progress).toMatchObject({ total: 100, accepted: 100, pending: 0, state: "finished" });
  });

  test("and reports what was in flight as unknown, by its id of then", async () => {
    const { inbox, state } = await killed();
    const checkpoint = new MemoryCheckpoint(state);

    const { provider, seen } = await goOn(recipients(100), checkpoint);

    expect(outcomes(seen.results)).toEqual({ unknown: 10, accepted: 60 });
    expect(places(seen.results.filter(({ outcome }) => outcome === "unknown"))).toEqual(upTo(10).map((i) => i + 30));
    expect(seen.results[0]).toMatchObject({ error: { kind: "unknown", sent: "maybe", id: "spring-30" } });
    expect(inbox.length + provider.inbox.length).toBe(90);
    expect(checkpoint.last).toMatchObject({ settled: [[0, 99]], inFlight: [], counts: { accepted: 90, unknown: 10 } });
  });

  test("and reports that once, however often it is killed: not before it is saved", async () => {
    const { state } = await killed();
    const never = { load: async () => state, save: () => new Promise<void>(() => {}) };
    const third = new MemoryCheckpoint(state);

    const { seen: second } = await goOn(recipients(100), never);
    const { seen } = await goOn(recipients(100), third);

    expect(second.results).toEqual([]);
    expect(outcomes(seen.results)).toEqual({ unknown: 10, accepted: 60 });
  });

  test("and reports as unknown who may have a mail by one provider and was to get it by another", async () => {
    const [a, b] = [memoryProvider({ name: "a", batch: 10 }), memoryProvider({ name: "b", batch: 10 })];
    const mailer = createMailer({ providers: [a, b] });
    mailer.isolate("b");
    a.scriptBatches({ reason: "response-lost", delivered: true });
    const checkpoint = new MemoryCheckpoint();
    const options = { checkpoint, spill: "all", onUnknown: "failover" } as const;
    await started(mailer.sendBulk({ message: newsletter, recipients: recipients(30) }, options));
    expect(checkpoint.last).toMatchObject({ counts: { accepted: 20, unknown: 0 }, inFlight: [[0, 9]] });

    const { provider, seen } = await goOn(recipients(30), checkpoint);

    expect(outcomes(seen.results)).toEqual({ unknown: 10 });
    expect(provider.attempts).toBe(0);
  });

  test("with new recipients at the end of the list", async () => {
    const { provider: before, checkpoint } = await interrupted();
    const { provider, seen } = await goOn(recipients(120), checkpoint);
    expect(outcomes(seen.results)).toEqual({ accepted: 90 });
    expect(eachHasOne(120, before, provider)).toBe(true);
  });

  test("that is finished by sending nothing", async () => {
    const checkpoint = new MemoryCheckpoint();
    await goOn(recipients(30), checkpoint);
    const { provider, seen, campaign } = await goOn(recipients(30), checkpoint);
    expect(seen).toMatchObject({ done: true, results: [], error: undefined });
    expect(provider.attempts).toBe(0);
    expect(campaign.progress).toMatchObject({ state: "finished", accepted: 30, pending: 0 });
  });

  test("and asks suppress about no more than a hundred at a time", async () => {
    const list = recipients(1_000);
    const first = batching(10, 1_000);
    const checkpoint = new MemoryCheckpoint();
    const campaign = first.mailer.sendBulk({ message: newsletter, recipients: list }, { checkpoint, concurrency: 1 });
    await started(campaign);
    await elapse(1_500);
    campaign.cancel();
    await elapse(1_000);
    let asked = 0;
    let most = 0;
    const suppress = async () => {
      asked += 1;
      most = Math.max(most, asked);
      await new Promise((resolve) => setTimeout(resolve, 50));
      asked -= 1;
      return false;
    };

    const provider = memoryProvider({ name: "a", batch: 10 });
    const mailer = createMailer({ providers: [provider], suppress });
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: list }, { checkpoint }));
    await elapse(20_000);

    expect(seen.done).toBe(true);
    expect(most).toBeLessThanOrEqual(100);
    expect(eachHasOne(1_000, first.provider, provider)).toBe(true);
  });
});

describe("A second process that ends before it has read what the first one read", () => {
  test.each<[string, (source: WatchedSource<BulkRecipient>) => void]>([
    ["by a cancel", (source) => (source.hangAt = 20)],
    ["by an error of the source", (source) => (source.throwAt = 20)],
  ])("%s leaves the checkpoint as it was: nobody is mailed twice by the third", async (_, arrange) => {
    const { inbox, state } = await killed();
    const checkpoint = new MemoryCheckpoint(state);
    const source = new WatchedSource(recipients(100));
    arrange(source);
    const second = batching(10);
    const campaign = second.mailer.sendBulk({ message: newsletter, recipients: source }, { checkpoint });
    await started(campaign);
    campaign.cancel();
    await elapse(1_000);
    expect(second.provider.attempts).toBe(0);
    expect(checkpoint.last).toEqual(state);

    const { provider, seen } = await goOn(recipients(100), checkpoint);

    expect(outcomes(seen.results)).toEqual({ unknown: 10, accepted: 60 });
    expect(inbox.length + provider.inbox.length).toBe(90);
  });
});

describe("Input that is not that of the checkpoint is refused before anything is sent, and the checkpoint kept", () => {
  const swap = (list: BulkRecipient[]) => list.with(10, list[11] ?? { to: "" }).with(11, list[10] ?? { to: "" });
  test.each<[string, BulkRecipient[], object]>([
    ["another address", recipients(100).with(5, { to: "eve@example.org", variables: { name: "Reader 5" } }), {}],
    ["another value", recipients(100).with(50, { to: "reader-50@example.org", variables: { name: "Eve" } }), {}],
    ["another order", swap(recipients(100)), {}],
    ["one at the front", [{ to: "new@example.org", variables: { name: "New" } }, ...recipients(100)], {}],
    ["fewer", recipients(20), {}],
    ["nobody", [], {}],
    ["another subject", recipients(100), { subject: "Other news" }],
    ["another text", recipients(100), { text: "Good bye" }],
    ["an attachment", recipients(100), { attachments: [{ filename: "a.txt", content: "a", encoding: "utf8" }] }],
    ["another sender", recipients(100), { from: "other@example.com" }],
    ["a way out", recipients(100), { unsubscribe: { url: "https://example.com/" } }],
    ["metadata", recipients(100), { metadata: { a: "b" } }],
  ])("with %s", async (_, list, message) => {
    const { checkpoint } = await interrupted();
    const before = checkpoint.last;

    const { provider, seen, campaign } = await goOn(list, checkpoint, message);

    expect(seen.error).toBeInstanceOf(CheckpointError);
    expect(String(seen.error)).not.toContain("@");
    expect(seen.results).toEqual([]);
    expect(provider.attempts).toBe(0);
    expect(campaign.progress.state).toBe("failed");
    expect(checkpoint.last).toEqual(before);
  });

  test("where recipients are objects of a class, too", async () => {
    class Reader {
      readonly #number: number;
      constructor(number: number) {
        this.#number = number;
      }
      get to(): string {
        return `reader-${this.#number}@example.org`;
      }
      get variables(): { name: string } {
        return { name: "x" };
      }
    }
    const checkpoint = new MemoryCheckpoint();
    await goOn([new Reader(1), new Reader(2)], checkpoint);
    const { seen } = await goOn([new Reader(2), new Reader(1)], checkpoint);
    expect(seen.error).toBeInstanceOf(CheckpointError);
  });

  test("and the same message with attachments is taken", async () => {
    const message = { attachments: [{ filename: "a.txt", content: "a", encoding: "utf8" }], html: "<p>{{name}}</p>" };
    const checkpoint = new MemoryCheckpoint();
    await goOn(recipients(3), checkpoint, message);
    const { seen } = await goOn(recipients(3), checkpoint, message);
    expect(seen.error).toBe(undefined);
  });
});

describe("A checkpoint that cannot be used", () => {
  const good: CampaignState = {
    version: 1,
    id: "a",
    content: "c",
    read: 10,
    recipients: "r",
    settled: [],
    inFlight: [],
    unknown: [],
    counts: { accepted: 0, rejected: 0, unknown: 0, suppressed: 0 },
  };

  test.each<[string, unknown]>([
    ["null", null],
    ["a text", "state"],
    ["of another version", { ...good, version: 2 }],
    ["without counts", { ...good, counts: undefined }],
    ["with ranges that are none", { ...good, settled: [[1]] }],
    [
      "with ranges in disorder",
      {
        ...good,
        settled: [
          [5, 6],
          [1, 2],
        ],
      },
    ],
    ["with a range that ends before it begins", { ...good, inFlight: [[6, 5]] }],
    ["with a range beyond what was read", { ...good, settled: [[0, 10]] }],
  ])("since it holds something else, %s, is refused", async (_, state) => {
    const { provider, mailer } = batching();
    const checkpoint = { load: async () => state as CampaignState, save: async () => {} };
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(20) }, { checkpoint }));
    expect(seen.error).toBeInstanceOf(CheckpointError);
    expect(String(seen.error)).toMatch(/something else/);
    expect(provider.attempts).toBe(0);
  });

  test.each(["throws", "rejects"])("since load() %s, ends the campaign", async (how) => {
    const { provider, mailer } = batching();
    const load = () => {
      if (how === "throws") throw new Error("ada@example.org");
      return Promise.reject(new Error("ada@example.org"));
    };
    const seen = await started(
      mailer.sendBulk(
        { message: newsletter, recipients: recipients(20) },
        { checkpoint: { load, save: async () => {} } },
      ),
    );
    expect(seen.error).toBeInstanceOf(CheckpointError);
    expect(String(seen.error)).not.toContain("@");
    expect(provider.attempts).toBe(0);
  });

  test.each([1, 2, 3, 4, 5])(
    "since save() fails the %i. time, ends the campaign after what is known was given",
    async (nth) => {
      const provider = memoryProvider({ name: "a", batch: 10, latency: 100 });
      const mailer = createMailer({ providers: [provider] });
      const sizes = attemptSizes(mailer);
      let saves = 0;
      const save = async () => {
        saves += 1;
        if (saves >= nth) throw Object.assign(new Error("ada@example.org"), { code: "ENOSPC" });
      };
      const seen = await started(
        mailer.sendBulk(
          { message: newsletter, recipients: recipients(100) },
          { checkpoint: { load: async () => undefined, save }, concurrency: 3 },
        ),
      );
      await elapse(10_000);

      expect(seen.error).toBeInstanceOf(CheckpointError);
      expect(String(seen.error)).toMatch(/ENOSPC/);
      expect(places(seen.results)).toEqual(places(seen.results.filter(({ outcome }) => outcome === "accepted")));
      expect(seen.results).toHaveLength(provider.inbox.length);
      expect(sizes.length * 10).toBe(provider.inbox.length);
      if (nth === 1) expect(provider.attempts).toBe(0);
    },
  );
});
