import { beforeEach, describe, expect, it, vi } from "vitest";
import { type BreakerOptions, createMailer } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import {
  accepted,
  changesOf,
  failing,
  fakeTime,
  healthOf,
  pass,
  primaryAndStandby,
  recovering,
  resultOf,
  scripted,
  send,
  sendMany,
  stateOf,
  times,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

describe("healthy → degraded: the failure rate is at degradedRate or above, with minimumAttempts in the window", () => {
  it.each([
    ["1 of 5, just at 0.2", [...accepted(4), ...failing(1)], "degraded"],
    ["1 of 6, just below 0.2", [...accepted(5), ...failing(1)], "healthy"],
    ["2 of 9, just above 0.2", [...accepted(7), ...failing(2)], "degraded"],
    ["1 of 4, too few attempts to tell", [...failing(1), ...accepted(3)], "healthy"],
    ["1 of 5, the fifth of which was accepted", [...failing(1), ...accepted(4)], "degraded"],
  ] as const)("%s", async (_, script, expected) => {
    const { mailer } = await scripted(script);

    expect(stateOf(mailer, "primary")).toBe(expected);
  });

  it("degradedRate and minimumAttempts are what the options say", async () => {
    const options = { degradedRate: 0.4, minimumAttempts: 10 };
    const below = await scripted([...accepted(7), ...failing(3)], options);
    const at = await scripted([...accepted(6), ...failing(4)], options);
    const tooFew = await scripted([...accepted(5), ...failing(4)], options);

    expect(stateOf(below.mailer, "primary")).toBe("healthy");
    expect(stateOf(at.mailer, "primary")).toBe("degraded");
    expect(stateOf(tooFew.mailer, "primary")).toBe("healthy");
  });

  it("tells why", async () => {
    const { mailer } = primaryAndStandby(failing(1));
    const changes = changesOf(mailer);

    await sendMany(mailer, 5);

    expect(changes).toEqual(["healthy → degraded (failure-rate)"]);
  });
});

describe("healthy → degraded: the slow rate is at slowRate or above, with minimumAttempts in the window", () => {
  /** All at the same time, so that all are in the window. */
  async function afterSlow(durations: readonly number[], breaker: BreakerOptions = {}) {
    const script = durations.map((duration) => ({ accepted: true, after: duration }) as const);
    const { mailer, primary } = primaryAndStandby(script, breaker);
    const changes = changesOf(mailer);
    const sending = durations.map(() => send(mailer));
    await pass(Math.max(...durations));
    const endings = await Promise.all(sending);
    expect(endings.map(resultOf)).toEqual(durations.map(() => "primary"));
    return { mailer, primary, changes };
  }

  it.each([
    ["3 of 6, just at 0.5", [1, 1, 1, 5_001, 5_001, 5_001], "degraded"],
    ["3 of 7, just below 0.5", [1, 1, 1, 1, 5_001, 5_001, 5_001], "healthy"],
    ["4 of 7, just above 0.5", [1, 1, 1, 5_001, 5_001, 5_001, 5_001], "degraded"],
    ["4 of 4, too few attempts to tell", [5_001, 5_001, 5_001, 5_001], "healthy"],
    ["5 of 5 at slowAttempt, which is not slower than it", [5_000, 5_000, 5_000, 5_000, 5_000], "healthy"],
  ] as const)("%s", async (_, durations, expected) => {
    const { mailer } = await afterSlow(durations);

    expect(stateOf(mailer, "primary")).toBe(expected);
  });

  it("slowRate and slowAttempt are what the options say", async () => {
    const options = { slowRate: 0.2, slowAttempt: 100 };
    const below = await afterSlow([100, 100, 100, 100, 100, 101], options);
    const at = await afterSlow([100, 100, 100, 100, 101], options);

    expect(stateOf(below.mailer, "primary")).toBe("healthy");
    expect(stateOf(at.mailer, "primary")).toBe("degraded");
    expect(at.changes).toEqual(["healthy → degraded (slow-rate)"]);
  });
});

describe("healthy → degraded: 10 messages in a row are called invalid", () => {
  async function afterAnswers(script: readonly Outcome[]) {
    const only = memoryProvider({ name: "only", script });
    const mailer = createMailer({ providers: [only], retry: { maxRounds: 1 } });
    const changes = changesOf(mailer);
    await sendMany(mailer, script.length);
    return { mailer, changes };
  }

  it("9 in a row change nothing, since each is neutral", async () => {
    const { mailer, changes } = await afterAnswers(times(9, "invalid"));

    expect(changes).toEqual([]);
    expect(healthOf(mailer, "only")).toMatchObject({ state: "healthy", failureRate: 0 });
  });

  it("the 10th degrades", async () => {
    const { changes } = await afterAnswers(times(10, "invalid"));

    expect(changes).toEqual(["healthy → degraded (invalid-in-a-row)"]);
  });

  it.each<Outcome>(["accepted", "rejected", "too-large"])(
    "an answer of another kind (%s) ends the row",
    async (other) => {
      const { changes } = await afterAnswers([...times(9, "invalid"), other, ...times(9, "invalid")]);

      expect(changes).toEqual([]);
    },
  );
});

describe("degraded → healthy after a row of messages called invalid", () => {
  it("comes one window after the last of them, also where no further mail goes there", async () => {
    const only = memoryProvider({ name: "only", script: times(11, "invalid") });
    const mailer = createMailer({ providers: [only], retry: { maxRounds: 1 } });
    await sendMany(mailer, 10);
    await pass(20_000);
    await sendMany(mailer, 1);
    await pass(29_999);
    expect(stateOf(mailer, "only")).toBe("degraded");
    await pass(1);

    expect(stateOf(mailer, "only")).toBe("healthy");
  });

  it("begins a new row", async () => {
    const only = memoryProvider({ name: "only", script: times(20, "invalid") });
    const mailer = createMailer({ providers: [only], retry: { maxRounds: 1 } });
    await sendMany(mailer, 10);
    await pass(30_000);
    await sendMany(mailer, 9);
    expect(stateOf(mailer, "only")).toBe("healthy");
    await sendMany(mailer, 1);

    expect(stateOf(mailer, "only")).toBe("degraded");
  });
});

describe("recovering → degraded, as from healthy", () => {
  it("degrades by the failure rate at degradedRate, counted from the recovery on", async () => {
    const { mailer, primary } = await recovering();
    const changes = changesOf(mailer);
    primary.script(...accepted(4), "unavailable");

    await sendMany(mailer, 4);
    expect(changes).toEqual([]);
    await send(mailer);

    expect(changes).toEqual(["recovering → degraded (failure-rate)"]);
  });

  it("degrades by 10 invalid in a row", async () => {
    const { mailer, primary } = await recovering();
    const changes = changesOf(mailer, "primary");
    primary.script(...times(10, "invalid"));

    await sendMany(mailer, 10);

    expect(changes).toEqual(["recovering → degraded (invalid-in-a-row)"]);
  });
});
