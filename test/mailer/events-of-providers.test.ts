import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, type ProviderChange } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { lifeWithEveryEvent, recorded } from "./events-support.ts";
import { fakeTime, pass, send, sendMany, standby, start, times } from "./health-support.ts";
import { eventNames } from "./support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

function mailerWith(...script: Outcome[]) {
  const primary = memoryProvider({ name: "primary", script });
  const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });
  const events = recorded(mailer);
  const named = (name: string) => events.filter((each) => each.name === name).map(({ event }) => event);
  return { mailer, primary, events, named };
}

describe("events of a provider: by name, with provider:changed beside each", () => {
  it("healthy → degraded → healthy: provider:degraded (warning), provider:recovered (info)", async () => {
    const { mailer, named } = mailerWith(...times(4, "accepted"), "unavailable");
    await sendMany(mailer, 5);

    expect(named("provider:degraded")).toEqual([
      {
        provider: "primary",
        from: "healthy",
        to: "degraded",
        reason: "failure-rate",
        failure: { reason: "unavailable", scope: "provider", sent: "no" },
        stats: { attempts: 5, failureRate: 0.2, slowRate: 0, p50: 0, p95: 0 },
        at: new Date(start),
        severity: "warning",
      },
    ]);
    await pass(60_001);
    mailer.health();
    expect(named("provider:recovered")).toMatchObject([
      { from: "degraded", to: "healthy", reason: "rates-recovered", severity: "info", stats: { attempts: 0 } },
    ]);
  });

  it("name the failure that a provider is degraded by: the latest that counts, also where an acceptance tips it over", async () => {
    const { mailer, named } = mailerWith("unavailable", "server-error", "accepted", "rejected", "accepted", "accepted");
    await sendMany(mailer, 6);

    expect(named("provider:degraded")).toMatchObject([{ reason: "failure-rate", failure: { reason: "server-error" } }]);
  });

  it("name the refusal that ends a row of messages called malformed", async () => {
    const { mailer, named } = mailerWith(...times(9, "invalid"), { reason: "invalid", code: "E42" });
    await sendMany(mailer, 10);

    expect(named("provider:degraded")).toMatchObject([
      { reason: "invalid-in-a-row", failure: { reason: "invalid", code: "E42" } },
    ]);
  });

  it("down → probing → recovering → healthy: down (error), probing (warning), recovering and recovered (info)", async () => {
    const { mailer, events } = mailerWith({ reason: "quota", status: 429, code: "quota" });
    await send(mailer);
    await pass(15_000);
    await send(mailer);
    await pass(30_000);
    mailer.health();

    const changes = events.filter(({ name }) => name.startsWith("provider:") && name !== "provider:changed");
    const failure = { reason: "quota", scope: "account", sent: "no", status: 429, code: "quota" };
    const stats = { attempts: 0, failureRate: 0, slowRate: 0, p50: 0, p95: 0 };
    const provider = "primary";
    expect(changes).toEqual([
      {
        name: "provider:down",
        event: {
          provider,
          from: "healthy",
          to: "down",
          reason: "quota",
          failure,
          stats,
          at: new Date(start),
          severity: "error",
        },
      },
      {
        name: "provider:probing",
        event: {
          provider,
          from: "down",
          to: "probing",
          reason: "open-period-passed",
          stats,
          at: new Date(start + 15_000),
          severity: "warning",
        },
      },
      {
        name: "provider:recovering",
        event: {
          provider,
          from: "probing",
          to: "recovering",
          reason: "probe-accepted",
          stats,
          at: new Date(start + 15_000),
          severity: "info",
        },
      },
      {
        name: "provider:recovered",
        event: {
          provider,
          from: "recovering",
          to: "healthy",
          reason: "slow-start-passed",
          stats,
          at: new Date(start + 45_000),
          severity: "info",
        },
      },
    ]);
  });

  it("a probe that failed: provider:down again, with the failure", async () => {
    const { mailer, named } = mailerWith("suspended", { reason: "unavailable", status: 503 });
    await send(mailer);
    await pass(15_000);
    await send(mailer);

    expect(named("provider:down")).toMatchObject([
      { from: "healthy", reason: "suspended" },
      { from: "probing", reason: "probe-failed", failure: { reason: "unavailable", status: 503 }, severity: "error" },
    ]);
  });

  it("provider:throttled (warning) and provider:unthrottled (info)", async () => {
    const { mailer, named } = mailerWith({ reason: "throttled", retryAfter: 2_000, status: 429 });
    await send(mailer);
    await pass(2_000);
    mailer.health();

    const failure = { reason: "throttled", scope: "provider", sent: "no", status: 429, retryAfter: 2_000 };
    expect(named("provider:throttled")).toMatchObject([
      { from: "healthy", to: "throttled", reason: "throttled", failure, at: new Date(start), severity: "warning" },
    ]);
    expect(named("provider:unthrottled")).toMatchObject([
      {
        from: "throttled",
        to: "healthy",
        reason: "throttle-passed",
        at: new Date(start + 2_000),
        severity: "info",
      },
    ]);
  });

  it("provider:isolated (warning) and provider:restored (info)", () => {
    const { mailer, named } = mailerWith();
    const handle = mailer.isolate("standby");
    handle[Symbol.dispose]();

    expect(named("provider:isolated")).toMatchObject([
      { provider: "standby", from: "healthy", to: "isolated", reason: "isolated", severity: "warning" },
    ]);
    expect(named("provider:restored")).toMatchObject([
      { provider: "standby", from: "isolated", to: "healthy", reason: "restored", severity: "info" },
    ]);
  });

  it("the end of maintenance is no new alarm, in whatever state the provider is found", async () => {
    const { mailer, named } = mailerWith({ reason: "authentication" });
    await send(mailer);
    const [down] = named("provider:down");
    mailer.isolate("primary")[Symbol.dispose]();

    expect(down).toMatchObject({ provider: "primary", to: "down", severity: "error" });
    expect(named("provider:restored")).toMatchObject([{ provider: "primary", to: "down", severity: "info" }]);
  });

  it("each change comes exactly twice: as provider:changed, and by its own name right after, as the same object", async () => {
    const events: ReturnType<typeof recorded> = [];
    await lifeWithEveryEvent((mailer) => {
      for (const name of eventNames) mailer.on(name, (event) => events.push({ name, event }));
    });

    const changes = events.filter(({ name }) => name.startsWith("provider:"));
    expect(changes.length).toBeGreaterThan(10);
    for (let index = 0; index < changes.length; index += 2) {
      const [general, named] = [changes[index], changes[index + 1]];
      expect(general?.name).toBe("provider:changed");
      expect(named?.name).not.toBe("provider:changed");
      expect(named?.event).toBe(general?.event);
    }
    expect(new Set(changes.map(({ event }) => event)).size).toBe(changes.length / 2);
  });

  it("sends that change nothing bring none", async () => {
    const { mailer, events } = mailerWith("unavailable", "rejected", "too-large", "internal");
    await sendMany(mailer, 4);
    mailer.health();

    expect(events.filter(({ name }) => name.startsWith("provider:"))).toEqual([]);
  });

  it("a change cannot be changed by a listener", async () => {
    const { mailer } = mailerWith("suspended");
    const seen: ProviderChange[] = [];
    mailer.on("provider:down", (change) => seen.push(change));

    await send(mailer);

    expect(seen.map((change) => Object.isFrozen(change))).toEqual([true]);
  });

  it("every event of this page can happen", async () => {
    const names = new Set<string>();
    await lifeWithEveryEvent((mailer) => {
      for (const name of eventNames) mailer.on(name, () => names.add(name));
    });

    expect([...names].sort()).toEqual([...eventNames].sort());
  });
});
