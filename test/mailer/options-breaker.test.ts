import { describe, expect, it } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { sendMany, standby, stateOf, times } from "./health-support.ts";
import { refusalOf, refusalWith, rows, shown, taken } from "./options-support.ts";

const rates = ["failureRate", "slowRate", "degradedRate"];
const counts = ["minimumAttempts", "consecutiveFailures"];
const durations = ["openFor", "slowAttempt", "window", "slowStart", "maxOpenFor"];

const ofRoute = (breaker: unknown) => refusalOf({ providers: [{ provider: memoryProvider(), breaker }] });

describe("the breaker's options", () => {
  it.each(rows(5, "text", true, null, []))("%j is refused: they must be an object", (breaker) => {
    expect(refusalWith({ breaker }).message).toContain("breaker");
    expect(ofRoute(breaker).message).toContain("options.providers[0].breaker");
  });

  it.each(["failurerate", "threshold", "timeout", "__proto__x", "toString"])("%s is none, and is refused", (key) => {
    expect(refusalWith({ breaker: { [key]: 1 } }).message).toContain(key);
    expect(ofRoute({ [key]: 1 }).message).toContain(`options.providers[0].breaker.${key}`);
  });

  it.each([...rates, ...counts, ...durations])("%s may be undefined", (key) => {
    expect(refusalWith({ breaker: { [key]: undefined } })).toEqual(taken);
    expect(ofRoute({ [key]: undefined })).toEqual(taken);
  });

  it.each(rates)("%s must be a number from 0 to 1", (key) => {
    for (const value of [-0.1, 1.1, 50, Number.NaN, Number.POSITIVE_INFINITY, null]) {
      const refusal = ofRoute({ [key]: value });
      expect(refusal.message, shown(value)).toContain(`breaker.${key}`);
      expect(refusal.message).toContain(shown(value));
    }
    expect(ofRoute({ [key]: 0.001 })).toEqual(taken);
    expect(ofRoute({ [key]: 1 })).toEqual(taken);
  });

  it.each(rates)("%s is refused where it is no number but something that compares like one", (key) => {
    for (const value of ["0.5", true, [0.5], new Date(0.5)]) {
      expect(ofRoute({ [key]: value }).message, shown(value)).toContain(`breaker.${key}`);
    }
  });

  it.each(counts)("%s must be a whole number above 0", (key) => {
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "5", true, null]) {
      const refusal = ofRoute({ [key]: value });
      expect(refusal.message, shown(value)).toContain(`breaker.${key}`);
      expect(refusal.message).toContain(shown(value));
    }
    expect(ofRoute({ [key]: 1 })).toEqual(taken);
  });

  it.each([
    ["failureRate", "a number from 0 to 1"],
    ["slowRate", "a number above 0 and at most 1"],
    ["degradedRate", "a number above 0 and at most 1"],
    ["minimumAttempts", "a positive integer"],
    ["consecutiveFailures", "a positive integer"],
    ["openFor", "milliseconds above 0"],
    ["slowAttempt", "milliseconds above 0"],
    ["window", "milliseconds above 0"],
    ["slowStart", "milliseconds from 0"],
    ["maxOpenFor", "milliseconds above 0"],
  ])("a %s out of range is told that it must be %s, and what it is", (key, expected) => {
    const where = `options.providers[0].breaker.${key}`;

    expect(ofRoute({ [key]: -1 }).message).toBe(`${where} must be ${expected}, but is -1`);
  });

  it.each(["slowRate", "degradedRate"])("a %s of 0 is refused: everything would be above it", (key) => {
    expect(ofRoute({ [key]: 0 }).message).toContain(`breaker.${key}`);
  });

  it("an option that does not exist is told which do", () => {
    expect(ofRoute({ threshold: 1 }).message).toContain(
      "there are failureRate, slowRate, degradedRate, minimumAttempts, consecutiveFailures, openFor, slowAttempt, window",
    );
  });

  it("a slowStart of 0 is taken: a provider that is back has its share at once", () => {
    expect(ofRoute({ slowStart: 0 })).toEqual(taken);
  });

  it.each(durations)("%s must be milliseconds above 0", (key) => {
    for (const value of [
      ...(key === "slowStart" ? [] : [0]),
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      "5",
      true,
      null,
    ]) {
      const refusal = ofRoute({ [key]: value });
      expect(refusal.message, shown(value)).toContain(`breaker.${key}`);
      expect(refusal.message).toContain(shown(value));
    }
    expect(ofRoute({ [key]: 1 })).toEqual(taken);
  });

  it("a failureRate of 0 is in its range: whatever is above it opens", async () => {
    const primary = memoryProvider({ name: "primary", script: [...times(5, "accepted"), "unavailable"] });
    const mailer = createMailer({
      providers: [primary, standby()],
      retry: { maxRounds: 1 },
      breaker: { failureRate: 0 },
    });
    mailer.on("provider:down", () => {});

    await sendMany(mailer, 5);
    expect(stateOf(mailer, "primary")).toBe("healthy");
    await sendMany(mailer, 1);

    expect(stateOf(mailer, "primary")).toBe("down");
  });

  it("a mistake in the mailer's own is told of the mailer's own, not of some provider", () => {
    const refusal = refusalWith({ breaker: { openFor: -1 } });

    expect(refusal.message).toContain("options.breaker.openFor");
  });

  it("a mistake in the mailer's own is refused also where each provider overrides it", () => {
    const providers = [{ provider: memoryProvider(), breaker: { openFor: 100 } }];

    expect(refusalOf({ providers, breaker: { openFor: -1 } }).message).toContain("openFor");
  });

  it("a provider's own win over the mailer's, one by one", async () => {
    const primary = memoryProvider({ name: "primary", script: times(10, "unavailable") });
    const mailer = createMailer({
      providers: [{ provider: primary, breaker: { consecutiveFailures: 2 } }, standby()],
      retry: { maxRounds: 1 },
      breaker: { consecutiveFailures: 9, minimumAttempts: 1_000, openFor: 777 },
    });
    mailer.on("provider:down", () => {});
    await sendMany(mailer, 1);
    expect(stateOf(mailer, "primary")).toBe("healthy");

    await sendMany(mailer, 1);

    const [{ state, since, openUntil } = { state: undefined, since: new Date(0) }] = mailer.health();
    expect(state).toBe("down");
    const period = (openUntil?.getTime() ?? 0) - since.getTime();
    expect(period).toBeGreaterThan(777 * 0.79);
    expect(period).toBeLessThan(777 * 1.21);
  });

  it("a provider's own that is undefined leaves the mailer's in force", async () => {
    const primary = memoryProvider({ name: "primary", script: ["unavailable"] });
    const mailer = createMailer({
      providers: [{ provider: primary, breaker: { consecutiveFailures: undefined } }, standby()],
      retry: { maxRounds: 1 },
      breaker: { consecutiveFailures: 1 },
    });
    mailer.on("provider:down", () => {});

    await sendMany(mailer, 1);

    expect(stateOf(mailer, "primary")).toBe("down");
  });
});
