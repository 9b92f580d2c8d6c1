import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, type DrillFault, type MailerEvents } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { fakeTime, freeze, letter, pass, settled, start } from "../mailer/health-support.ts";
import { begin, elapse, errorOf, healthOf, steps } from "../mailer/support.ts";
import { faults } from "./faults.ts";
import { marksOf, twoProviders } from "./support.ts";

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
});

describe("A drill", () => {
  it("sends mail by the standby, does not touch the provider, and is on record in the receipt", async () => {
    const { primary, standby, mailer } = twoProviders();
    mailer.drill("primary", "unreachable", { for: 60_000 });

    const receipt = await mailer.send(letter);

    expect(primary.attempts).toBe(0);
    expect(standby.inbox.map(({ id }) => id)).toEqual([receipt.id]);
    expect(receipt).toMatchObject({ provider: "standby", duplicate: "no" });
    expect(receipt.attempts).toEqual([
      {
        provider: "primary",
        round: 1,
        startedAt: new Date(start),
        duration: 0,
        outcome: "not-sent",
        failure: {
          reason: "unreachable",
          scope: "provider",
          sent: "no",
          detail: "a drill: the provider was not asked",
          drill: true,
        },
      },
      expect.objectContaining({ provider: "standby", outcome: "accepted" }),
    ]);
  });

  it.each(faults)("of %s goes the way of the real fault, event for event", async (fault) => {
    const real = await lifeThrough((primary) => primary.script(...Array<Outcome>(200).fill(outcomeOf(fault))));
    const drilled = await lifeThrough((_, mailer) => mailer.drill("primary", fault, { for: 60_000 }));

    expect(drilled).toEqual(real);
  });

  it("of an ESP that says it is down asks for the pause that it is told to", async () => {
    const { mailer } = twoProviders();
    mailer.drill("primary", "unavailable", { for: 60_000, retryAfter: 7_000 });

    const receipt = await mailer.send(letter);

    expect(receipt.attempts[0]).toMatchObject({ failure: { reason: "unavailable", retryAfter: 7_000, drill: true } });
  });

  it("asks for the pause that it is told to", async () => {
    const { primary, mailer } = twoProviders();
    mailer.drill("primary", "throttled", { for: 60_000, retryAfter: 7_000 });

    await mailer.send(letter);

    expect(healthOf(mailer, "primary").throttledUntil).toEqual(new Date(start + 7_000));
    expect(primary.attempts).toBe(0);
  });

  it("lets an attempt take as long as it is told to", async () => {
    const { mailer } = twoProviders();
    mailer.drill("primary", "server-error", { for: 60_000, latency: 400 });
    const sending = await begin(mailer.send(letter));

    await elapse(380);
    expect(sending.pending).toBe(true);
    await elapse(20);

    expect(sending.receipt.attempts).toMatchObject([{ duration: 400, failure: { reason: "server-error" } }, {}]);
  });

  it.each([
    ["server-error", "timeout", "unknown"],
    ["unreachable", "unreachable", "not-sent"],
  ] as const)("of %s that takes longer than an attempt may ends as %s", async (fault, reason, outcome) => {
    const { mailer } = twoProviders({ timeout: 1_000 });
    mailer.drill("primary", fault, { for: 60_000, latency: 5_000 });
    const sending = await begin(mailer.send(letter));

    await elapse(1_000);

    expect(sending.receipt.attempts).toMatchObject([
      { duration: 1_000, outcome, failure: { reason, drill: true } },
      { outcome: "accepted" },
    ]);
    expect(vi.getTimerCount()).toBe(1);
  });

  it("of a time-out lasts as long as an attempt may", async () => {
    const { mailer } = twoProviders({ timeout: 1_500 });
    mailer.drill("primary", "timeout", { for: 60_000 });
    const sending = await begin(mailer.send(letter));
    await elapse(1_490);
    expect(sending.pending).toBe(true);

    await elapse(10);

    expect(sending.receipt).toMatchObject({ provider: "standby", duplicate: "possible" });
    expect(steps(sending.receipt)).toEqual(["primary timeout", "standby accepted"]);
  });

  it.each([
    ["timeout", "maybe"],
    ["unreachable", "no"],
  ] as const)("of %s ends at once when the caller gives up", async (fault, sent) => {
    const { primary, mailer } = twoProviders();
    mailer.drill("primary", fault, { for: 60_000, latency: 5_000 });
    const caller = new AbortController();
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));

    caller.abort();
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent });
    expect(sending.error.attempts).toMatchObject([{ failure: { reason: "aborted", sent, drill: true } }]);
    expect(primary.attempts).toBe(0);
  });

  it('with an unknown outcome ends a send with onUnknown "stop", and says that it was a drill', async () => {
    const { primary, standby, mailer } = twoProviders();
    mailer.drill("primary", "response-lost", { for: 60_000 });

    const error = await errorOf(mailer.send(letter, { onUnknown: "stop" }));

    expect(error).toMatchObject({ kind: "unknown", sent: "maybe" });
    expect(error.attempts).toMatchObject([{ outcome: "unknown", failure: { reason: "response-lost", drill: true } }]);
    expect([primary.attempts, standby.attempts]).toEqual([0, 0]);
  });

  it("of the only provider leaves a message unsent, as an outage would", async () => {
    const only = memoryProvider();
    const mailer = createMailer({ providers: [only], retry: { maxRounds: 1 } });
    mailer.drill("memory", "unavailable", { for: 60_000 });

    const error = await errorOf(mailer.send(letter));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no", retryable: true });
    expect(error.message).toContain("a drill: the provider was not asked");
    expect(only.attempts).toBe(0);
  });

  it("reaches a campaign's batches too", async () => {
    const primary = memoryProvider({ name: "primary", batch: 100 });
    const standby = memoryProvider({ name: "standby", batch: 100 });
    const mailer = createMailer({ providers: [primary, standby] });
    mailer.drill("primary", "suspended", { for: 60_000 });
    const recipients = Array.from({ length: 250 }, (_, place) => ({ to: `reader-${place}@example.org` }));
    const { to: _, ...content } = letter;

    const counts = await mailer
      .sendBulk({ message: { ...content, unsubscribe: false }, recipients }, { spill: "all" })
      .finish();

    expect(counts).toMatchObject({ accepted: 250 });
    expect(primary.attempts).toBe(0);
    expect(standby.inbox).toHaveLength(250);
  });
});

describe("The events of a drill", () => {
  it("are marked, from the outage to the end of the recovery, and those of a real outage after it are not", async () => {
    const { primary, mailer } = twoProviders();
    const marks = marksOf(mailer);
    mailer.drill("primary", "authentication", { for: 10_000 });
    await mailer.send(letter);
    expect(marks).toEqual(["drill:started", "provider:down (drill)", "attempt", "failover", "attempt", "accepted"]);

    marks.length = 0;
    await pass(15_000);
    await mailer.send(letter);
    await settled();
    await pass(30_000);
    mailer.health();
    expect(marks.filter((name) => name.includes(":"))).toEqual([
      "drill:over",
      "provider:probing (drill)",
      "provider:recovering (drill)",
      "provider:recovered (drill)",
    ]);

    marks.length = 0;
    primary.script("authentication");
    await mailer.send(letter);
    expect(marks.filter((name) => name.includes(":"))).toEqual(["provider:down"]);
  });

  it("lose their mark where the provider really fails when it should come back", async () => {
    const { primary, mailer } = twoProviders();
    const marks = marksOf(mailer);
    mailer.drill("primary", "authentication", { for: 10_000 });
    await mailer.send(letter);
    await pass(15_000);
    primary.script("authentication");
    marks.length = 0;

    await mailer.send(letter);
    await settled();

    expect(marks.filter((name) => name.includes(":"))).toEqual(["provider:probing (drill)", "provider:down"]);
  });

  it("do not claim what the operator did", async () => {
    const { mailer } = twoProviders();
    mailer.drill("primary", "authentication", { for: 60_000 });
    await mailer.send(letter);
    const marks = marksOf(mailer);

    mailer.isolate("primary")[Symbol.dispose]();

    expect(marks).toEqual(["provider:isolated", "provider:restored"]);
  });

  it("say of an outage of all that a drill has part in it", async () => {
    const { standby, mailer } = twoProviders();
    const told: MailerEvents["all-down"][] = [];
    mailer.on("all-down", (event) => told.push(event));
    mailer.drill("primary", "authentication", { for: 60_000 });
    standby.script("authentication");

    await errorOf(mailer.send(letter));

    expect(told).toMatchObject([{ drill: true, severity: "error" }]);
  });

  it("reach the terminal as a drill where nobody listens", async () => {
    const { mailer } = twoProviders();
    mailer.drill("primary", "authentication", { for: 60_000 });

    await mailer.send(letter);

    expect(process.emitWarning).toHaveBeenCalledOnce();
    expect(process.emitWarning).toHaveBeenCalledWith(
      expect.stringContaining("(authentication: a drill: the provider was not asked)"),
      { code: "STEADYMAIL_PROVIDER_DOWN" },
    );
  });

  it("tell what is rehearsed and until when", () => {
    const { mailer } = twoProviders();
    const told: unknown[] = [];
    mailer.on("drill:started", (event) => told.push(event));
    mailer.on("drill:over", (event) => told.push(event));

    mailer.drill("standby", "quota", { for: 5_000 })[Symbol.dispose]();

    const drill = { provider: "standby", fault: "quota", at: new Date(start), until: new Date(start + 5_000) };
    expect(told).toEqual([
      { ...drill, severity: "info" },
      { ...drill, severity: "info" },
    ]);
  });
});

describe("The end of a drill", () => {
  it("comes by itself, and the provider comes back as after any outage", async () => {
    const { primary, mailer } = twoProviders();
    mailer.drill("primary", "authentication", { for: 10_000 });
    await mailer.send(letter);
    expect(healthOf(mailer, "primary")).toMatchObject({
      state: "down",
      drill: { fault: "authentication", until: new Date(start + 10_000) },
      lastFailure: { reason: "authentication", drill: true },
    });

    await pass(15_000);
    const receipt = await mailer.send(letter);
    await pass(30_000);

    expect(receipt.provider).toBe("primary");
    expect(primary.attempts).toBe(1);
    const after = healthOf(mailer, "primary");
    expect(after.state).toBe("healthy");
    expect(after).not.toHaveProperty("drill");
  });

  it("comes by the clock where a frozen process ran no timer", async () => {
    const { primary, mailer } = twoProviders();
    const marks = marksOf(mailer);
    mailer.drill("primary", "unreachable", { for: 10_000 });

    freeze(10_000);
    const receipt = await mailer.send(letter);

    expect(receipt.provider).toBe("primary");
    expect(primary.attempts).toBe(1);
    expect(marks.filter((name) => name.startsWith("drill"))).toEqual(["drill:started", "drill:over"]);
  });

  it("is told on time although nobody sends", async () => {
    const { mailer } = twoProviders();
    const marks = marksOf(mailer);
    mailer.drill("primary", "unreachable", { for: 10_000 });
    await pass(9_999);
    expect(marks).toEqual(["drill:started"]);

    await pass(1);

    expect(marks).toEqual(["drill:started", "drill:over"]);
  });

  it("comes early when its handle is disposed, once", async () => {
    const { primary, mailer } = twoProviders();
    const marks = marksOf(mailer);
    const drill = mailer.drill("primary", "unreachable", { for: 10_000 });

    drill[Symbol.dispose]();
    drill[Symbol.dispose]();
    await mailer.send(letter);

    expect(primary.attempts).toBe(1);
    expect(marks).toEqual(["drill:started", "drill:over", "attempt", "accepted"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("comes when another takes its place, whose own end is not that of the first", async () => {
    const { primary, mailer } = twoProviders();
    const marks = marksOf(mailer);
    const first = mailer.drill("primary", "unreachable", { for: 1_000 });
    mailer.drill("primary", "unavailable", { for: 10_000 });

    first[Symbol.dispose]();
    await pass(1_000);
    const receipt = await mailer.send(letter);

    expect(steps(receipt)).toEqual(["primary unavailable", "standby accepted"]);
    expect(primary.attempts).toBe(0);
    expect(marks.slice(0, 3)).toEqual(["drill:started", "drill:over", "drill:started"]);
  });

  it("comes with the end of the mailer, which leaves no timer behind", async () => {
    const { mailer } = twoProviders();
    const marks = marksOf(mailer);
    mailer.drill("primary", "unreachable", { for: 10_000 });

    await mailer.close();

    expect(marks).toEqual(["drill:started", "drill:over"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

/** A provider of memory that fails so has no time-outs of its own. */
function outcomeOf(fault: DrillFault): Outcome {
  return fault === "timeout" ? "hang" : fault;
}

/** What happens in a minute of outage and after it, but for what tells a drill from a real outage. */
async function lifeThrough(
  outage: (
    primary: ReturnType<typeof twoProviders>["primary"],
    mailer: ReturnType<typeof twoProviders>["mailer"],
  ) => void,
): Promise<unknown[]> {
  vi.setSystemTime(start);
  const { primary, standby, mailer } = twoProviders({ timeout: 2_000 });
  const told: unknown[] = [];
  const tell = (name: string) => (event: object) => told.push([name, strip({ id: "", ...event })]);
  mailer.on("provider:changed", tell("changed"));
  mailer.on("attempt", tell("attempt"));
  mailer.on("failover", tell("failover"));
  outage(primary, mailer);
  let number = 0;
  for (let second = 0; second < 30; second += 1) {
    number += 1;
    void mailer.send(letter, { id: `mail-${number}` });
    await pass(2_000);
  }
  primary.script();
  await pass(240_000);
  void mailer.send(letter, { id: "last" });
  await pass(60_000);
  told.push(mailer.health().map(strip), standby.inbox.length);
  await mailer.close();
  return told;
}

/** What only a drill has, and the number of a mail at a provider that was asked before. */
const marks: ReadonlySet<string> = new Set(["drill", "detail", "providerMessageId"]);

/** Without that. */
function strip(value: object): unknown {
  return JSON.parse(JSON.stringify(value, (key, each: unknown) => (marks.has(key) ? undefined : each)));
}
