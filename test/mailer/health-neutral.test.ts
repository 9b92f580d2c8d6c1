import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import {
  changesOf,
  fakeTime,
  healthOf,
  pass,
  primaryAndStandby,
  send,
  sendMany,
  stateOf,
  times,
  triesOf,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

describe("outcomes that are neutral for health", () => {
  it.each<Outcome>([
    "rejected",
    "too-large",
    "unsupported",
    "not-found",
    "internal",
    { reason: "internal", sent: "no" },
    "aborted",
    { reason: "response-lost", reusedConnection: true },
  ])("%j, a hundred times, changes no state and counts in no rate", async (outcome) => {
    const { mailer } = primaryAndStandby(times(100, outcome));
    const changes = changesOf(mailer);

    await sendMany(mailer, 100);

    expect(changes).toEqual([]);
    expect(healthOf(mailer, "primary")).toMatchObject({ state: "healthy", failureRate: 0, slowRate: 0 });
  });

  it("a throttle is no failure", async () => {
    const { mailer, primary } = primaryAndStandby(times(20, "throttled"));
    for (let sent = 0; sent < 20; sent += 1) {
      await send(mailer);
      await pass(60_000);
    }

    expect(primary.attempts).toBe(20);
    expect(healthOf(mailer, "primary")).toMatchObject({ state: "healthy", failureRate: 0 });
  });

  it("a time-out under a deadline shorter than the route's timeout", async () => {
    const { mailer } = primaryAndStandby(times(20, "hang"));
    for (let sent = 0; sent < 20; sent += 1) {
      const sending = send(mailer, { deadline: 1_000 });
      await pass(1_000);
      await sending;
    }

    expect(healthOf(mailer, "primary")).toMatchObject({ state: "healthy", failureRate: 0 });
  });

  it("a time-out of the route's own timeout is a failure", async () => {
    const { mailer } = primaryAndStandby(times(5, "hang"));
    for (let sent = 0; sent < 5; sent += 1) {
      const sending = send(mailer);
      await pass(10_000);
      expect(triesOf(await sending)).toEqual(["primary timeout", "standby accepted"]);
    }

    expect(stateOf(mailer, "primary")).toBe("down");
  });
});

describe("a message counts at most one failure per provider", () => {
  it("however many rounds it takes", async () => {
    const only = memoryProvider({ name: "only", script: times(100, "unavailable") });
    const mailer = createMailer({ providers: [only], retry: { maxRounds: 3, minDelay: 10, maxDelay: 10 } });
    for (let sent = 0; sent < 4; sent += 1) {
      const sending = send(mailer);
      await pass(100);
      expect(triesOf(await sending)).toEqual(["only unavailable", "only unavailable", "only unavailable"]);
    }

    expect(stateOf(mailer, "only")).toBe("healthy");
    const fifth = send(mailer);
    await pass(100);
    await fifth;
    expect(stateOf(mailer, "only")).toBe("down");
  });
});
