import { describe, expect, it } from "vitest";
import { createMailer, type Mailer, type SendOptions } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { begin, elapse, fixRandom, letter, silenceWarnings, steps, throttle, useFakeTime } from "./support.ts";

useFakeTime();
silenceWarnings();

/** Who took each of so many messages, one after another. */
async function takers<N extends string>(mailer: Mailer<N>, count: number, options?: SendOptions<N>): Promise<N[]> {
  const names: N[] = [];
  for (let sent = 0; sent < count; sent += 1) names.push((await begin(mailer.send(letter, options))).receipt.provider);
  return names;
}

describe("The turns of a group", () => {
  it("go on where they were after one of them was throttled: it does not pay for what it could not take", async () => {
    fixRandom(0);
    const a = memoryProvider({ name: "a" });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [[a, b]] });
    expect(await takers(mailer, 1)).toEqual(["a"]);
    await throttle(mailer, b, 1_000);
    expect(await takers(mailer, 3)).toEqual(["a", "a", "a"]);

    await elapse(1_000);

    expect(await takers(mailer, 4)).toEqual(["b", "a", "b", "a"]);
  });

  it("are not taken by those that a message passes over, since they would lose a field of it", async () => {
    fixRandom(0);
    const withoutTags = { unsupported: ({ tags }: { tags: readonly string[] }) => (tags.length > 0 ? ["tags"] : []) };
    const a = memoryProvider({ name: "a" });
    const b = memoryProvider({ name: "b", ...withoutTags });
    const c = memoryProvider({ name: "c", ...withoutTags });
    const mailer = createMailer({ providers: [[a, b, c]] });
    const plain = { only: ["b", "c"] } as const;
    expect(await takers(mailer, 1, plain)).toEqual(["b"]);

    const tagged = await begin(mailer.send({ ...letter, tags: ["order"] }));

    expect(tagged.receipt.provider).toBe("a");
    expect(await takers(mailer, 3, plain)).toEqual(["c", "b", "c"]);
  });

  it("in a standby that is in use are by weight, whatever is to prove it at other times", async () => {
    fixRandom(0);
    const primary = memoryProvider({ name: "primary" });
    const b = memoryProvider({ name: "b" });
    const c = memoryProvider({ name: "c" });
    const mailer = createMailer({ providers: [primary, [b, { provider: c, prove: 1 }]] });
    await throttle(mailer, primary, 60_000);

    expect(await takers(mailer, 4)).toEqual(["b", "c", "b", "c"]);
  });

  it("put one that was throttled when the send began behind those that were not", async () => {
    fixRandom(0);
    const a = memoryProvider({ name: "a" });
    const b = memoryProvider({ name: "b" });
    const c = memoryProvider({ name: "c" });
    const mailer = createMailer({ providers: [[{ provider: a, weight: 2 }, { provider: b, weight: 2 }, c]] });
    expect(await takers(mailer, 1)).toEqual(["a"]);
    await throttle(mailer, b, 1_000);
    expect(await takers(mailer, 1)).toEqual(["c"]);
    a.script({ reason: "unavailable", after: 2_000 });

    const sending = await begin(mailer.send(letter));
    await elapse(2_000);

    expect(steps(sending.receipt)).toEqual(["a unavailable", "c accepted"]);
  });
});
