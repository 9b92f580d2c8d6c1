import fc from "fast-check";
import { expect, test, vi } from "vitest";
import {
  type BulkOptions,
  type BulkRecipient,
  type BulkResult,
  type CampaignState,
  createMailer,
  type OnUnknown,
} from "../../src/index.ts";
import { type MemoryProvider, memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { elapse, silenceWarnings, useFakeTime } from "../mailer/support.ts";
import { collect, MemoryCheckpoint, newsletter, places, recipients, upTo } from "./support.ts";

useFakeTime();
silenceWarnings();

const refusals = ["rejected", "invalid", "too-large", "unsupported", "not-found"] as const;
const troubles = ["authentication", "quota", "unreachable", "unavailable"] as const;
const losses = ["response-lost", "timeout", "bad-response", "server-error"] as const;

/** How an attempt ends, with a latency: most are accepted. */
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ accepted: fc.constant(true as const), after: fc.integer({ min: 0, max: 900 }) }),
  },
  { weight: 2, arbitrary: fc.constantFrom(...refusals) },
  {
    weight: 2,
    arbitrary: fc.record({ reason: fc.constantFrom(...troubles), after: fc.integer({ min: 0, max: 900 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      reason: fc.constant("throttled" as const),
      retryAfter: fc.integer({ min: 0, max: 5_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ reason: fc.constantFrom(...losses), delivered: fc.boolean() }) },
);

/** Lets time pass until a campaign is done, or has done nothing for so long that it never will. */
async function ended(seen: { readonly done: boolean }): Promise<void> {
  for (let passed = 0; passed < 3_600_000 && !seen.done; passed += 10_000) await elapse(10_000);
}

interface Script {
  readonly batch: number | undefined;
  readonly batches: readonly Outcome[];
  readonly singles: readonly Outcome[];
}

const script: fc.Arbitrary<Script> = fc.record({
  batch: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  batches: fc.array(outcome, { maxLength: 40 }),
  singles: fc.array(outcome, { maxLength: 60 }),
});

const scene = fc.record({
  scripts: fc.tuple(script, script),
  count: fc.integer({ min: 1, max: 150 }),
  spill: fc.constantFrom("none" as const, "all" as const),
  onUnknown: fc.constantFrom<OnUnknown>("stop", "failover"),
  concurrency: fc.integer({ min: 1, max: 5 }),
  rate: fc.option(fc.record({ limit: fc.integer({ min: 1, max: 60 }), interval: fc.constant(1_000) }), {
    nil: undefined,
  }),
  saving: fc.integer({ min: 0, max: 300 }),
});

type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

function providersOf({ scripts }: Scene): readonly MemoryProvider<string>[] {
  return scripts.map(({ batch, batches, singles }, index) =>
    memoryProvider({ name: index === 0 ? "a" : "b", batch, batchScript: batches, script: singles }),
  );
}

function begun(
  { count, spill, onUnknown, concurrency, rate }: Scene,
  providers: readonly MemoryProvider<string>[],
  more: BulkOptions<string> = {},
) {
  const limits = rate === undefined ? {} : { rate };
  const mailer = createMailer({ providers: providers.map((provider) => ({ provider, ...limits })) });
  const options = { spill, onUnknown, concurrency, ...more };
  const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(count) }, options);
  return { mailer, campaign, seen: collect(campaign) };
}

/** What each recipient has, by place: at every provider together. */
function mailsByPlace(providers: readonly MemoryProvider<string>[]): number[] {
  const mails: number[] = [];
  for (const { inbox } of providers) {
    for (const { message } of inbox) {
      const place = Number(/\d+/.exec(message.to[0]?.address ?? "")?.[0]);
      mails[place] = (mails[place] ?? 0) + 1;
    }
  }
  return mails;
}

function expectTruth(
  results: readonly BulkResult<string, BulkRecipient>[],
  mails: readonly number[],
  onUnknown: OnUnknown,
): void {
  for (const result of results) {
    const count = mails[result.index] ?? 0;
    if (result.outcome === "not-sent") expect(count).toBe(0);
    if (result.outcome === "accepted") {
      expect(count).toBeGreaterThanOrEqual(1);
      if (result.receipt.duplicate === "no") expect(count).toBe(1);
    }
    expect(count).toBeLessThanOrEqual(onUnknown === "stop" ? 1 : 2);
  }
}

test("Each recipient is reported once and truthfully, whatever the providers do and whenever it is paused", async () => {
  await fc.assert(
    fc.asyncProperty(scene, fc.array(fc.integer({ min: 0, max: 4_000 }), { maxLength: 4 }), async (given, pauses) => {
      const providers = providersOf(given);
      const { campaign, seen, mailer } = begun(given, providers);
      for (const [index, time] of pauses.entries()) {
        await elapse(time);
        if (index % 2 === 0) campaign.pause();
        else campaign.resume();
      }
      await elapse(100);
      campaign.resume();
      await ended(seen);

      expect(seen).toMatchObject({ done: true, error: undefined });
      expect(places(seen.results)).toEqual(upTo(given.count));
      expectTruth(seen.results, mailsByPlace(providers), given.onUnknown);
      const { accepted, rejected, unknown, suppressed, pending } = campaign.progress;
      expect([accepted + rejected + unknown + suppressed, pending]).toEqual([given.count, 0]);
      void mailer.close();
      await elapse();
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test("Who is cancelled at any moment has settled what was in flight: who has a mail was told of", async () => {
  await fc.assert(
    fc.asyncProperty(scene, fc.integer({ min: 0, max: 20_000 }), async (given, time) => {
      const providers = providersOf(given);
      const { campaign, seen, mailer } = begun(given, providers);
      await elapse(time);
      campaign.cancel();
      await elapse(20_000);

      expect(seen).toMatchObject({ done: true, error: undefined });
      const mails = mailsByPlace(providers);
      expectTruth(seen.results, mails, given.onUnknown);
      const told = new Set(seen.results.map(({ index }) => index));
      expect(told.size).toBe(seen.results.length);
      for (const place of mails.keys()) if (mails[place]) expect(told.has(place)).toBe(true);
      void mailer.close();
      await elapse();
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('Killed at any save and started again, with "stop": one mail or reported unknown, and nobody has two', async () => {
  await fc.assert(
    fc.asyncProperty(scene, fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), async (given, deaths) => {
      const inboxes: MemoryProvider<string>[] = [];
      const told = new Map<number, string>();
      let state: CampaignState | undefined;
      const options: BulkOptions<string> = { onUnknown: "stop" };
      for (const death of deaths) {
        // A process that dies while it saves: from then on nothing that it does happens.
        const providers = providersOf(given);
        const checkpoint = new MemoryCheckpoint(state);
        const dieAt = 1 + (death % 25);
        let died = false;
        const dying = {
          load: () => checkpoint.load(),
          async save(next: CampaignState) {
            await new Promise((resolve) => setTimeout(resolve, given.saving));
            if (checkpoint.states.length + 1 === dieAt) died = true;
            if (died) return new Promise<void>(() => {});
            await checkpoint.save(next);
          },
        };
        const { seen } = begun(
          given,
          freezing(providers, () => died),
          { ...options, checkpoint: dying },
        );
        await elapse(3_600_000);
        for (const result of seen.results) told.set(result.index, result.outcome);
        inboxes.push(...providers);
        state = checkpoint.last;
      }
      const providers = providersOf(given);
      const last = begun(given, providers, { ...options, checkpoint: new MemoryCheckpoint(state) });
      await ended(last.seen);
      inboxes.push(...providers);

      expect(last.seen).toMatchObject({ done: true, error: undefined });
      const mails = mailsByPlace(inboxes);
      for (const place of upTo(given.count)) expect(mails[place] ?? 0).toBeLessThanOrEqual(1);
      for (const result of last.seen.results) {
        // What the dead told and could not save is told again, as unknown or by what became of it now.
        if (result.outcome === "not-sent") expect(mails[result.index] ?? 0).toBe(0);
        told.set(result.index, result.outcome);
      }
      for (const place of upTo(given.count)) {
        // Whom no process told of is settled by one that died between its save and its word.
        if (!told.has(place)) expect(state?.settled.some(([first, end]) => first <= place && place <= end)).toBe(true);
      }
      const { accepted, rejected, unknown } = last.campaign.progress;
      expect(accepted + rejected + unknown).toBe(given.count);
    }),
    { numRuns: 60 },
  );
});

/** Providers that are asked by nobody any more once a process is dead. */
function freezing(
  providers: readonly MemoryProvider<string>[],
  isDead: () => boolean,
): readonly MemoryProvider<string>[] {
  for (const provider of providers) {
    const { batch } = provider;
    const send = provider.send.bind(provider);
    provider.send = (...args) => (isDead() ? new Promise(() => {}) : send(...args));
    if (batch) {
      Object.assign(provider, {
        batch: {
          ...batch,
          send: (...args: Parameters<typeof batch.send>) => (isDead() ? new Promise(() => {}) : batch.send(...args)),
        },
      });
    }
  }
  return providers;
}
