import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BulkResult, createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { MemoryCheckpoint } from "../bulk/support.ts";
import { fakeTime, freeze, letter, pass, sendMany, settled, start } from "../mailer/health-support.ts";
import { adapter, begin, elapse, errorOf, healthOf, steps } from "../mailer/support.ts";
import { marksOf, twoProviders } from "./support.ts";

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
});

function houseOfTwo(options: { readonly timeout?: number } = {}) {
  const house = twoProviders({ retry: { maxRounds: 1 }, ...options });
  return { ...house, marks: marksOf(house.mailer) };
}

const drills = (marks: readonly string[]) => marks.filter((name) => name.startsWith("drill"));

describe("A drill beside", () => {
  it("maintenance begins and ends with nobody asked, and the provider is back at once", async () => {
    const { primary, mailer, marks } = houseOfTwo();
    const handle = mailer.isolate("primary");
    mailer.drill("primary", "authentication", { for: 10_000 });
    await sendMany(mailer, 3);
    expect(healthOf(mailer, "primary")).toMatchObject({ isolated: true, state: "healthy", drill: {} });

    await pass(10_000);
    handle[Symbol.dispose]();
    await sendMany(mailer, 1);

    expect(primary.attempts).toBe(1);
    expect(marks.filter((name) => name.includes(":"))).toEqual([
      "provider:isolated",
      "drill:started",
      "drill:over",
      "provider:restored",
    ]);
  });

  it("a rate empties it as a real throttle does, and those in line go on after the pause", async () => {
    const only = memoryProvider({ name: "only" });
    const mailer = createMailer({ providers: [{ provider: only, rate: { limit: 2, interval: 1_000 } }] });
    const drill = mailer.drill("only", "throttled", { for: 60_000, retryAfter: 4_000 });
    const mails = await Promise.all([1, 2, 3].map(() => begin(mailer.send(letter))));
    drill[Symbol.dispose]();
    expect(healthOf(mailer, "only")).toMatchObject({ throttledUntil: new Date(start + 4_000), queued: 3 });

    await elapse(10_000);

    expect(mails.map(({ accepted }) => accepted)).toEqual([true, true, true]);
    expect(only.attempts).toBe(3);
  });

  it("a concurrency gives each of its places back", async () => {
    const only = memoryProvider({ name: "only" });
    const mailer = createMailer({
      providers: [{ provider: only, concurrency: 1 }],
      retry: { maxRounds: 1 },
      breaker: { consecutiveFailures: 100, minimumAttempts: 100 },
    });
    mailer.drill("only", "server-error", { for: 5_000, latency: 1_000 });
    const mails = await Promise.all([1, 2, 3, 4, 5, 6].map(() => begin(mailer.send(letter))));
    expect(healthOf(mailer, "only")).toMatchObject({ inFlight: 1, queued: 5 });

    await elapse(5_100);

    expect(mails.map((mail) => mail.accepted)).toEqual([false, false, false, false, false, true]);
    expect(healthOf(mailer, "only")).toMatchObject({ inFlight: 0, queued: 0 });
  });

  it("a standby that is being proven costs a failover, and no mail", async () => {
    const standby = memoryProvider({ name: "standby" });
    const mailer = createMailer({
      providers: [memoryProvider({ name: "primary" }), { provider: standby, prove: 1 }],
    });
    mailer.drill("standby", "unreachable", { for: 60_000 });

    const receipt = await mailer.send(letter);

    expect(steps(receipt)).toEqual(["standby unreachable", "primary accepted"]);
    expect(standby.attempts).toBe(0);
  });

  it("sticky keys moves those of its provider, and brings them back", async () => {
    const members = ["a", "b"] as const;
    const mailer = createMailer({ providers: [members.map((name) => memoryProvider({ name }))] });
    const send = async () => (await mailer.send(letter, { stickyKey: "ada" })).provider;
    const home = await send();
    mailer.drill(home, "suspended", { for: 10_000 });

    expect(await send()).not.toBe(home);
    await pass(20_000);
    await send();
    await pass(30_000);
    expect(await send()).toBe(home);
  });

  it("a real outage of the others leaves one last resort a second, which is not sent by it", async () => {
    const { primary, standby, mailer } = houseOfTwo();
    standby.script("suspended");
    mailer.drill("primary", "suspended", { for: 60_000 });
    await errorOf(mailer.send(letter));
    standby.script("unavailable");
    await pass(1_000);

    const errors = await Promise.all([1, 2, 3].map(() => errorOf(mailer.send(letter))));

    expect(errors.map(({ kind, sent }) => [kind, sent])).toEqual(Array(3).fill(["unavailable", "no"]));
    expect(primary.attempts).toBe(0);
    expect(errors.flatMap(({ attempts }) => attempts)).toHaveLength(1);
  });

  it("a probe under way takes nothing from it, and is the next probe's fault", async () => {
    const { primary, mailer } = houseOfTwo();
    primary.script("suspended", { accepted: true, after: 1_000 });
    await sendMany(mailer, 1);
    await pass(15_000);
    const probe = await begin(mailer.send(letter));
    expect(healthOf(mailer, "primary").state).toBe("probing");

    mailer.drill("primary", "unreachable", { for: 60_000 });
    const beside = await mailer.send(letter);
    await elapse(1_000);

    expect(beside.provider).toBe("standby");
    expect(probe.receipt.provider).toBe("primary");
    expect(healthOf(mailer, "primary").state).toBe("recovering");
  });
});

describe("A drill that ends while an attempt of it hangs", () => {
  it("leaves that attempt hanging, as an outage would, and lets the next one through", async () => {
    const { primary, mailer } = houseOfTwo({ timeout: 3_000 });
    const drill = mailer.drill("primary", "timeout", { for: 60_000 });
    const hanging = await begin(mailer.send(letter));

    drill[Symbol.dispose]();
    const next = await mailer.send(letter);
    await elapse(3_000);

    expect(next.provider).toBe("primary");
    expect(hanging.receipt.attempts).toMatchObject([{ failure: { reason: "timeout", drill: true } }, {}]);
    expect(primary.attempts).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("goes on to the end of that attempt where the mailer closes, and leaves nothing behind", async () => {
    const { primary, mailer, marks } = houseOfTwo({ timeout: 3_000 });
    mailer.drill("primary", "timeout", { for: 60_000 });
    const hanging = await begin(mailer.send(letter));
    const closing = mailer.close();
    await elapse(2_900);
    expect(drills(marks)).toEqual(["drill:started"]);

    await elapse(100);
    await closing;

    expect(hanging.receipt.provider).toBe("standby");
    expect([primary.attempts, drills(marks)]).toEqual([0, ["drill:started", "drill:over"]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(["timeout", "server-error"] as const)("of %s is cut off by the time limit of close()", async (fault) => {
    const { mailer } = houseOfTwo();
    mailer.drill("primary", fault, { for: 60_000, latency: 9_000 });
    const hanging = await begin(mailer.send(letter));

    void mailer.close({ timeout: 500 });
    await elapse(510);

    expect(hanging.error).toMatchObject({ kind: "closed", sent: "maybe" });
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("A drill does not keep the process from ending", () => {
  const setTimer = vi.spyOn(globalThis, "setTimeout");
  const { mailer } = houseOfTwo();
  mailer.drill("primary", "unreachable", { for: 60_000 });

  expect(setTimer.mock.results.map(({ value }) => value.hasRef())).toEqual([false]);
});

describe("A frozen process", () => {
  it("that is thawed after the end of a drill finds its hanging attempt timed out, and sends by the provider", async () => {
    const { primary, mailer, marks } = houseOfTwo({ timeout: 3_000 });
    mailer.drill("primary", "timeout", { for: 10_000 });
    const hanging = await begin(mailer.send(letter, { deadline: 60_000 }));

    freeze(20_000);
    const next = await mailer.send(letter);
    await elapse(3_000);

    expect([next.provider, hanging.receipt.provider]).toEqual(["primary", "standby"]);
    expect(primary.attempts).toBe(1);
    expect(drills(marks)).toEqual(["drill:started", "drill:over"]);
  });

  it("is told of the end by health() too", () => {
    const { mailer, marks } = houseOfTwo();
    mailer.drill("primary", "unreachable", { for: 10_000 });
    freeze(10_000);

    expect(mailer.health()[0]).not.toHaveProperty("drill");
    expect(marks).toEqual(["drill:started", "drill:over"]);
  });
});

describe("A listener of a drill's events", () => {
  it("may throw", async () => {
    const { mailer, marks } = houseOfTwo();
    const fail = () => {
      throw new Error("what now?");
    };
    mailer.on("drill:started", fail).on("drill:over", fail);
    mailer.drill("primary", "unreachable", { for: 10_000 })[Symbol.dispose]();

    expect(marks).toEqual(["drill:started", "drill:over"]);
    expect(await mailer.send(letter)).toMatchObject({ provider: "primary" });
  });

  it("may send, and finds the drill on at its begin and gone at its end", async () => {
    const { mailer } = houseOfTwo();
    const sent: Promise<{ provider: string }>[] = [];
    mailer.on("drill:started", () => sent.push(mailer.send(letter)));
    mailer.on("drill:over", () => sent.push(mailer.send(letter)));
    const drill = mailer.drill("primary", "unreachable", { for: 10_000 });
    await settled();
    drill[Symbol.dispose]();

    expect((await Promise.all(sent)).map(({ provider }) => provider)).toEqual(["standby", "primary"]);
  });

  it("may dispose the handle of the drill whose attempt has just failed", async () => {
    const { primary, mailer, marks } = houseOfTwo();
    const drill = mailer.drill("primary", "unreachable", { for: 10_000 });
    mailer.once("attempt", () => drill[Symbol.dispose]());

    await sendMany(mailer, 2);

    expect(primary.attempts).toBe(1);
    expect(drills(marks)).toEqual(["drill:started", "drill:over"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may begin the next drill where one ends", async () => {
    const { mailer, marks } = houseOfTwo();
    mailer.once("drill:over", () => mailer.drill("primary", "unavailable", { for: 5_000 }));
    mailer.drill("primary", "unreachable", { for: 5_000 });

    await pass(5_000);
    expect(healthOf(mailer, "primary").drill).toMatchObject({ fault: "unavailable" });
    await pass(5_000);

    expect(drills(marks)).toEqual(["drill:started", "drill:over", "drill:started", "drill:over"]);
  });

  it("that begins another where one is replaced has the last word, and no drill is left without an end", async () => {
    const { mailer } = houseOfTwo();
    const told: string[] = [];
    mailer.on("drill:started", ({ fault }) => told.push(`${fault} begins`));
    mailer.on("drill:over", ({ fault }) => told.push(`${fault} ends`));
    mailer.on("drill:over", () => mailer.drill("primary", "quota", { for: 5_000 }));
    mailer.drill("primary", "unreachable", { for: 5_000 });

    const handle = mailer.drill("primary", "unavailable", { for: 60_000 });
    handle[Symbol.dispose]();

    expect(told).toEqual(["unreachable begins", "unreachable ends", "quota begins"]);
    expect(healthOf(mailer, "primary").drill).toMatchObject({ fault: "quota" });
    expect(vi.getTimerCount()).toBe(1);
  });
});

describe("A closed mailer", () => {
  it("begins no drill, and leaves no timer behind for one", async () => {
    const { mailer, marks } = houseOfTwo();
    await mailer.close();

    mailer.drill("primary", "unreachable", { for: 10_000 })[Symbol.dispose]();

    expect(marks).toEqual([]);
    expect(mailer.health()[0]).not.toHaveProperty("drill");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("begins none that a listener asks for at the end of the last", async () => {
    const { mailer, marks } = houseOfTwo();
    mailer.on("drill:over", () => mailer.drill("primary", "unavailable", { for: 10_000 }));
    mailer.drill("primary", "unreachable", { for: 10_000 });

    await mailer.close();

    expect(marks).toEqual(["drill:started", "drill:over"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("Questions to a provider under a drill", () => {
  it("go to the provider itself: verify() and warm() are no mail", async () => {
    const asked: string[] = [];
    const provider = {
      ...adapter("own", {}),
      warm: async () => void asked.push("warm"),
      verify: async () => {
        asked.push("verify");
        return [{ of: "account", verdict: "good", finding: "It may send." } as const];
      },
    };
    const mailer = createMailer({ providers: [provider] });
    mailer.drill("own", "authentication", { for: 60_000 });

    expect(await mailer.warm()).toMatchObject([{ ready: true }]);
    expect(await mailer.verify()).toMatchObject([{ verdict: "good" }]);
    expect(asked).toEqual(["warm", "verify"]);
  });
});

describe("A campaign under a drill", () => {
  const { to: _, ...content } = letter;
  const bulk = (count: number) => ({
    message: { ...content, unsubscribe: false } as const,
    recipients: Array.from({ length: count }, (_, place) => ({ to: `reader-${place}@example.org` })),
  });
  const batched = <const N extends string>(name: N) => memoryProvider({ name, batch: 10 });

  it("that leaves it no provider waits for its end, and sends to everybody once", async () => {
    const [primary, standby] = [batched("primary"), batched("standby")];
    const mailer = createMailer({ providers: [primary, standby] });
    const marks = marksOf(mailer);
    mailer.drill("primary", "suspended", { for: 20_000 });
    mailer.drill("standby", "quota", { for: 20_000 });
    const campaign = mailer.sendBulk(bulk(50), { spill: "all" });
    const done = campaign.finish();
    await pass(10_000);
    expect([campaign.progress.state, primary.attempts, standby.attempts]).toEqual(["waiting", 0, 0]);

    await pass(120_000);

    expect(await done).toMatchObject({ accepted: 50 });
    expect(primary.inbox.length + standby.inbox.length).toBe(50);
    expect(marks).toContain("all-down (drill)");
    expect(marks).toContain("all-down:over (drill)");
    expect(marks).not.toContain("all-down");
  });

  it("of an unknown outcome is told so of each of its mails, and goes to none of them again from its checkpoint", async () => {
    const primary = batched("primary");
    const mailer = createMailer({ providers: [primary] });
    const checkpoint = new MemoryCheckpoint();
    const drill = mailer.drill("primary", "response-lost", { for: 60_000 });
    const results: BulkResult[] = [];
    for await (const result of mailer.sendBulk(bulk(30), { checkpoint, id: "news", concurrency: 1 })) {
      results.push(result);
      drill[Symbol.dispose]();
    }
    const again = createMailer({ providers: [primary] });
    await again.sendBulk(bulk(30), { checkpoint, id: "news" }).finish();

    const unknown = results.filter(({ outcome }) => outcome === "unknown");
    expect(unknown).toHaveLength(10);
    for (const each of unknown) {
      expect(each).toMatchObject({ error: { sent: "maybe", attempts: [{ failure: { drill: true } }] } });
    }
    expect(primary.inbox).toHaveLength(20);
  });
});
