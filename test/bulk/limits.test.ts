import { describe, expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { type MemoryProvider, memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, letter, silenceWarnings, useFakeTime } from "../mailer/support.ts";
import { collect, eachHasOne, MemoryCheckpoint, newsletter, outcomes, recipients, started } from "./support.ts";

useFakeTime();
silenceWarnings();

/** The most mails that any second holds. */
function mostInASecond({ inbox }: MemoryProvider): number {
  const times = inbox.map(({ at }) => at.getTime());
  return Math.max(...times.map((start) => times.filter((time) => time >= start && time < start + 1_000).length));
}

describe("A rate", () => {
  const rate = { limit: 14, interval: 1_000 };

  test("is of recipients, and is never exceeded", async () => {
    const provider = memoryProvider({ name: "a", batch: 50 });
    const mailer = createMailer({ providers: [{ provider, rate }] });

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(200) }));
    await elapse(20_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 200 });
    expect(mostInASecond(provider)).toBe(14);
    expect(provider.attempts).toBe(Math.ceil(200 / 14));
  });

  test("is not exceeded by mails whose checkpoint took long to write", async () => {
    const provider = memoryProvider({ name: "a", batch: 50 });
    const mailer = createMailer({ providers: [{ provider, rate }] });
    const checkpoint = new MemoryCheckpoint();
    let saves = 0;
    const slow = {
      load: () => checkpoint.load(),
      async save() {
        saves += 1;
        // The first batch waits for its turn so long that its permits are nearly back when it goes.
        if (saves % 4 === 1) await new Promise((resolve) => setTimeout(resolve, 950));
      },
    };

    const seen = await started(
      mailer.sendBulk({ message: newsletter, recipients: recipients(200) }, { checkpoint: slow, concurrency: 1 }),
    );
    await elapse(120_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 200 });
    expect(mostInASecond(provider)).toBeLessThanOrEqual(14);
  });

  test("is left to single sends that wait for it", async () => {
    const provider = memoryProvider({ name: "a", batch: 50 });
    const mailer = createMailer({ providers: [{ provider, rate }] });
    await started(mailer.sendBulk({ message: newsletter, recipients: recipients(500) }));

    const sending = Array.from({ length: 20 }, () => mailer.send({ ...letter, to: "single@example.org" }));
    await elapse(1_010);
    const singles = provider.inbox.filter(({ message }) => message.to[0]?.address === "single@example.org");
    expect(singles).toHaveLength(14);
    await elapse(1_000);

    await Promise.all(sending);
    expect(mostInASecond(provider)).toBeLessThanOrEqual(14);
  });

  test("is not used up by what was not sent after all", async () => {
    const provider = memoryProvider({ name: "a", batch: 50 });
    const mailer = createMailer({ providers: [{ provider, rate: { limit: 50, interval: 3_600_000 } }] });
    let written: (() => void) | undefined;
    const slow = {
      load: async () => undefined,
      save: () => new Promise<void>((resolve) => (written = resolve)),
    };
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(50) }, { checkpoint: slow });
    collect(campaign);
    await elapse();
    campaign.cancel();
    written?.();
    await elapse();

    const sending = Array.from({ length: 50 }, () => mailer.send(letter));
    await elapse();
    await Promise.all(sending);

    expect(provider.inbox).toHaveLength(50);
  });
});

describe("A limit of requests under way", () => {
  test.each([
    ["of the provider", { route: { concurrency: 2 }, options: { concurrency: 10 } }],
    ["of the campaign", { route: {}, options: { concurrency: 2 } }],
  ])("%s is kept", async (_, { route, options }) => {
    const provider = memoryProvider({ name: "a", batch: 10 });
    let underWay = 0;
    let most = 0;
    provider.scriptBatches(() => {
      underWay += 1;
      most = Math.max(most, underWay);
      setTimeout(() => (underWay -= 1), 100);
      return { accepted: true, after: 100 };
    });
    const mailer = createMailer({ providers: [{ provider, ...route }] });

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(200) }, options));
    await elapse(10_000);

    expect(outcomes(seen.results)).toEqual({ accepted: 200 });
    expect(most).toBe(2);
  });

  test("lets single sends go first", async () => {
    const provider = memoryProvider({ name: "a", batch: 10, latency: 100 });
    const mailer = createMailer({ providers: [{ provider, concurrency: 1 }] });
    await started(mailer.sendBulk({ message: newsletter, recipients: recipients(100) }));

    void mailer.send({ ...letter, to: "single@example.org" });
    await elapse(200);

    expect(provider.inbox.findIndex(({ message }) => message.to[0]?.address === "single@example.org")).toBe(10);
  });

  test("is shared by two campaigns, and both end", async () => {
    const provider = memoryProvider({ name: "a", batch: 10, latency: 100 });
    const mailer = createMailer({ providers: [{ provider, concurrency: 1 }] });
    const first = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(100) }));
    const second = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(100) }));
    await elapse(10_000);

    expect([first.done, second.done]).toEqual([true, true]);
    expect(provider.inbox).toHaveLength(200);
  });

  test("does not hold up other mails while a checkpoint is written", async () => {
    const provider = memoryProvider({ name: "a", batch: 10 });
    const mailer = createMailer({ providers: [{ provider, concurrency: 1 }] });
    let saves = 0;
    const stuck = {
      load: async () => undefined,
      // The write after the first batch never ends.
      save: () => new Promise<void>((resolve) => (saves++ === 0 ? resolve() : undefined)),
    };
    await started(
      mailer.sendBulk({ message: newsletter, recipients: recipients(100) }, { checkpoint: stuck, concurrency: 1 }),
    );

    void mailer.send({ ...letter, to: "single@example.org" });
    await elapse(100);

    expect(provider.inbox.some(({ message }) => message.to[0]?.address === "single@example.org")).toBe(true);
  });
});

test("A mailer without room for one more that waits still ends its campaigns", async () => {
  const provider = memoryProvider({ name: "a", batch: 10, latency: 100 });
  const mailer = createMailer({ providers: [{ provider, concurrency: 1 }], queue: { limit: 0 } });

  const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(100) }));
  await elapse(30_000);

  expect(outcomes(seen.results)).toEqual({ accepted: 100 });
  expect(eachHasOne(100, provider)).toBe(true);
});
