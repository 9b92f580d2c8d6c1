import { describe, expect, it, vi } from "vitest";
import { fixRandom, healthOf, letter, silenceWarnings, steps } from "../mailer/support.ts";
import { serverThat, stopTime } from "../wire/harness.ts";
import { adapterOf, espNames, openMailer, startEsp } from "./support/esps.ts";
import { adapterAt, unusedPort } from "./support/fault-servers.ts";
import { copies, letters, pairs, startPair } from "./support/pairs.ts";
import { errorOf, failureOf } from "./support/verdicts.ts";

silenceWarnings();

/** By default so many failures in a row open the breaker. */
const minimum = 5;

/** The first pair has the long run; it takes the others as much time in fewer steps. */
const runs = pairs.map(([first, second], index) => ({ first, second, count: index === 0 ? 1_000 : 100 }));
const runTime = 100_000;

describe.each(runs)("with $first refusing connections and $second well", ({ first, second, count }) => {
  it(`${count} sends are accepted once each, the dead one is tried as often as its breaker must, and nothing waits`, async () => {
    fixRandom();
    const [dead, well] = await startPair(first, second);
    await dead.fault({ kind: "refuse" });
    // Time stands still during each send: one that waited for anything but its answer would never end.
    stopTime();
    const mailer = openMailer({ providers: [adapterOf(dead), adapterOf(well)] });
    let tried = 0;
    let probes = 0;
    mailer.on("attempt", ({ attempt }) => {
      if (attempt.provider === first) tried += 1;
    });
    mailer.on("provider:probing", () => {
      probes += 1;
    });

    const ids: string[] = [];
    for (const message of letters(count)) {
      const receipt = await mailer.send(message);
      expect(receipt).toMatchObject({ provider: second, duplicate: "no" });
      ids.push(receipt.id);
      vi.advanceTimersByTime(runTime / count);
    }

    expect(well.inbox.map(({ steadymailId }) => steadymailId)).toEqual(ids);
    expect(new Set(well.inbox.map(({ subject }) => subject)).size).toBe(count);
    expect(dead.inbox).toEqual([]);
    // The 100 seconds are spent with it open: for 15, for 30, and for 60.
    expect(probes).toBe(2);
    expect(tried).toBe(minimum + probes);
  });

  it("100 sends at the same time are accepted once each", async () => {
    const [dead, well] = await startPair(first, second);
    await dead.fault({ kind: "refuse" });
    stopTime();
    const mailer = openMailer({ providers: [adapterOf(dead), adapterOf(well)] });

    const receipts = await Promise.all(letters(100).map((message) => mailer.send(message)));

    expect(receipts.map(({ id }) => copies(id, well))).toEqual(receipts.map(() => 1));
    expect(well.inbox).toHaveLength(100);
  });
});

describe.each(pairs)("accept-then-reset at %s, and %s well", (first, second) => {
  it("onUnknown “stop” never sends twice", async () => {
    const [broken, well] = await startPair(first, second);
    await broken.fault({ kind: "accept-then-reset" });
    const mailer = openMailer({ providers: [adapterOf(broken), adapterOf(well)], onUnknown: "stop" });

    const stopped: string[] = [];
    for (const message of letters(minimum)) {
      const error = await errorOf(mailer.send(message));
      expect(error).toMatchObject({ kind: "unknown", sent: "maybe", retryable: false });
      expect(steps(error)).toEqual([`${first} response-lost`]);
      stopped.push(error.id);
    }
    expect(broken.inbox.map(({ steadymailId }) => steadymailId)).toEqual(stopped);
    expect(well.requests).toBe(0);

    // Now it is down, and nothing is unknown any more.
    const receipts = await Promise.all(letters(20).map((message) => mailer.send(message)));
    for (const receipt of receipts) expect(receipt).toMatchObject({ provider: second, duplicate: "no" });
    expect(receipts.map(({ id }) => copies(id, broken, well))).toEqual(receipts.map(() => 1));
    expect([broken.requests, broken.inbox.length]).toEqual([minimum, minimum]);
  });

  it("onUnknown “failover” sends, and says of each duplicate that it is possible", async () => {
    const [broken, well] = await startPair(first, second);
    await broken.fault({ kind: "accept-then-reset" });
    const mailer = openMailer({ providers: [adapterOf(broken), adapterOf(well)] });

    for (const message of letters(minimum)) {
      const receipt = await mailer.send(message);
      expect(receipt).toMatchObject({ provider: second, duplicate: "possible" });
      expect(steps(receipt)).toEqual([`${first} response-lost`, `${second} accepted`]);
      expect([copies(receipt.id, broken), copies(receipt.id, well)]).toEqual([1, 1]);
    }
    for (const message of letters(20)) {
      const receipt = await mailer.send(message);
      expect(receipt).toMatchObject({ provider: second, duplicate: "no", attempts: [{ outcome: "accepted" }] });
      expect([copies(receipt.id, broken), copies(receipt.id, well)]).toEqual([0, 1]);
    }
  });

  it("the choice of one send goes before that of the mailer", async () => {
    const [broken, well] = await startPair(first, second);
    await broken.fault({ kind: "accept-then-reset" });
    const mailer = openMailer({ providers: [adapterOf(broken), adapterOf(well)], onUnknown: "stop" });

    const receipt = await mailer.send(letter, { onUnknown: "failover" });

    expect(receipt.duplicate).toBe("possible");
    expect(copies(receipt.id, broken, well)).toBe(2);
  });
});

describe("accept-then-reset at all four", () => {
  it.each(["one after another", "at the same time"])("no message is sent more than twice: 40 %s", async (how) => {
    const esps = await Promise.all(espNames.map((name) => startEsp(name)));
    await Promise.all(esps.map((esp) => esp.fault({ kind: "accept-then-reset" })));
    const mailer = openMailer({ providers: esps.map((esp) => adapterOf(esp)) });

    const errors: Awaited<ReturnType<typeof errorOf>>[] = [];
    if (how === "at the same time") {
      errors.push(...(await Promise.all(letters(40).map((message) => errorOf(mailer.send(message))))));
    } else {
      for (const message of letters(40)) errors.push(await errorOf(mailer.send(message)));
    }

    for (const { kind, id, attempts } of errors) {
      // Each request was accepted, so that what is unknown to the mailer is known here.
      expect(attempts.length).toBeLessThanOrEqual(2);
      expect(copies(id, ...esps)).toBe(attempts.length);
      expect(kind).toBe(attempts.length > 0 ? "unknown" : "unavailable");
    }
    expect(errors[0]?.attempts).toHaveLength(2);
    expect(esps.flatMap(({ inbox }) => inbox)).toHaveLength(errors.flatMap(({ attempts }) => attempts).length);
  });
});

describe.each(espNames)("a caller who gives up while %s stalls", (name) => {
  it("gets an AbortError, the server sees its connection closed, and nobody else is tried", async () => {
    const stalled = await serverThat(() => {});
    const standby = await startEsp(name);
    const mailer = openMailer({
      providers: [adapterAt(name, { baseUrl: stalled.url.origin }), adapterOf(standby, "standby")],
    });
    const caller = new AbortController();
    const gaveUp = new Error("The user left");

    const sending = errorOf(mailer.send(letter, { signal: caller.signal }));
    await stalled.until(() => stalled.requests.length === 1);
    expect(stalled.open).toBe(1);
    caller.abort(gaveUp);
    const error = await sending;

    expect(error).toMatchObject({ kind: "aborted", name: "AbortError", sent: "maybe", cause: gaveUp });
    expect(error.attempts.map((attempt) => [attempt.outcome, failureOf(attempt)])).toEqual([
      ["unknown", { reason: "aborted", scope: "none", sent: "maybe" }],
    ]);
    await stalled.until(() => stalled.open === 0);
    expect([stalled.requests.length, standby.requests]).toEqual([1, 0]);
    expect(healthOf(mailer, name)).toMatchObject({ state: "healthy", failureRate: 0 });
  });

  it("after another had refused: the one that stalls may have it", async () => {
    const stalled = await serverThat(() => {});
    const mailer = openMailer({
      providers: [
        adapterAt(name, { baseUrl: `http://127.0.0.1:${await unusedPort()}`, name: "refusing" }),
        adapterAt(name, { baseUrl: stalled.url.origin }),
      ],
    });
    const caller = new AbortController();

    const sending = errorOf(mailer.send(letter, { signal: caller.signal }));
    await stalled.until(() => stalled.requests.length === 1);
    caller.abort();
    const error = await sending;

    expect(error).toMatchObject({ kind: "aborted", sent: "maybe" });
    expect(steps(error)).toEqual(["refusing unreachable", `${name} aborted`]);
    await stalled.until(() => stalled.open === 0);
  });

  it("before anything was sent: nothing is sent", async () => {
    const esp = await startEsp(name);
    const error = await errorOf(
      openMailer({ providers: [adapterOf(esp)] }).send(letter, { signal: AbortSignal.abort() }),
    );
    expect(error).toMatchObject({ kind: "aborted", sent: "no", attempts: [] });
    expect(esp.connections).toBe(0);
  });
});
