import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, failure, type Mailer, ProviderError } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import {
  fakeTime,
  heldProbeDue,
  heldProvider,
  pass,
  probeDue,
  resultOf,
  send,
  settled,
  standby,
  stateOf,
  suspended,
  triesOf,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

/** Its only provider is down, and the open period ends at this moment. */
async function heldProbeDueAlone() {
  const only = heldProvider("only");
  const mailer = createMailer({ providers: [only], retry: { maxRounds: 1 } });
  const first = send(mailer);
  await settled();
  only.held[0]?.end(suspended);
  await first;
  await pass(15_000);
  return { mailer, only };
}

function hundredSends<N extends string>(mailer: Mailer<N>) {
  return Array.from({ length: 100 }, () => send(mailer));
}

describe("one probe at a time, with real mail", () => {
  it("of 100 concurrent sends at the end of the open period exactly one goes to the probing provider", async () => {
    const { mailer, primary } = await heldProbeDue();

    const sending = hundredSends(mailer);
    await settled();

    expect(primary.held).toHaveLength(2);
    expect(stateOf(mailer, "primary")).toBe("probing");
    primary.held[1]?.end("accepted");
    const results = (await Promise.all(sending)).map(resultOf);
    expect(results.filter((name) => name === "primary")).toHaveLength(1);
    expect(results.filter((name) => name === "standby")).toHaveLength(99);
    expect(primary.held).toHaveLength(2);
    expect(stateOf(mailer, "primary")).toBe("recovering");
  });

  it("where there is no other provider, the 99 others await its verdict and are sent after an acceptance", async () => {
    const { mailer, only } = await heldProbeDueAlone();

    const sending = hundredSends(mailer);
    await pass(4_000);
    expect(only.held).toHaveLength(2);
    only.held[1]?.end("accepted");
    await settled();

    expect(only.held).toHaveLength(101);
    for (const { end } of only.held.slice(2)) end("accepted");
    expect((await Promise.all(sending)).map(resultOf)).toEqual(Array.from({ length: 100 }, () => "only"));
  });

  it("where there is no other provider and the probe fails, the 99 others end at once as unavailable, untried", async () => {
    const { mailer, only } = await heldProbeDueAlone();

    const sending = hundredSends(mailer);
    await settled();
    only.held[1]?.end(new ProviderError(failure("unavailable")));
    const endings = await Promise.all(sending);

    expect(only.held).toHaveLength(2);
    expect(endings.map(resultOf)).toEqual(Array.from({ length: 100 }, () => "unavailable"));
    expect(endings.filter((ending) => triesOf(ending).length === 0)).toHaveLength(99);
    const retryAt = new Set(endings.map((ending) => (ending.ok ? undefined : ending.error.retryAt?.getTime())));
    expect([...retryAt]).toEqual([Date.now() + 30_000]);
  });

  it("a message that comes while the probe is under way passes the provider over", async () => {
    const { mailer, primary } = await heldProbeDue();
    const probing = send(mailer);
    await pass(2_000);

    expect(triesOf(await send(mailer))).toEqual(["standby accepted"]);

    primary.held[1]?.end("accepted");
    expect(triesOf(await probing)).toEqual(["primary accepted"]);
  });

  it("the probe of one group's member does not keep its equals from their share", async () => {
    const ill = heldProvider("ill");
    const well = memoryProvider({ name: "well" });
    const mailer = createMailer({ providers: [[ill, well]], retry: { maxRounds: 1 } });
    const first = [send(mailer), send(mailer)];
    await settled();
    ill.held[0]?.end(suspended);
    await Promise.all(first);
    await pass(15_000);

    const sending = hundredSends(mailer);
    await settled();

    expect(ill.held).toHaveLength(2);
    ill.held[1]?.end("accepted");
    await Promise.all(sending);
    expect(well.inbox).toHaveLength(2 + 99);
  });
});

describe("the probe's time limit is min(timeout, slowAttempt)", () => {
  it.each([
    { timeout: 10_000, slowAttempt: 5_000, limit: 5_000 },
    { timeout: 3_000, slowAttempt: 5_000, limit: 3_000 },
    { timeout: 10_000, slowAttempt: 700, limit: 700 },
  ])("$limit ms where timeout is $timeout and slowAttempt $slowAttempt", async ({ timeout, slowAttempt, limit }) => {
    const limits: number[] = [];
    const primary = memoryProvider({
      name: "primary",
      script: (_, attempt) => {
        limits.push(attempt.timeout);
        return limits.length === 1 ? "suspended" : "hang";
      },
    });
    const mailer = createMailer({ providers: [primary, standby()], timeout, breaker: { slowAttempt } });
    await send(mailer);
    await pass(15_000);

    const sending = send(mailer);
    await pass(limit - 1);
    expect(stateOf(mailer, "primary")).toBe("probing");
    await pass(1);

    expect(limits).toEqual([timeout, limit]);
    expect(stateOf(mailer, "primary")).toBe("down");
    expect(triesOf(await sending)).toEqual(["primary timeout", "standby accepted"]);
  });

  it("a probe that an adapter never answers and cannot be aborted ends then too", async () => {
    const { mailer } = await heldProbeDue();

    const sending = send(mailer);
    await pass(5_001);

    expect(stateOf(mailer, "primary")).toBe("down");
    expect(triesOf(await sending)).toEqual(["primary timeout", "standby accepted"]);
  });

  it("an ordinary attempt after the recovery has the whole timeout again", async () => {
    const { mailer, primary } = await probeDue();
    await send(mailer);
    primary.script({ accepted: true, after: 9_000 });

    const sending = send(mailer);
    await pass(9_000);

    expect(triesOf(await sending)).toEqual(["primary accepted"]);
  });
});

describe("a message-scoped answer to a probe proves that the provider works", () => {
  it("rejected: the provider recovers, and the message ends as rejected", async () => {
    const { mailer, primary } = await probeDue();
    primary.script("rejected");

    expect(resultOf(await send(mailer))).toBe("rejected");
    expect(stateOf(mailer, "primary")).toBe("recovering");
  });

  it.each<Outcome>(["too-large", "unsupported", "not-found", "invalid"])(
    "%s: the provider recovers, and the message goes on to the next provider",
    async (outcome) => {
      const { mailer, primary } = await probeDue();
      primary.script(outcome);

      expect(resultOf(await send(mailer))).toBe("standby");
      expect(stateOf(mailer, "primary")).toBe("recovering");
    },
  );
});
