import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { changesOf, fakeTime, healthOf, pass, send } from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

describe("What a message learns of a provider that it tries for the second time, as its probe", () => {
  /** The provider's first failure takes it down; its second comes while the same message waits for another's throttle. */
  async function twice(script: readonly ("unavailable" | "authentication")[]) {
    const a = memoryProvider({ name: "a", script });
    const b = memoryProvider({ name: "b", script: [{ reason: "throttled", retryAfter: 10_000 }] });
    const mailer = createMailer({
      providers: [{ provider: a, breaker: { consecutiveFailures: 1, openFor: 1_000 } }, b],
    });
    const changes = changesOf(mailer, "a");
    const sending = send(mailer, { deadline: 20_000 });
    await pass(1_000);
    expect(a.attempts).toBe(2);
    const seen = {
      changes: [...changes],
      openFor: (healthOf(mailer, "a").openUntil?.getTime() ?? Number.NaN) - Date.now(),
    };
    await pass(10_000);
    expect((await sending).ok).toBe(true);
    return seen;
  }

  it.each([
    { script: ["unavailable", "unavailable"], openFor: 1_000, means: "counts once, so the open period stays as it is" },
    { script: ["unavailable", "authentication"], openFor: 2_000, means: "of the account doubles it" },
    { script: ["authentication", "unavailable"], openFor: 2_000, means: "after one of the account doubles it" },
  ] as const)("$script: $means", async ({ script, openFor }) => {
    const [first] = script;

    expect(await twice(script)).toEqual({
      changes: [
        `healthy → down (${first === "unavailable" ? "consecutive-failures" : first})`,
        "down → probing (open-period-passed)",
        "probing → down (probe-failed)",
      ],
      openFor,
    });
  });
});
