import { describe, expect, test, vi } from "vitest";
import { createMailer, type Suppress } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, silenceWarnings, useFakeTime } from "../mailer/support.ts";
import {
  campaignEvents,
  eachHasOne,
  mailsByAddress,
  newsletter,
  outcomes,
  places,
  recipients,
  started,
  upTo,
} from "./support.ts";

useFakeTime();
silenceWarnings();

const suppressed = new Set(["reader-3@example.org", "reader-7@example.org"]);

function asking(suppress: Suppress) {
  const provider = memoryProvider({ name: "a", batch: 50 });
  const mailer = createMailer({ providers: [provider], suppress });
  return { provider, mailer, told: campaignEvents(mailer) };
}

function expectOthersOnly(provider: ReturnType<typeof asking>["provider"], count: number): void {
  const mails = mailsByAddress(provider);
  expect(mails.size).toBe(count - 2);
  expect(provider.inbox).toHaveLength(count - 2);
  for (const address of suppressed) expect(mails.has(address)).toBe(false);
}

describe("Who is suppressed gets no mail of a campaign,", () => {
  test.each<[string, Suppress]>([
    ["at once", (address) => suppressed.has(address)],
    [
      "late",
      async (address) => {
        await new Promise((resolve) => setTimeout(resolve, 700));
        return suppressed.has(address);
      },
    ],
  ])("where that is known %s", async (_, suppress) => {
    const { provider, mailer, told } = asking(suppress);
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(500) });
    const seen = await started(campaign);
    await elapse(30_000);

    expect(places(seen.results)).toEqual(upTo(500));
    expect(outcomes(seen.results)).toEqual({ accepted: 498, "not-sent": 2 });
    expect(seen.results.find(({ index }) => index === 3)).toMatchObject({ error: { kind: "suppressed", sent: "no" } });
    expect(campaign.progress).toMatchObject({ suppressed: 2, rejected: 0, accepted: 498 });
    expectOthersOnly(provider, 500);
    expect(told).toEqual([]);
  });

  test("no more than a hundred are asked about at a time", async () => {
    let asked = 0;
    let most = 0;
    const { mailer } = asking(async () => {
      asked += 1;
      most = Math.max(most, asked);
      await new Promise((resolve) => setTimeout(resolve, 50));
      asked -= 1;
      return false;
    });
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(1_000) }));
    await elapse(10_000);
    expect(seen.results).toHaveLength(1_000);
    expect(most).toBeLessThanOrEqual(100);
  });
});

describe("Where suppress fails", () => {
  test.each([
    [
      "throws",
      () => {
        throw new Error("no database");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no database"))],
    ["answers what is no boolean", () => "no"],
  ] as [string, () => never][])("as it %s, the campaign waits, and then loses nobody", async (_, fail) => {
    let works = false;
    const { provider, mailer, told } = asking((address) => (works ? suppressed.has(address) : fail()));
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(300) });
    const seen = await started(campaign);
    await elapse(600_000);
    expect(seen.results).toEqual([]);
    expect(provider.attempts).toBe(0);
    expect(told).toEqual(["paused suppress"]);
    expect(campaign.progress.state).toBe("waiting");

    works = true;
    await elapse(70_000);
    expect(told).toEqual(["paused suppress", "resumed"]);
    expect(outcomes(seen.results)).toEqual({ accepted: 298, "not-sent": 2 });
    expectOthersOnly(provider, 300);
  });

  test("now and then, nobody is lost or mailed twice", async () => {
    let calls = 0;
    const { provider, mailer } = asking(async (address) => {
      calls += 1;
      if (calls % 7 === 0) throw new Error("busy");
      return suppressed.has(address);
    });
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(300) }));
    await elapse(600_000);
    expect(places(seen.results)).toEqual(upTo(300));
    expectOthersOnly(provider, 300);
  });

  test("for one address always, that one is not sent to, in the end, and the campaign ends", async () => {
    const { provider, mailer } = asking((address) => {
      if (address === "reader-5@example.org") throw new Error("bad address");
      return false;
    });
    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(30) }));
    await elapse(3_600_000);
    expect(seen.done).toBe(true);
    expect(outcomes(seen.results)).toEqual({ accepted: 29, "not-sent": 1 });
    expect(seen.results.find(({ index }) => index === 5)).toMatchObject({ error: { kind: "unavailable", sent: "no" } });
    expect(mailsByAddress(provider).has("reader-5@example.org")).toBe(false);
  });

  test("or never answers, the campaign can be cancelled", async () => {
    const { mailer } = asking(() => new Promise(() => {}));
    const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(30) });
    const seen = await started(campaign);
    campaign.cancel();
    await elapse();
    expect(seen.done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("Nobody is asked about twice for a campaign, whichever provider takes the mail in the end", async () => {
  const asked: string[] = [];
  const a = memoryProvider({ name: "a", batch: 10, batchScript: () => "unavailable" });
  const b = memoryProvider({ name: "b", batch: 10 });
  const suppress: Suppress = (address) => {
    asked.push(address);
    return false;
  };
  const mailer = createMailer({ providers: [a, b], suppress });
  await started(mailer.sendBulk({ message: newsletter, recipients: recipients(50) }, { spill: "all" }));
  await elapse(10_000);
  expect(eachHasOne(50, b)).toBe(true);
  expect(asked).toHaveLength(50);
});
