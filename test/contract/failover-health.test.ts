import { describe, expect, it, vi } from "vitest";
import type { Attempt, ProviderChange } from "../../src/index.ts";
import { fixRandom, healthOf, letter, silenceWarnings, steps } from "../mailer/support.ts";
import { stopTime } from "../wire/harness.ts";
import { adapterOf, espNames, openMailer, startEsp } from "./support/esps.ts";
import { copies, letters, pairs, startPair } from "./support/pairs.ts";
import { errorOf, failureOf, withoutWaiting } from "./support/verdicts.ts";

silenceWarnings();

/** Long after the first opening of a breaker is over, and long enough for a recovery. */
const openPeriod = 15_001;
const slowStart = 30_001;

describe.each(pairs)("%s first, %s second", (first, second) => {
  async function start() {
    fixRandom();
    const [broken, well] = await startPair(first, second);
    stopTime();
    const mailer = openMailer({ providers: [adapterOf(broken), adapterOf(well)] });
    const changes: ProviderChange[] = [];
    mailer.on("provider:changed", (change) => changes.push(change));
    return { broken, well, mailer, changes };
  }

  it.each([
    { kind: "refuse" },
    { kind: "reset-after-request" },
    { kind: "status", status: 500 },
    { kind: "suspended" },
  ] as const)("the first is used again when it has healed of $kind", async (fault) => {
    const { broken, mailer, changes } = await start();
    await broken.fault(fault);
    while (healthOf(mailer, first).state !== "down") await mailer.send(letter);
    await broken.heal();
    const before = broken.inbox.length;

    // Healed, but nobody knows yet: it is left alone until its time.
    expect(await mailer.send(letter)).toMatchObject({ provider: second, attempts: [{ outcome: "accepted" }] });
    expect(broken.inbox).toHaveLength(before);
    vi.advanceTimersByTime(openPeriod);
    const probe = await mailer.send(letter);
    expect(probe).toMatchObject({ provider: first, duplicate: "no", attempts: [{ outcome: "accepted" }] });
    for (const message of letters(5)) expect((await mailer.send(message)).provider).toBe(first);
    expect(broken.inbox).toHaveLength(before + 6);
    vi.advanceTimersByTime(slowStart);

    expect(healthOf(mailer, first)).toMatchObject({ state: "healthy", failureRate: 0 });
    // Failures may have degraded it on its way down.
    expect(changes.map(({ to }) => to).filter((to) => to !== "degraded")).toEqual([
      "down",
      "probing",
      "recovering",
      "healthy",
    ]);
    expect(changes.every(({ provider }) => provider === first)).toBe(true);
  });

  it("a probe of one that has not healed loses no message, and doubles the time to the next", async () => {
    const { broken, well, mailer } = await start();
    await broken.fault({ kind: "refuse" });
    while (healthOf(mailer, first).state !== "down") await mailer.send(letter);
    vi.advanceTimersByTime(openPeriod);

    const probe = await mailer.send(letter);
    expect(steps(probe)).toEqual([`${first} unreachable`, `${second} accepted`]);
    expect(copies(probe.id, well)).toBe(1);
    vi.advanceTimersByTime(openPeriod);
    expect(steps(await mailer.send(letter))).toEqual([`${second} accepted`]);
    vi.advanceTimersByTime(openPeriod);
    expect(steps(await mailer.send(letter))).toEqual([`${first} unreachable`, `${second} accepted`]);
  });

  it.each([
    ["unauthorized", "authentication"],
    ["suspended", "suspended"],
    ["sender-unverified", "sender"],
    ["quota", "quota"],
  ] as const)("%s takes it down at once, after one attempt", async (kind, reason) => {
    const { broken, well, mailer, changes } = await start();
    await broken.fault({ kind });

    const receipt = await mailer.send(letter);
    expect(steps(receipt)).toEqual([`${first} ${reason}`, `${second} accepted`]);
    expect(changes).toMatchObject([
      {
        provider: first,
        from: "healthy",
        to: "down",
        reason,
        severity: "error",
        failure: { reason, scope: "account" },
      },
    ]);
    expect(healthOf(mailer, first)).toMatchObject({ state: "down", share: 0, lastFailure: { reason } });
    for (const message of letters(10)) expect(steps(await mailer.send(message))).toEqual([`${second} accepted`]);
    expect([broken.requests, broken.inbox.length, well.inbox.length]).toEqual([1, 0, 11]);
  });

  it("a throttle sends mail the other way for as long as the ESP says, and is no failure", async () => {
    const { broken, well, mailer, changes } = await start();
    await broken.fault({ kind: "throttle", retryAfter: 20_000 }, { times: 1 });

    const receipt = await mailer.send(letter);
    expect(steps(receipt)).toEqual([`${first} throttled`, `${second} accepted`]);
    const { retryAfter } = failureOf(receipt.attempts[0]);
    if (retryAfter === undefined) throw new Error("the throttle has no end");
    // In the words of some ESPs it is a date without milliseconds.
    expect(retryAfter).toBeGreaterThanOrEqual(20_000);
    expect(retryAfter).toBeLessThan(21_000);
    vi.advanceTimersByTime(retryAfter - 1);
    for (const message of letters(5)) expect(steps(await mailer.send(message))).toEqual([`${second} accepted`]);
    expect(broken.requests).toBe(1);
    vi.advanceTimersByTime(1);
    for (const message of letters(5)) expect(steps(await mailer.send(message))).toEqual([`${first} accepted`]);

    expect(changes.map(({ from, to }) => [from, to])).toEqual([
      ["healthy", "throttled"],
      ["throttled", "healthy"],
    ]);
    expect(healthOf(mailer, first)).toMatchObject({ state: "healthy", failureRate: 0 });
    expect([broken.inbox.length, well.inbox.length]).toEqual([5, 6]);
  });

  it("html-200 may have been sent: “failover” says so, and “stop” stops", async () => {
    const { broken, well, mailer } = await start();
    await broken.fault({ kind: "html-200" });

    const receipt = await mailer.send(letter);
    expect(receipt.duplicate).toBe("possible");
    expect(steps(receipt)).toEqual([`${first} bad-response`, `${second} accepted`]);
    expect([copies(receipt.id, broken), copies(receipt.id, well)]).toEqual([0, 1]);

    const error = await errorOf(mailer.send(letter, { onUnknown: "stop" }));
    expect(error).toMatchObject({ kind: "unknown", sent: "maybe", retryable: false });
    expect(steps(error)).toEqual([`${first} bad-response`]);
    expect(well.requests).toBe(1);
  });

  it("a whole outage of both ends at once with an error that says when to come back", async () => {
    const { broken, well, mailer } = await start();
    await Promise.all([broken, well].map((esp) => esp.fault({ kind: "unauthorized" })));

    const error = await withoutWaiting(errorOf(mailer.send(letter)));
    expect(error).toMatchObject({ kind: "unavailable", sent: "no", retryable: true });
    expect(steps(error)).toEqual([`${first} authentication`, `${second} authentication`]);
    expect(error.retryAt?.getTime()).toBe(Date.now() + 15_000);

    await Promise.all([broken, well].map((esp) => esp.heal()));
    vi.advanceTimersByTime(openPeriod);
    expect(await mailer.send(letter)).toMatchObject({ provider: first, duplicate: "no" });
  });
});

describe.each(espNames)("%s alone", (name) => {
  it("with a throttle waits as long as it says, and then sends", async () => {
    const esp = await startEsp(name);
    stopTime();
    await esp.fault({ kind: "throttle", retryAfter: 2_000 }, { times: 1 });
    const mailer = openMailer({ providers: [adapterOf(esp)] });
    const throttled = new Promise<Attempt>((resolve) => {
      mailer.once("attempt", ({ attempt }) => resolve(attempt));
    });

    const sending = mailer.send(letter);
    const { retryAfter = 0 } = failureOf(await throttled);
    expect(retryAfter).toBeGreaterThanOrEqual(2_000);
    await vi.advanceTimersByTimeAsync(retryAfter - 1);
    expect([esp.requests, healthOf(mailer, name).queued]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(1);

    expect(steps(await sending)).toEqual([`${name} throttled`, `${name} accepted`]);
    expect([esp.requests, esp.inbox.length]).toEqual([2, 1]);
  });

  it("after a refused connection sends in a later round, when it has healed", async () => {
    const esp = await startEsp(name);
    await esp.fault({ kind: "refuse" });
    const mailer = openMailer({ providers: [adapterOf(esp)], retry: { minDelay: 1 } });
    mailer.once("attempt", () => esp.heal());

    // The port is opened again within the attempts; how many it takes is not certain.
    const receipt = await mailer.send(letter);

    expect(receipt).toMatchObject({ provider: name, duplicate: "no" });
    expect(receipt.attempts.length).toBeGreaterThan(1);
    expect([esp.requests, esp.inbox.length]).toEqual([1, 1]);
  });
});
