import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Reason } from "../../src/index.ts";
import {
  accepted,
  changesOf,
  degraded,
  down,
  failing,
  fakeTime,
  freeze,
  healthOf,
  pass,
  primaryAndStandby,
  recovering,
  resultOf,
  scripted,
  send,
  sendMany,
  stateOf,
  triesOf,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

describe("any but down → down: the failure rate is above failureRate, with minimumAttempts", () => {
  const byRateOnly = { consecutiveFailures: 1_000 };

  it.each([
    ["3 of 6, just at 0.5: strictly above is asked for", [...accepted(3), ...failing(3)], "degraded"],
    ["4 of 7, just above 0.5", [...accepted(3), ...failing(4)], "down"],
    ["2 of 5, just below 0.5", [...accepted(3), ...failing(2)], "degraded"],
    ["4 of 4, too few attempts to tell", failing(4), "healthy"],
    ["5 of 5", failing(5), "down"],
  ] as const)("%s", async (_, script, expected) => {
    const { mailer } = await scripted(script, byRateOnly);

    expect(stateOf(mailer, "primary")).toBe(expected);
  });

  it("failureRate and minimumAttempts are what the options say", async () => {
    const options = { ...byRateOnly, failureRate: 0.25, minimumAttempts: 8 };
    const at = await scripted([...accepted(6), ...failing(2)], options);
    const above = await scripted([...accepted(5), ...failing(3)], options);
    const tooFew = await scripted([...accepted(4), ...failing(3)], options);

    expect(stateOf(at.mailer, "primary")).toBe("degraded");
    expect(stateOf(above.mailer, "primary")).toBe("down");
    expect(stateOf(tooFew.mailer, "primary")).toBe("healthy");
  });

  it("a failureRate of 1 never opens, since no rate is above it", async () => {
    const { mailer } = await scripted(failing(50), { ...byRateOnly, failureRate: 1 });

    expect(stateOf(mailer, "primary")).toBe("degraded");
  });

  it("goes down from recovering too, by what was counted since", async () => {
    const { mailer, primary } = await recovering(byRateOnly);
    primary.script(...failing(5));
    const changes = changesOf(mailer);

    await sendMany(mailer, 4);
    expect(changes).toEqual([]);
    await send(mailer);

    expect(changes).toEqual(["recovering → down (failure-rate)"]);
  });

  it("goes down from degraded too", async () => {
    const { mailer, primary } = await degraded(byRateOnly);
    primary.script(...failing(5));
    const changes = changesOf(mailer);

    // 5 of 9
    await sendMany(mailer, 4);

    expect(changes).toEqual(["degraded → down (failure-rate)"]);
  });
});

describe("any but down → down: consecutiveFailures in a row, whatever the rate", () => {
  const byRowOnly = { minimumAttempts: 1_000 };

  it("4 in a row change nothing", async () => {
    const { mailer } = await scripted(failing(4), byRowOnly);

    expect(stateOf(mailer, "primary")).toBe("healthy");
  });

  it("the 5th in a row opens", async () => {
    const { mailer } = primaryAndStandby(failing(5), byRowOnly);
    const changes = changesOf(mailer);

    await sendMany(mailer, 5);

    expect(changes).toEqual(["healthy → down (consecutive-failures)"]);
  });

  it("an acceptance ends the row", async () => {
    const { mailer } = await scripted([...failing(4), ...accepted(1), ...failing(4)], byRowOnly);

    expect(stateOf(mailer, "primary")).toBe("healthy");
  });

  it("consecutiveFailures is what the options say", async () => {
    const { mailer } = await scripted(failing(2), { ...byRowOnly, consecutiveFailures: 2 });

    expect(stateOf(mailer, "primary")).toBe("down");
  });

  it("goes down from degraded and from recovering too", async () => {
    const options = { failureRate: 1, consecutiveFailures: 3 };
    for (const { mailer, primary } of [await degraded(options), await recovering(options)]) {
      primary.script(...failing(3));
      await sendMany(mailer, 2);
      expect(stateOf(mailer, "primary")).not.toBe("down");

      await send(mailer);

      expect(stateOf(mailer, "primary")).toBe("down");
    }
  });
});

describe("any but down → down: an account reason, at once", () => {
  const reasons = ["authentication", "suspended", "sender", "quota"] as const satisfies Reason[];

  it.each(reasons)("healthy → down by %s", async (reason) => {
    const { mailer } = primaryAndStandby([reason]);
    const changes = changesOf(mailer);

    const ending = await send(mailer);

    expect(changes).toEqual([`healthy → down (${reason})`]);
    expect(resultOf(ending)).toBe("standby");
  });

  it.each(reasons)("degraded → down by %s", async (reason) => {
    const { mailer, primary } = await degraded();
    const changes = changesOf(mailer);
    primary.script(reason);

    await send(mailer);

    expect(changes).toEqual([`degraded → down (${reason})`]);
  });

  it.each(reasons)("recovering → down by %s", async (reason) => {
    const { mailer, primary } = await recovering();
    const changes = changesOf(mailer);
    primary.script(reason);

    await send(mailer);

    expect(changes).toEqual([`recovering → down (${reason})`]);
  });

  it.each(reasons)("probing → down by %s", async (reason) => {
    const { mailer, primary } = await down();
    await pass(15_000);
    primary.script(reason);

    await send(mailer);

    expect(stateOf(mailer, "primary")).toBe("down");
    expect(healthOf(mailer, "primary").lastFailure?.reason).toBe(reason);
  });
});

describe("down → probing: openFor has passed, by the clock and not by timer ticks", () => {
  it("is passed over until then", async () => {
    const { mailer, primary } = await down();
    const before = primary.attempts;

    await pass(14_999);
    const ending = await send(mailer);

    expect(triesOf(ending)).toEqual(["standby accepted"]);
    expect(primary.attempts).toBe(before);
    expect(stateOf(mailer, "primary")).toBe("down");
  });

  it("the first message at that moment is the probe", async () => {
    const { mailer } = await down();
    const changes = changesOf(mailer);
    await pass(15_000);

    const ending = await send(mailer);

    expect(triesOf(ending)).toEqual(["primary accepted"]);
    expect(changes[0]).toBe("down → probing (open-period-passed)");
  });

  it("openFor is what the options say", async () => {
    const { mailer } = await down({ openFor: 100 });

    await pass(99);
    expect(resultOf(await send(mailer))).toBe("standby");
    await pass(1);
    expect(resultOf(await send(mailer))).toBe("primary");
  });

  it("no timer needs to run: a process that was frozen meanwhile probes when it goes on", async () => {
    const { mailer } = await down();

    freeze(15_000);

    expect(resultOf(await send(mailer))).toBe("primary");
  });
});
