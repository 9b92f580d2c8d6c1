import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, failure, type MailerEvents, ProviderError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { fakeTime, heldProvider, letter, pass, sendMany, settled, start } from "../mailer/health-support.ts";
import { begin, errorOf, healthOf } from "../mailer/support.ts";
import { marksOf, twoProviders } from "./support.ts";

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
});

function houseOfTwo() {
  const house = twoProviders({ retry: { maxRounds: 1 } });
  const marks = marksOf(house.mailer);
  return { ...house, marks, changes: () => marks.filter((name) => name.includes(":")) };
}

describe("A page is not suppressed by a drill that has no part in", () => {
  it("the end of a real outage in which a drill was held", async () => {
    const { primary, mailer, changes } = houseOfTwo();
    primary.script("authentication");
    await sendMany(mailer, 1);
    mailer.drill("primary", "unreachable", { for: 20_000 });
    await pass(15_000);
    await sendMany(mailer, 1);
    await pass(30_000);
    await sendMany(mailer, 1);
    await pass(30_000);
    mailer.health();

    expect(changes()).toEqual([
      "provider:down",
      "drill:started",
      "provider:probing",
      "provider:down (drill)",
      "drill:over",
      "provider:probing",
      "provider:recovering",
      "provider:recovered",
    ]);
  });

  it("a provider that is slow while it recovers from one", async () => {
    const { primary, mailer, marks, changes } = houseOfTwo();
    mailer.drill("primary", "unreachable", { for: 10_000 });
    await sendMany(mailer, 5);
    await pass(15_000);
    await sendMany(mailer, 1);
    marks.length = 0;
    primary.script(...Array.from({ length: 5 }, () => ({ accepted: true as const, after: 6_000 })));

    for (let mail = 0; mail < 5; mail += 1) void mailer.send(letter, { only: ["primary"] });
    await pass(6_001);

    expect(changes()).toEqual(["provider:degraded"]);
  });

  it("a throttle of a provider that is down because of one, nor the other way round", async () => {
    const { primary, mailer, marks, changes } = houseOfTwo();
    mailer.drill("primary", "authentication", { for: 10_000 });
    await sendMany(mailer, 1);
    await pass(15_000);
    primary.script({ reason: "throttled", retryAfter: 2_000 });
    marks.length = 0;

    await sendMany(mailer, 1);
    await pass(2_000);
    await sendMany(mailer, 1);

    expect(changes()).toEqual([
      "provider:probing (drill)",
      "provider:throttled",
      "provider:unthrottled",
      "provider:recovering (drill)",
    ]);
  });

  it("what is degraded in earnest, where it throttles in a drill", async () => {
    const { primary, mailer, marks, changes } = houseOfTwo();
    primary.script("unavailable", "accepted", "accepted", "accepted", "accepted");
    await sendMany(mailer, 5);
    const drill = mailer.drill("primary", "throttled", { for: 10_000, retryAfter: 1_000 });
    await sendMany(mailer, 1);
    drill[Symbol.dispose]();
    await pass(60_000);
    await sendMany(mailer, 1);
    await pass(60_000);
    mailer.health();

    expect(changes()).toEqual([
      "provider:degraded",
      "drill:started",
      "provider:throttled (drill)",
      "drill:over",
      "provider:unthrottled (drill)",
      "provider:recovered",
    ]);
    expect(marks).not.toContain("provider:recovered (drill)");
  });
});

describe("Failures of a drill and of the provider that count together", () => {
  it.each([
    ["the drill's, if that is the latest", ["real", "drilled", "drilled"], "provider:down (drill)"],
    ["the provider's, if that is the latest", ["drilled", "drilled", "real"], "provider:down"],
  ] as const)("are told as %s", async (_, failures, told) => {
    const { primary, mailer, changes } = houseOfTwo();
    primary.script("unavailable");
    for (const each of failures) {
      const drill = each === "drilled" ? mailer.drill("primary", "unreachable", { for: 60_000 }) : undefined;
      await sendMany(mailer, 1);
      drill?.[Symbol.dispose]();
    }

    await sendMany(mailer, 2);

    expect(changes().filter((name) => name.startsWith("provider"))).toEqual([told]);
  });
});

describe("Nobody is paged for a drill", () => {
  it.each([
    [2, 3, "provider:degraded (drill)"],
    [3, 2, "provider:down (drill)"],
  ])("of %d failures, which count together with %d mails that were accepted after it", async (failed, taken, told) => {
    const { mailer, changes } = houseOfTwo();
    const drill = mailer.drill("primary", "unreachable", { for: 60_000 });
    await sendMany(mailer, failed);
    drill[Symbol.dispose]();

    await sendMany(mailer, taken);

    expect(changes()).toEqual(["drill:started", "drill:over", told]);
  });

  it("whose last attempt hangs until after its end", async () => {
    const { primary, mailer, changes } = houseOfTwo();
    mailer.drill("primary", "timeout", { for: 5_000 });
    const hanging = Array.from({ length: 5 }, () => mailer.send(letter));
    await pass(10_000);
    await Promise.all(hanging);

    expect(primary.attempts).toBe(0);
    expect(changes()).toEqual(["drill:started", "drill:over", "provider:down (drill)"]);
  });

  it("after maintenance in the middle of it, when the last provider goes", async () => {
    const { standby, mailer } = houseOfTwo();
    const told: MailerEvents["all-down"][] = [];
    mailer.on("all-down", (event) => told.push(event));
    mailer.drill("primary", "authentication", { for: 60_000 });
    await sendMany(mailer, 1);
    mailer.isolate("primary")[Symbol.dispose]();
    standby.script("authentication");

    await errorOf(mailer.send(letter));

    expect(told).toMatchObject([{ drill: true }]);
  });

  it("after maintenance in the middle of it, on the way back", async () => {
    const { mailer, marks, changes } = houseOfTwo();
    mailer.drill("primary", "authentication", { for: 10_000 });
    await sendMany(mailer, 1);
    mailer.isolate("primary")[Symbol.dispose]();
    await pass(15_000);
    marks.length = 0;

    await sendMany(mailer, 1);

    expect(changes()).toEqual(["provider:probing (drill)", "provider:recovering (drill)"]);
  });

  it("because of an outage that was over before it", async () => {
    const { primary, mailer, marks, changes } = houseOfTwo();
    primary.script("authentication");
    await sendMany(mailer, 1);
    await pass(15_000);
    await sendMany(mailer, 1);
    await pass(30_000);
    mailer.drill("primary", "authentication", { for: 10_000 });
    await sendMany(mailer, 1);
    await pass(15_000);
    marks.length = 0;

    await sendMany(mailer, 1);

    expect(changes()).toEqual(["provider:probing (drill)", "provider:recovering (drill)"]);
  });

  it("of two providers, neither at its begin nor at its end", async () => {
    const { mailer } = houseOfTwo();
    const told: unknown[] = [];
    mailer.on("all-down", (event) => told.push(event));
    mailer.on("all-down:over", (event) => told.push(event));
    mailer.drill("primary", "authentication", { for: 10_000 });
    mailer.drill("standby", "suspended", { for: 10_000 });
    await errorOf(mailer.send(letter));
    await pass(15_000);
    await mailer.send(letter);

    const since = new Date(start);
    expect(told).toEqual([
      { at: since, retryAt: new Date(start + 15_000), drill: true, severity: "error" },
      { at: new Date(start + 15_005), since, drill: true, severity: "info" },
    ]);
  });
});

describe("An outage of all is told as real", () => {
  it("at its end too, where no drill has part in it", async () => {
    const { primary, standby, mailer } = houseOfTwo();
    const told: unknown[] = [];
    mailer.on("all-down:over", (event) => told.push(event));
    primary.script("authentication");
    standby.script("authentication");
    await errorOf(mailer.send(letter));
    await pass(15_000);
    await mailer.send(letter);

    expect(told).toEqual([{ at: new Date(start + 15_005), since: new Date(start), severity: "info" }]);
  });

  it("where the only drill is held at a provider that was down before it", async () => {
    const { primary, standby, mailer } = houseOfTwo();
    const told: MailerEvents["all-down"][] = [];
    mailer.on("all-down", (event) => told.push(event));
    primary.script("authentication");
    await sendMany(mailer, 1);
    mailer.drill("primary", "unreachable", { for: 60_000 });
    await pass(15_000);
    await sendMany(mailer, 1);
    standby.script("authentication");

    await errorOf(mailer.send(letter));

    expect(told).toHaveLength(1);
    expect(told[0]).not.toHaveProperty("drill");
  });
});

describe("The terminal, where nobody listens,", () => {
  const warnings = () => vi.mocked(process.emitWarning).mock.calls.map(([text]) => String(text));

  it("tells of a drill that goes on in earnest", async () => {
    const { primary, mailer } = twoProviders();
    mailer.drill("primary", "authentication", { for: 10_000 });
    await sendMany(mailer, 1);
    await pass(15_000);
    primary.script("suspended");
    await sendMany(mailer, 1);
    await settled();

    expect(warnings()).toEqual([
      expect.stringContaining("a drill: the provider was not asked"),
      expect.stringContaining('"primary" is down (probe-failed'),
    ]);
    expect(warnings()[1]).not.toContain("drill");
  });

  it("tells of a drill once, however often a probe fails in it", async () => {
    const { mailer } = twoProviders();
    mailer.drill("primary", "authentication", { for: 60_000 });
    await sendMany(mailer, 1);
    await pass(15_000);
    await sendMany(mailer, 1);

    expect(healthOf(mailer, "primary").openUntil).toEqual(new Date(start + 45_000));
    expect(warnings()).toHaveLength(1);
  });

  it("does not tell of an outage again where a throttle ends in it", async () => {
    const { primary, standby, mailer } = twoProviders({ retry: { maxRounds: 1 } });
    mailer.drill("primary", "authentication", { for: 500 });
    standby.script("authentication");
    await errorOf(mailer.send(letter));
    primary.script({ reason: "throttled", retryAfter: 1_000 });
    await pass(1_000);
    await errorOf(mailer.send(letter));
    await pass(2_000);

    expect(healthOf(mailer, "primary").state).toBe("down");
    expect(primary.attempts).toBe(1);
    expect(warnings()).toHaveLength(2);
  });

  it("does not tell of an outage twice because a drill was held in it", async () => {
    const { primary, mailer } = twoProviders();
    primary.script("authentication", "suspended");
    await sendMany(mailer, 1);
    mailer.drill("primary", "unreachable", { for: 20_000 });
    await pass(15_000);
    await sendMany(mailer, 1);
    await pass(36_000);
    await sendMany(mailer, 1);

    expect(healthOf(mailer, "primary").state).toBe("down");
    expect(warnings()).toHaveLength(1);
  });
});

describe("A real attempt that is under way when a drill begins", () => {
  it("counts as real when it is accepted, and its mail goes nowhere else", async () => {
    const primary = heldProvider("primary");
    const standby = memoryProvider({ name: "standby" });
    const mailer = createMailer({ providers: [primary, standby] });
    const sending = await begin(mailer.send(letter));
    mailer.drill("primary", "unreachable", { for: 60_000 });

    primary.held[0]?.end("accepted");
    await settled();

    expect(sending.receipt).toMatchObject({ provider: "primary", duplicate: "no" });
    expect(standby.attempts).toBe(0);
  });

  it("pages when it finds the account suspended", async () => {
    const primary = heldProvider("primary");
    const mailer = createMailer({ providers: [primary, memoryProvider({ name: "standby" })] });
    const marks = marksOf(mailer);
    const sending = await begin(mailer.send(letter));
    mailer.drill("primary", "unreachable", { for: 60_000 });

    primary.held[0]?.end(new ProviderError(failure("suspended")));
    await settled();

    expect(marks.filter((name) => name.includes(":"))).toEqual(["drill:started", "provider:down"]);
    expect(sending.receipt.attempts[0]).not.toHaveProperty("failure.drill");
  });

  it("ends the outage when it is the probe", async () => {
    const primary = heldProvider("primary");
    const mailer = createMailer({ providers: [primary, memoryProvider({ name: "standby" })] });
    const first = await begin(mailer.send(letter));
    primary.held[0]?.end(new ProviderError(failure("suspended")));
    await settled();
    await pass(15_000);
    const second = await begin(mailer.send(letter));
    const marks = marksOf(mailer);
    mailer.drill("primary", "authentication", { for: 60_000 });

    primary.held[1]?.end("accepted");
    await settled();
    await mailer.send(letter);

    expect([first.receipt.provider, second.receipt.provider]).toEqual(["standby", "primary"]);
    expect(marks.filter((name) => name.includes(":"))).toEqual([
      "drill:started",
      "provider:recovering",
      "provider:down (drill)",
    ]);
  });
});
