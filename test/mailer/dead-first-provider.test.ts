import { describe, expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, fixRandom, letter, silenceWarnings, steps, useFakeTime } from "./support.ts";

useFakeTime();
silenceWarnings();

const times = 1_000;

describe("1,000 sends one after another with a dead first provider", () => {
  test("are accepted once each without any wait, and the dead one is tried no more than consecutiveFailures times", async () => {
    const dead = memoryProvider({ name: "dead", script: () => ({ reason: "unreachable", code: "ECONNREFUSED" }) });
    const alive = memoryProvider({ name: "alive" });
    const mailer = createMailer({ providers: [dead, alive] });
    let probes = 0;
    mailer.on("provider:probing", () => {
      probes += 1;
    });

    for (let sent = 0; sent < times; sent += 1) {
      // Time stands still, so a send that waits for anything would never end.
      const receipt = await mailer.send(letter, { id: `m-${sent}` });
      expect(receipt).toMatchObject({ provider: "alive", duplicate: "no", duration: 0 });
    }

    expect(alive.inbox.map(({ id }) => id)).toEqual(Array.from({ length: times }, (_, sent) => `m-${sent}`));
    expect(dead.inbox).toEqual([]);
    expect([dead.attempts, probes]).toEqual([5, 0]);
  });

  test("over minutes, it is tried by one probe for each open period, which doubles", async () => {
    fixRandom();
    const dead = memoryProvider({ name: "dead", script: () => "unreachable" });
    const alive = memoryProvider({ name: "alive" });
    const mailer = createMailer({ providers: [dead, alive] });
    let probes = 0;
    mailer.on("provider:probing", () => {
      probes += 1;
    });

    for (let sent = 0; sent < times; sent += 1) {
      await mailer.send(letter);
      await elapse(1_000);
    }

    expect(new Set(alive.inbox.map(({ id }) => id)).size).toBe(times);
    expect(alive.inbox).toHaveLength(times);
    // Open for 15, 30, 60, 120, 240 and then 300 s: probes at 19, 49, 109, 229, 469 and 769 s.
    expect([dead.attempts, probes]).toEqual([5 + 6, 6]);
  });

  test("and when it is back it takes over again", async () => {
    fixRandom();
    let alive = false;
    const first = memoryProvider({ name: "first", script: () => (alive ? "accepted" : "unreachable") });
    const standby = memoryProvider({ name: "standby" });
    const mailer = createMailer({ providers: [first, standby] });
    for (let sent = 0; sent < 20; sent += 1) await mailer.send(letter);
    alive = true;
    await elapse(15_000);
    const before = standby.inbox.length;

    for (let sent = 0; sent < 20; sent += 1) expect(steps(await mailer.send(letter))).toEqual(["first accepted"]);

    expect(standby.inbox).toHaveLength(before);
  });
});
