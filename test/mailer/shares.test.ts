import { describe, expect, test, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, fixRandom, letter, silenceWarnings, takeDown, useFakeTime } from "./support.ts";

useFakeTime();
silenceWarnings();

function group(...weights: readonly [number, number, number]) {
  const [a, b, c] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" }), memoryProvider({ name: "c" })];
  const mailer = createMailer({
    providers: [
      [
        { provider: a, weight: weights[0] },
        { provider: b, weight: weights[1] },
        { provider: c, weight: weights[2] },
      ],
    ],
  });
  return { a, b, c, mailer, counts: () => [a, b, c].map(({ inbox }) => inbox.length) };
}

describe("A group shares the load by weight", () => {
  test.each([0, 0.1, 0.37, 0.5, 0.999])("exactly over every cycle, at the phase %d", async (phase) => {
    fixRandom(phase);
    const { mailer, counts } = group(5, 3, 2);

    for (let cycle = 1; cycle <= 4; cycle += 1) {
      for (let sent = 0; sent < 10; sent += 1) await mailer.send(letter);
      expect(counts()).toEqual([5 * cycle, 3 * cycle, 2 * cycle]);
    }
  });

  test("never bunched: the heaviest does not take all of its turns in a row", async () => {
    fixRandom(0);
    const { mailer } = group(5, 1, 1);
    const turns: string[] = [];
    for (let sent = 0; sent < 14; sent += 1) turns.push((await mailer.send(letter)).provider);

    expect(turns.join("")).toBe("aabacaa".repeat(2));
  });

  test("from a random phase: processes that send once share it too", async () => {
    const counts = { a: 0, b: 0, c: 0 };
    for (let process = 0; process < 100; process += 1) {
      vi.spyOn(Math, "random").mockReturnValue((process + 0.5) / 1_000);
      counts[(await group(5, 3, 2).mailer.send(letter)).provider] += 1;
    }

    expect(counts).toEqual({ a: 50, b: 30, c: 20 });
  });

  test("fractions are weights like others", async () => {
    fixRandom(0);
    const { mailer, counts } = group(0.5, 0.3, 0.2);

    for (let sent = 0; sent < 100; sent += 1) await mailer.send(letter);

    expect(counts()).toEqual([50, 30, 20]);
  });

  test("the others take over the share of one that is down, by their weights", async () => {
    fixRandom();
    const { a, mailer, counts } = group(5, 3, 2);
    await takeDown(mailer, a);

    for (let sent = 0; sent < 50; sent += 1) await mailer.send(letter);

    expect(counts()).toEqual([0, 30, 20]);
  });

  test("a standby that nobody needed keeps its shares exact", async () => {
    fixRandom(0);
    const main = memoryProvider({ name: "main" });
    const [x, y] = [memoryProvider({ name: "x" }), memoryProvider({ name: "y" })];
    const mailer = createMailer({ providers: [main, [{ provider: x, weight: 3 }, y]] });

    for (let sent = 0; sent < 40; sent += 1) {
      // Two of three messages need the standby.
      if (sent % 3 !== 0) main.script("too-large");
      await mailer.send(letter);
    }

    expect([main, x, y].map(({ inbox }) => inbox.length)).toEqual([14, 20, 6]);
  });

  test("a message that the first of a group does not take goes to the second, then to the next element", async () => {
    fixRandom(0);
    const { a, mailer } = group(5, 3, 2);
    a.script("too-large");

    const receipt = await mailer.send(letter);

    expect(receipt.attempts.map(({ provider }) => provider)).toEqual(["a", "b"]);
  });
});

describe("stickyKey: the same key goes to the same provider of its group while that one can", () => {
  const keys = Array.from({ length: 1_000 }, (_, index) => `customer-${index}`);

  async function placesOf(mailer: ReturnType<typeof group>["mailer"]): Promise<string[]> {
    const places: string[] = [];
    for (const stickyKey of keys) places.push((await mailer.send(letter, { stickyKey })).provider);
    return places;
  }

  test("also in another process", async () => {
    expect(await placesOf(group(5, 3, 2).mailer)).toEqual(await placesOf(group(5, 3, 2).mailer));
  });

  test("keys spread by weight", async () => {
    const { mailer, counts } = group(5, 3, 2);
    await placesOf(mailer);

    // The hash is what it is; five standard deviations keep a change of it from failing this by chance.
    for (const [index, share] of [0.5, 0.3, 0.2].entries()) {
      const slack = 5 * Math.sqrt(keys.length * share * (1 - share));
      expect(Math.abs((counts()[index] ?? 0) - keys.length * share)).toBeLessThan(slack);
    }
  });

  test("a key moves only while its provider cannot, and then by weight", async () => {
    fixRandom();
    const { a, b, c, mailer } = group(5, 3, 2);
    const before = await placesOf(mailer);
    await takeDown(mailer, a);
    const [fromB, fromC] = [b.inbox.length, c.inbox.length];
    const during = await placesOf(mailer);
    await elapse(16_000);
    const after = await placesOf(mailer);

    expect(during).not.toContain("a");
    for (const [index, place] of before.entries()) if (place !== "a") expect(during[index]).toBe(place);
    const moved = { b: b.inbox.length - 2 * fromB, c: c.inbox.length - 2 * fromC };
    expect(moved.b).toBeGreaterThan(0);
    expect(moved.c).toBeGreaterThan(0);
    expect(after).toEqual(before);
  });

  test("a recovering provider has its keys back at once: the configured weight counts, not the health", async () => {
    fixRandom();
    const { a, mailer } = group(5, 3, 2);
    const before = await placesOf(mailer);
    await takeDown(mailer, a);
    await elapse(15_100);

    expect(await placesOf(mailer)).toEqual(before);
  });

  test("isolation of one moves its own keys alone", async () => {
    const { mailer } = group(5, 3, 2);
    const before = await placesOf(mailer);
    mailer.isolate("b");
    const during = await placesOf(mailer);

    expect(during.filter((place, index) => place !== before[index])).toHaveLength(
      before.filter((place) => place === "b").length,
    );
  });

  test("priority comes first: a key stays inside the first group that can", async () => {
    const first = memoryProvider({ name: "first" });
    const mailer = createMailer({ providers: [first, memoryProvider({ name: "standby" })] });

    for (const stickyKey of keys.slice(0, 50))
      expect((await mailer.send(letter, { stickyKey })).provider).toBe("first");
  });
});
