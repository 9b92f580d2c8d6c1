import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, type Mailer, ProviderError } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import {
  changesOf,
  fakeTime,
  healthOf,
  heldProbeDue,
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

describe("a probe that says nothing gives its place back: no breaker stays half-open", () => {
  /** The next message is a probe again, and brings the provider back. */
  async function expectNextToProbe(mailer: Mailer<"primary" | "standby">) {
    const changes = changesOf(mailer, "primary");
    expect(resultOf(await send(mailer))).toBe("primary");
    expect(changes.at(-1)).toBe("probing → recovering (probe-accepted)");
  }

  it("a throttled probe is a throttle: the next one comes when that has passed", async () => {
    const { mailer, primary } = await probeDue();
    primary.script({ reason: "throttled", retryAfter: 20_000 });

    expect(triesOf(await send(mailer))).toEqual(["primary throttled", "standby accepted"]);

    const health = healthOf(mailer, "primary");
    expect(health.state).toBe("probing");
    expect(health.throttledUntil).toEqual(new Date(Date.now() + 20_000));
    await pass(19_999);
    expect(triesOf(await send(mailer))).toEqual(["standby accepted"]);
    await pass(1);
    await expectNextToProbe(mailer);
  });

  it("a throttled probe does not lengthen the open period", async () => {
    const { mailer, primary } = await probeDue();
    primary.script("throttled", "unavailable");
    await send(mailer);
    await pass(1_000);

    await send(mailer);

    expect(healthOf(mailer, "primary").openUntil).toEqual(new Date(Date.now() + 30_000));
  });

  it("a probe whose caller aborts", async () => {
    const { mailer, primary } = await probeDue();
    primary.script("hang");
    const caller = new AbortController();
    const sending = send(mailer, { signal: caller.signal });
    await settled();
    expect(stateOf(mailer, "primary")).toBe("probing");

    caller.abort();
    await pass(1);

    expect(resultOf(await sending)).toBe("aborted");
    await expectNextToProbe(mailer);
  });

  it("a probe whose caller aborts while the adapter does not heed the signal", async () => {
    const { mailer, primary } = await heldProbeDue();
    const caller = new AbortController();
    const sending = send(mailer, { signal: caller.signal });
    await settled();

    caller.abort();
    await pass(1);

    expect(resultOf(await sending)).toBe("aborted");
    const next = send(mailer);
    await settled();
    primary.held[2]?.end("accepted");
    expect(resultOf(await next)).toBe("primary");
    expect(stateOf(mailer, "primary")).toBe("recovering");
  });

  it.each<Outcome>(["internal", { reason: "internal", sent: "no" }])(
    "a probe with the neutral outcome %j lets the provider rest as long as before, or each message would try it",
    async (outcome) => {
      const { mailer, primary } = await probeDue();
      primary.script(outcome);

      expect(resultOf(await send(mailer))).toBe("standby");
      const asked = primary.attempts;
      await send(mailer);

      expect(stateOf(mailer, "primary")).toBe("down");
      expect(primary.attempts).toBe(asked);
      await pass(18_000);
      await expectNextToProbe(mailer);
    },
  );

  it.each<Outcome>(["aborted", { reason: "response-lost", reusedConnection: true }])(
    "a probe with the neutral outcome %j",
    async (outcome) => {
      const { mailer, primary } = await probeDue();
      primary.script(outcome);

      expect(resultOf(await send(mailer))).toBe("standby");

      expect(stateOf(mailer, "primary")).toBe("probing");
      await expectNextToProbe(mailer);
    },
  );

  it("a probe that was cut short by a deadline shorter than its limit", async () => {
    const { mailer, primary } = await probeDue();
    primary.script("hang");

    const sending = send(mailer, { deadline: 1_000 });
    await pass(1_001);
    await sending;

    expect(stateOf(mailer, "primary")).toBe("probing");
    await expectNextToProbe(mailer);
  });

  it("a probe that throws something odd", async () => {
    let odd: unknown;
    const primary = {
      name: "primary" as const,
      unsupported: () => [],
      send: async () => {
        if (odd === undefined) return { providerMessageId: "1" };
        throw odd;
      },
    };
    const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });
    for (const oddity of ["a string", null, new Error("broken"), { failure: 3 }, Object.create(null)]) {
      odd = suspended;
      await send(mailer);
      await pass(300_000);
      odd = oddity;
      expect(resultOf(await send(mailer)), String(oddity === null)).toBe("standby");
      expect(stateOf(mailer, "primary")).toBe("down");
      odd = undefined;
      await pass(300_000);
      await expectNextToProbe(mailer);
    }
  });

  it("a probe whose adapter explains its failure in words of the wrong type", async () => {
    const wrong = new ProviderError(JSON.parse('{"reason":"unavailable","code":503,"detail":{"message":"down"}}'));
    const { mailer, primary } = await heldProbeDue();

    const sending = send(mailer);
    await settled();
    primary.held[1]?.end(wrong);

    expect(triesOf(await sending)).toEqual(["primary unavailable", "standby accepted"]);
    expect(stateOf(mailer, "primary")).toBe("down");
  });
});

describe('a message with onUnknown: "stop" is no probe while another provider is eligible', () => {
  it("goes to the standby, and leaves the probe to the next message", async () => {
    const { mailer } = await probeDue();

    expect(triesOf(await send(mailer, { onUnknown: "stop" }))).toEqual(["standby accepted"]);
    expect(triesOf(await send(mailer))).toEqual(["primary accepted"]);
  });

  it("goes to an equal of the same group", async () => {
    const ill = memoryProvider({ name: "ill", script: ["suspended"] });
    const well = memoryProvider({ name: "well" });
    const mailer = createMailer({ providers: [[ill, well]], onUnknown: "stop", retry: { maxRounds: 1 } });
    while (stateOf(mailer, "ill") === "healthy") await send(mailer);
    await pass(15_000);

    for (let sent = 0; sent < 10; sent += 1) expect(triesOf(await send(mailer))).toEqual(["well accepted"]);
  });

  it("is the probe where there is no other provider", async () => {
    const only = memoryProvider({ name: "only", script: ["suspended"] });
    const mailer = createMailer({ providers: [only], onUnknown: "stop", retry: { maxRounds: 1 } });
    await send(mailer);
    await pass(15_000);

    expect(triesOf(await send(mailer))).toEqual(["only accepted"]);
    expect(stateOf(mailer, "only")).toBe("recovering");
  });

  it("is the probe where no other provider is allowed", async () => {
    const { mailer } = await probeDue();

    expect(triesOf(await send(mailer, { onUnknown: "stop", only: ["primary"] }))).toEqual(["primary accepted"]);
  });

  it.each(["isolated", "throttled", "down"])("is the probe where the other is %s", async (how) => {
    const primary = memoryProvider({ name: "primary", script: ["suspended", "accepted"] });
    const other = memoryProvider({ name: "other" });
    const mailer = createMailer({ providers: [primary, other], retry: { maxRounds: 1 } });
    await send(mailer);
    await pass(14_000);
    if (how === "isolated") mailer.isolate("other");
    else other.script(how === "throttled" ? { reason: "throttled", retryAfter: 60_000 } : "suspended");
    if (how !== "isolated") await send(mailer, { only: ["other"], deadline: 500 });
    await pass(1_000);

    expect(triesOf(await send(mailer, { onUnknown: "stop" }))).toEqual(["primary accepted"]);
  });
});
