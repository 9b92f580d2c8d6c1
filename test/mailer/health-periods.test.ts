import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, failure, type Mailer, ProviderError } from "../../src/index.ts";
import {
  fakeTime,
  healthOf,
  heldProvider,
  pass,
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

describe("results of an earlier period are ignored", () => {
  /** Two attempts were under way; the second took the provider down. */
  async function oldAttemptUnderWay() {
    const primary = heldProvider("primary");
    const mailer = createMailer({
      providers: [primary, standby()],
      retry: { maxRounds: 1 },
      timeout: 1_000_000,
      deadline: 2_000_000,
      breaker: { consecutiveFailures: 1, minimumAttempts: 1 },
    });
    const old = send(mailer);
    const second = send(mailer);
    await settled();
    primary.held[1]?.end(suspended);
    await second;
    expect(stateOf(mailer, "primary")).toBe("down");
    return { mailer, primary, old, endOld: (how: "accepted" | Error) => primary.held[0]?.end(how) };
  }

  async function probe(mailer: Mailer<"primary" | "standby">, primary: ReturnType<typeof heldProvider<"primary">>) {
    const probing = send(mailer);
    await settled();
    const index = primary.held.length - 1;
    return { probing, end: (how: "accepted" | Error) => primary.held[index]?.end(how) };
  }

  it("a late acceptance of before the opening does not close, but is a receipt for its sender", async () => {
    const { mailer, old, endOld } = await oldAttemptUnderWay();
    const { openUntil } = healthOf(mailer, "primary");

    endOld("accepted");

    expect(triesOf(await old)).toEqual(["primary accepted"]);
    expect(healthOf(mailer, "primary")).toMatchObject({ state: "down", openUntil });
  });

  it("nor does it while a probe is under way, whose result counts", async () => {
    const { mailer, primary, old, endOld } = await oldAttemptUnderWay();
    await pass(15_000);
    const { probing, end } = await probe(mailer, primary);

    endOld("accepted");
    await old;

    expect(stateOf(mailer, "primary")).toBe("probing");
    end(new ProviderError(failure("unavailable")));
    await probing;
    expect(stateOf(mailer, "primary")).toBe("down");
  });

  it.each(["unavailable", "suspended", "timeout"] as const)(
    "a late failure (%s) of before the opening neither lengthens the period nor counts as a further opening",
    async (reason) => {
      const { mailer, primary, old, endOld } = await oldAttemptUnderWay();
      const { openUntil } = healthOf(mailer, "primary");
      await pass(1_000);

      endOld(new ProviderError(failure(reason)));
      await old;

      expect(healthOf(mailer, "primary")).toMatchObject({ state: "down", openUntil });
      await pass(14_000);
      const { probing, end } = await probe(mailer, primary);
      end(new ProviderError(failure("unavailable")));
      await probing;
      expect(healthOf(mailer, "primary").openUntil).toEqual(new Date(Date.now() + 30_000));
    },
  );

  it.each(["unavailable", "suspended", "timeout"] as const)(
    "a late failure (%s) of before the opening does not end a probe, nor reopen after the recovery",
    async (reason) => {
      const { mailer, primary, old, endOld } = await oldAttemptUnderWay();
      await pass(15_000);
      const { probing, end } = await probe(mailer, primary);
      end("accepted");
      await probing;
      expect(stateOf(mailer, "primary")).toBe("recovering");

      endOld(new ProviderError(failure(reason)));
      await old;

      expect(healthOf(mailer, "primary")).toMatchObject({ state: "recovering", failureRate: 0 });
    },
  );

  it("a late acceptance of before the opening counts in no rate after the recovery", async () => {
    const { mailer, primary, old, endOld } = await oldAttemptUnderWay();
    await pass(15_000);
    const { probing, end } = await probe(mailer, primary);
    end("accepted");
    await probing;

    endOld("accepted");
    await old;

    expect(healthOf(mailer, "primary")).toMatchObject({ state: "recovering", slowRate: 0, p50: 0 });
  });
});
