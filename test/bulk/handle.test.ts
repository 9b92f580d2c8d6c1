import { describe, expect, test, vi } from "vitest";
import { type BulkOptions, type CampaignProgress, createMailer, isSteadyMailError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, errorOf, letter, silenceWarnings, useFakeTime } from "../mailer/support.ts";
import {
  campaignEvents,
  collect,
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

function slowly(latency = 1_000) {
  const provider = memoryProvider({ name: "a", batch: 10, latency });
  return { provider, mailer: createMailer({ providers: [provider] }) };
}

function watched(count: number, hangAt = Number.POSITIVE_INFINITY) {
  const source = new WatchedSource(recipients(count));
  source.hangAt = hangAt;
  return source;
}

describe("A campaign", () => {
  test("reads and sends nothing before its results are asked for", async () => {
    const { provider, mailer } = slowly();
    const source = watched(10);
    const campaign = mailer.sendBulk({ message: newsletter, recipients: source });
    await elapse(10_000);

    expect(source.reads).toBe(0);
    expect(provider.attempts).toBe(0);
    expect(campaign.progress).toMatchObject({ state: "ready", accepted: 0, pending: 0, rate: 0 });
  });

  test("gives its results once", async () => {
    const { mailer } = slowly(0);
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(3) });
    await started(campaign);
    const again = await started(campaign);
    expect(again.error).toBeInstanceOf(TypeError);
    expect(campaign.progress.state).toBe("finished");
  });

  test("runs to its end for those who need no single results", async () => {
    const { provider, mailer } = slowly(0);
    const finished = mailer.sendBulk({ message: newsletter, recipients: recipients(3_000) }).finish();
    await elapse(1_000);
    await expect(finished).resolves.toMatchObject({ state: "finished", accepted: 3_000, pending: 0, total: 3_000 });
    expect(eachHasOne(3_000, provider)).toBe(true);
  });

  test("to nobody is done at once", async () => {
    const { mailer } = slowly();
    const campaign = mailer.sendBulk({ message: newsletter, recipients: [] });
    expect(await started(campaign)).toMatchObject({ done: true, results: [], error: undefined });
    expect(campaign.progress).toMatchObject({ state: "finished", total: 0, pending: 0 });
  });

  test("ends with the error of its source, after all that was read", async () => {
    const { provider, mailer } = slowly();
    const source = watched(50);
    source.throwAt = 25;
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: source }));
    await elapse(10_000);

    expect(seen.error).toMatchObject({ message: "The source broke" });
    expect(seen.results).toHaveLength(provider.inbox.length);
    expect(seen.results.every(({ outcome }) => outcome === "accepted")).toBe(true);
  });
});

describe("A campaign that is paused", () => {
  test("lets what is in flight settle, sends nothing more, and goes on", async () => {
    const { provider, mailer } = slowly();
    const told = campaignEvents(mailer);
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(100) }, { concurrency: 2 });
    const seen = await started(campaign);
    campaign.pause();
    campaign.pause();
    expect(campaign.progress.state).toBe("paused");
    await elapse(60_000);
    expect(outcomes(seen.results)).toEqual({ accepted: 20 });
    expect(provider.attempts).toBe(2);
    expect(vi.getTimerCount()).toBe(0);

    campaign.resume();
    campaign.resume();
    await elapse(60_000);
    expect(outcomes(seen.results)).toEqual({ accepted: 100 });
    expect(told).toEqual(["paused asked", "resumed"]);
  });

  test("before it begins sends nothing until it is resumed", async () => {
    const { provider, mailer } = slowly(0);
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(20) });
    campaign.pause();
    expect(campaign.progress.state).toBe("paused");
    const seen = await started(campaign);
    await elapse(10_000);
    expect(provider.attempts).toBe(0);
    campaign.resume();
    await elapse(100);
    expect(seen.done).toBe(true);
  });

  test("while a checkpoint is written sends nothing either, and the checkpoint does not call that in flight", async () => {
    const { provider, mailer } = slowly(0);
    const checkpoint = new MemoryCheckpoint();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = {
      load: () => checkpoint.load(),
      save: async (state: Parameters<MemoryCheckpoint["save"]>[0]) => {
        if (checkpoint.states.length === 0) await held;
        await checkpoint.save(state);
      },
    };
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(20) }, { checkpoint: slow });
    const seen = await started(campaign);
    campaign.pause();
    release();
    await elapse(10_000);

    expect(provider.attempts).toBe(0);
    expect(checkpoint.last?.inFlight).toEqual([]);
    campaign.resume();
    await elapse(100);
    expect(outcomes(seen.results)).toEqual({ accepted: 20 });
    expect(provider.attempts).toBe(2);
  });

  test("can be cancelled", async () => {
    const { mailer } = slowly();
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(100) });
    const seen = await started(campaign);
    campaign.pause();
    campaign.cancel();
    await elapse(1_000);
    expect(seen.done).toBe(true);
    expect(campaign.progress.state).toBe("cancelled");
  });
});

const stages: readonly (readonly [
  string,
  (mailer: ReturnType<typeof slowly>) => Promise<WatchedSource<ReturnType<typeof recipients>[number]>>,
])[] = [
  ["in flight", async () => watched(1_000)],
  ["while its source hangs", async () => watched(1_000, 5)],
  [
    "while it waits for a provider that is down",
    async ({ mailer, provider }) => {
      provider.script({ reason: "authentication", after: 0 });
      await errorOf(mailer.send(letter));
      provider.script();
      return watched(1_000);
    },
  ],
  [
    "while it waits for a provider that is isolated",
    async ({ mailer }) => {
      mailer.isolate("a");
      return watched(1_000);
    },
  ],
  [
    "while it waits out a pause",
    async ({ provider }) => {
      provider.scriptBatches(() => ({ reason: "throttled", retryAfter: 200_000 }));
      return watched(1_000);
    },
  ],
];

describe.each(stages)("A campaign that ends before its time, %s,", (_, prepare) => {
  async function begun(options: BulkOptions<"a"> = {}) {
    const { provider, mailer } = slowly();
    const source = await prepare({ provider, mailer });
    const before = provider.inbox.length;
    // opossum keeps one of its own, unreferenced, for a circuit that is open.
    const timers = vi.getTimerCount();
    const campaign = mailer.sendBulk({ message: newsletter, recipients: source }, options);
    return { provider, mailer, source, campaign, timers, accepted: () => provider.inbox.length - before };
  }

  test("by cancel() settles what is in flight and reports it", async () => {
    const { campaign, source, accepted, timers } = await begun();
    const seen = await started(campaign);
    await elapse(2_500);
    campaign.cancel();
    await elapse(1_000);

    expect(seen).toMatchObject({ done: true, error: undefined });
    expect(outcomes(seen.results).accepted ?? 0).toBe(accepted());
    expect(campaign.progress.state).toBe("cancelled");
    expect(vi.getTimerCount()).toBe(timers);
    source.goOn();
    await elapse();
    expect(source.closed).toBe(true);
  });

  test("by its signal, which keeps no listener", async () => {
    const caller = new AbortController();
    const add = vi.spyOn(caller.signal, "addEventListener");
    const remove = vi.spyOn(caller.signal, "removeEventListener");
    const { campaign, accepted, timers } = await begun({ signal: caller.signal });
    const seen = await started(campaign);
    await elapse(2_500);
    caller.abort();
    await elapse(1_000);

    expect(seen).toMatchObject({ done: true, error: undefined });
    expect(outcomes(seen.results).accepted ?? 0).toBe(accepted());
    expect(remove.mock.calls.length).toBe(add.mock.calls.length);
    expect(vi.getTimerCount()).toBe(timers);
  });

  test("by close(), which waits for what is in flight, and the campaign says why", async () => {
    const { campaign, mailer, accepted } = await begun();
    const seen = await started(campaign);
    await elapse(2_500);
    let closed = false;
    void mailer.close().then(() => (closed = true));
    await elapse(1_000);

    expect(closed).toBe(true);
    expect(isSteadyMailError(seen.error) && seen.error.kind).toBe("closed");
    expect(outcomes(seen.results).accepted ?? 0).toBe(accepted());
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("A campaign that ends before its time", () => {
  test("by a break waits for what is in flight, and reads no more", async () => {
    const { provider, mailer } = slowly();
    provider.scriptBatches({ accepted: true, after: 10 });
    const source = watched(10_000);
    const campaign = mailer.sendBulk({ message: newsletter, recipients: source });
    let left = false;
    void (async () => {
      for await (const _ of campaign) break;
      left = true;
    })();
    await elapse(500);
    expect(left).toBe(false);
    await elapse(1_000);

    expect(left).toBe(true);
    expect(source.closed).toBe(true);
    expect(campaign.progress.state).toBe("cancelled");
    expect(campaign.progress.accepted).toBe(provider.inbox.length);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("before it begins sends nothing, and closes its source", async () => {
    const { provider, mailer } = slowly();
    let closed = false;
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: recipients(1)[0] ?? { to: "" } }),
        return: async () => {
          closed = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const campaign = mailer.sendBulk({ message: newsletter, recipients: source });
    campaign.cancel();
    expect(await started(campaign)).toMatchObject({ done: true, results: [], error: undefined });
    expect(campaign.progress.state).toBe("cancelled");
    expect(provider.attempts).toBe(0);
    expect(closed).toBe(true);
  });

  test("while its checkpoint is read, which never answers", async () => {
    const { mailer } = slowly();
    const checkpoint = { load: () => new Promise<undefined>(() => {}), save: async () => {} };
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(10) }, { checkpoint });
    const seen = await started(campaign);
    campaign.cancel();
    await elapse();
    expect(seen).toMatchObject({ done: true, error: undefined });
    expect(campaign.progress.state).toBe("cancelled");
  });

  test("by a mailer that is closed already", async () => {
    const { provider, mailer } = slowly();
    await mailer.close();
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(10) }));
    expect(isSteadyMailError(seen.error) && seen.error.kind).toBe("closed");
    expect(provider.attempts).toBe(0);
  });

  test("reports as unknown who may have a mail and was to get it by another provider", async () => {
    const [a, b] = [memoryProvider({ name: "a", batch: 10 }), memoryProvider({ name: "b", batch: 10 })];
    const mailer = createMailer({ providers: [a, b] });
    mailer.isolate("b");
    a.scriptBatches({ reason: "response-lost", delivered: true });
    const campaign = mailer.sendBulk(
      { message: newsletter, recipients: recipients(30) },
      { spill: "all", onUnknown: "failover" },
    );
    const seen = await started(campaign);
    expect(outcomes(seen.results)).toEqual({ accepted: 20 });
    campaign.cancel();
    await elapse();

    expect(outcomes(seen.results)).toEqual({ accepted: 20, unknown: 10 });
    expect(campaign.progress).toMatchObject({ unknown: 10, pending: 0 });
  });

  test("by close with a timeout, which reports what it cut short as unknown", async () => {
    const { provider, mailer } = slowly();
    provider.scriptBatches(() => "hang");
    const seen = await started(
      mailer.sendBulk({ message: newsletter, recipients: recipients(100) }, { concurrency: 2 }),
    );
    void mailer.close({ timeout: 500 });
    await elapse(1_000);
    expect(outcomes(seen.results)).toEqual({ unknown: 20 });
    expect(seen.done).toBe(true);
  });

  test("stays finished, whatever is called afterwards", async () => {
    const { mailer } = slowly(0);
    const told = campaignEvents(mailer);
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(10) });
    await started(campaign);
    campaign.pause();
    campaign.resume();
    campaign.cancel();
    expect(campaign.progress.state).toBe("finished");
    expect(told).toEqual([]);
  });
});

describe("A slow consumer", () => {
  test("holds the campaign up: results and reading are bounded", async () => {
    const provider = memoryProvider({ name: "a", batch: 100 });
    const mailer = createMailer({ providers: [provider] });
    const source = watched(100_000);
    const results = mailer.sendBulk({ message: newsletter, recipients: source })[Symbol.asyncIterator]();
    await results.next();
    await elapse(60_000);

    expect(provider.inbox.length).toBeLessThanOrEqual(1_500);
    expect(source.reads).toBeLessThanOrEqual(4_000);
    await results.return?.();
  });
});

describe("Progress", () => {
  test("counts all, and estimates the end while something is pending", async () => {
    const { provider, mailer } = slowly();
    provider.script(({ to }) => (to[0]?.address === "reader-1@example.org" ? "rejected" : "accepted"));
    const told: CampaignProgress<"a">[] = [];
    const campaign = mailer.sendBulk(
      { message: newsletter, recipients: recipients(100) },
      { concurrency: 1, onProgress: (progress) => told.push(progress) },
    );
    await started(campaign);
    await elapse(5_000);

    const { estimatedEnd, ...progress } = campaign.progress;
    expect(progress).toEqual({
      state: "running",
      total: 100,
      accepted: 49,
      rejected: 1,
      unknown: 0,
      suppressed: 0,
      pending: 50,
      providers: Object.assign(Object.create(null), { a: 49 }),
      rate: expect.closeTo(10, 0),
    });
    expect(Math.abs((estimatedEnd?.getTime() ?? 0) - Date.now() - 5_000)).toBeLessThan(200);
    await elapse(6_000);
    expect(campaign.progress).toMatchObject({ state: "finished", pending: 0, accepted: 99, rejected: 1 });
    expect(campaign.progress).not.toHaveProperty("estimatedEnd");
    expect(told.map(({ pending }) => pending).slice(0, 10)).toEqual([90, 80, 70, 60, 50, 40, 30, 20, 10, 0]);
  });

  test("knows no total of a source that does not tell, until that was read", async () => {
    const { mailer } = slowly();
    const source = watched(100, 30);
    const campaign = mailer.sendBulk({ message: newsletter, recipients: source });
    await started(campaign);
    await elapse(500);
    expect(campaign.progress).not.toHaveProperty("total");
    expect(campaign.progress.pending).toBe(30);
    source.goOn();
    await elapse(500);
    expect(campaign.progress.total).toBe(100);
    campaign.cancel();
    await elapse(10_000);
    expect(campaign.progress.total).toBe(100);
  });

  test("of a campaign that was cancelled has the total that its input has", async () => {
    const { mailer } = slowly();
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(50_000) });
    await started(campaign);
    campaign.cancel();
    await elapse(10_000);
    expect(campaign.progress.total).toBe(50_000);
  });

  test("does not boast of a rate after a millisecond", async () => {
    const { mailer } = slowly(0);
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(20) });
    await started(campaign);
    expect(campaign.progress.rate).toBeLessThanOrEqual(20);
  });

  test("is told at the end also where the last recipients were refused", async () => {
    const { mailer } = slowly(0);
    const told: CampaignProgress<"a">[] = [];
    const list = [...recipients(3), { to: "nobody" }];
    await started(
      mailer.sendBulk({ message: newsletter, recipients: list }, { onProgress: (progress) => told.push(progress) }),
    );
    expect(told.at(-1)).toMatchObject({ state: "finished", accepted: 3, rejected: 1, pending: 0 });
  });

  test("that a listener throws at changes nothing", async () => {
    const { mailer } = slowly(0);
    const seen = await started(
      mailer.sendBulk(
        { message: newsletter, recipients: recipients(30) },
        {
          onProgress: () => {
            throw new Error("ada@example.org");
          },
        },
      ),
    );
    expect(places(seen.results)).toEqual(upTo(30));
  });
});

describe("Events of a campaign", () => {
  test("tell of each mail and each attempt, and hold no address", async () => {
    const [a, b] = [memoryProvider({ name: "a", batch: 10 }), memoryProvider({ name: "b", batch: 10 })];
    a.scriptBatches({ reason: "unavailable", detail: "reader-3@example.org is too much for Reader 3" });
    a.script(({ to }) =>
      to[0]?.address === "reader-15@example.org"
        ? { reason: "rejected", detail: "no reader-15@example.org" }
        : "accepted",
    );
    const mailer = createMailer({ providers: [a, b] });
    const names = ["accepted", "failed", "attempt", "failover", "campaign:paused", "campaign:resumed"] as const;
    const told: { readonly name: string; readonly event: { readonly id?: unknown } }[] = [];
    for (const name of names) mailer.on(name, (event) => told.push({ name, event }));

    const campaign = mailer.sendBulk(
      { message: newsletter, recipients: recipients(20) },
      { spill: "all", id: "spring", concurrency: 1 },
    );
    const seen = await started(campaign);
    campaign.pause();

    const ids = (name: string) => told.flatMap((each) => (each.name === name ? [each.event.id] : []));
    expect(seen.results).toHaveLength(20);
    expect(ids("accepted")).toHaveLength(19);
    expect(new Set(ids("accepted")).size).toBe(19);
    expect(ids("failed")).toEqual(["spring-15"]);
    expect(told.filter(({ name }) => name === "failover").map(({ event }) => event)).toMatchObject([
      { from: "a", to: "b", failure: { reason: "unavailable" } },
    ]);
    expect(told.filter(({ name }) => name === "attempt").map(({ event }) => event)).toMatchObject([
      { attempt: { provider: "a", outcome: "not-sent", round: 1 }, recipients: 10 },
      { attempt: { provider: "b", outcome: "accepted", round: 1 }, recipients: 10 },
      { attempt: { provider: "a", outcome: "accepted", round: 1 }, recipients: 10 },
    ]);
    expect(JSON.stringify(told)).not.toMatch(/@|Reader/);
  });

  test("count the tries at a provider", async () => {
    const provider = memoryProvider({ name: "a", batch: 10, batchScript: ["unavailable", "unavailable"] });
    const mailer = createMailer({ providers: [provider] });
    const rounds: number[] = [];
    mailer.on("attempt", ({ attempt }) => rounds.push(attempt.round));
    const seen = collect(mailer.sendBulk({ message: newsletter, recipients: recipients(10) }));
    await elapse(10_000);
    expect(rounds).toEqual([1, 2, 3]);
    expect(seen.results[0]).toMatchObject({ receipt: { attempts: [{ round: 1 }, { round: 2 }, { round: 3 }] } });
  });
});
