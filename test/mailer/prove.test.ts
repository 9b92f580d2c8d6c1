import { describe, expect, test, vi } from "vitest";
import { createMailer, type SendOptions } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  elapse,
  fixRandom,
  healthOf,
  letter,
  recordEvents,
  silenceWarnings,
  steps,
  takeDown,
  throttle,
  useFakeTime,
} from "./support.ts";

useFakeTime();
silenceWarnings();

function proven(prove: number | undefined) {
  const [a, b] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })];
  const mailer = createMailer({ providers: [a, { provider: b, prove }] });
  const send = async (count: number, options: SendOptions<"a" | "b"> = {}): Promise<number[]> => {
    for (let sent = 0; sent < count; sent += 1) await mailer.send(letter, options);
    return [a.inbox.length, b.inbox.length];
  };
  return { a, b, mailer, send };
}

describe("A standby with a share to prove itself", () => {
  test.each([0, 0.3, 0.999])("gets exactly that share of ordinary mail, at the phase %d", async (phase) => {
    fixRandom(phase);
    const { mailer, send } = proven(0.01);

    expect(await send(1_000)).toEqual([990, 10]);
    expect(mailer.health().map(({ share }) => share)).toEqual([0.99, 0.01]);
    expect(healthOf(mailer, "b").lastAccepted).toBeInstanceOf(Date);
  });

  test("gets exactly that share beside another standby that proves itself, too", async () => {
    fixRandom(0);
    const [a, b, c] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" }), memoryProvider({ name: "c" })];
    const mailer = createMailer({ providers: [a, { provider: b, prove: 0.25 }, { provider: c, prove: 0.25 }] });

    for (let sent = 0; sent < 80; sent += 1) await mailer.send(letter);

    // Both are due at once, and the turn of the second comes with the next.
    expect([a, b, c].map(({ inbox }) => inbox.length)).toEqual([41, 20, 19]);
    expect((await mailer.send(letter)).provider).toBe("c");
    expect(mailer.health().map(({ share }) => share)).toEqual([0.5, 0.25, 0.25]);
  });

  test("gets it from processes that send once, too", async () => {
    const counts = { a: 0, b: 0 };
    for (let process = 0; process < 100; process += 1) {
      vi.spyOn(Math, "random").mockReturnValue((process + 0.5) / 100);
      counts[(await proven(0.05).mailer.send(letter)).provider] += 1;
    }
    expect(counts).toEqual({ a: 95, b: 5 });
  });

  test.each([undefined, 0])("of %s gets none", async (prove) => {
    const { mailer, send } = proven(prove);

    expect(await send(300)).toEqual([300, 0]);
    expect(mailer.health().map(({ share }) => share)).toEqual([1, 0]);
    expect(healthOf(mailer, "b").lastAccepted).toBeUndefined();
  });

  test("gets no mail that must not be sent twice, none that is sticky, none that does not allow it", async () => {
    const { send } = proven(1);

    await send(5, { onUnknown: "stop" });
    await send(5, { stickyKey: "ada" });
    expect(await send(5, { only: ["a"] })).toEqual([15, 0]);
    expect(await send(5)).toEqual([15, 5]);
  });

  test("gets none that would lose a field there", async () => {
    const a = memoryProvider({ name: "a" });
    const b = memoryProvider({ name: "b", unsupported: (message) => (message.tags.length > 0 ? ["tags"] : []) });
    const mailer = createMailer({ providers: [a, { provider: b, prove: 1 }] });

    expect((await mailer.send({ ...letter, tags: ["receipt"] })).provider).toBe("a");
    expect((await mailer.send(letter)).provider).toBe("b");
  });

  test("whose key was revoked is found before the outage, and no mail is lost by that", async () => {
    fixRandom(0);
    const { b, mailer, send } = proven(0.1);
    const events = recordEvents(mailer);
    b.script("authentication");

    expect(await send(20)).toEqual([20, 0]);

    expect(healthOf(mailer, "b").state).toBe("down");
    expect(events.filter(({ name }) => name === "provider:down")).toMatchObject([
      { event: { provider: "b", reason: "authentication" } },
    ]);
    expect(b.attempts).toBe(1);
  });

  test("that fails is passed over for the provider whose turn it would have been", async () => {
    const { b, mailer } = proven(1);
    b.script("unavailable");

    expect(steps(await mailer.send(letter))).toEqual(["b unavailable", "a accepted"]);
  });

  test("gets none while it is throttled or isolated, nor more than its share afterwards", async () => {
    fixRandom(0);
    const { b, mailer, send } = proven(0.25);
    await throttle(mailer, b, 60_000);
    expect(await send(100)).toEqual([100, 0]);
    await elapse(60_000);
    expect(await send(4)).toEqual([103, 1]);

    const handle = mailer.isolate("b");
    expect(await send(100)).toEqual([203, 1]);
    handle[Symbol.dispose]();
    expect(await send(4)).toEqual([206, 2]);
  });

  test("carries all mail during the outage that it was kept for", async () => {
    fixRandom(0);
    const { a, mailer, send } = proven(0.01);
    await takeDown(mailer, a);

    expect(await send(10)).toEqual([0, 10]);
    expect(mailer.health().map(({ share }) => share)).toEqual([0, 1]);
  });
});

test("A standby that went down is tried again by ordinary mail while the first is well, and so comes back", async () => {
  const { a, b, mailer, send } = proven(undefined);
  await takeDown(mailer, b);
  await send(20, { onUnknown: "stop" });
  await elapse(20_000);
  await send(20, { onUnknown: "stop" });
  await send(20, { stickyKey: "ada" });
  expect(healthOf(mailer, "b").state).toBe("down");

  const receipt = await mailer.send(letter);
  expect(receipt.provider).toBe("b");
  expect(healthOf(mailer, "b").state).toBe("recovering");
  await send(10);
  await elapse(30_000);

  expect(healthOf(mailer, "b").state).toBe("healthy");
  expect([a.inbox.length, b.inbox.length]).toEqual([70, 1]);
});

test("A message is a probe at one provider at most before those that are well have it", async () => {
  const [a, b, c] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" }), memoryProvider({ name: "c" })];
  const mailer = createMailer({ providers: [[a, b], c] });
  await takeDown(mailer, a);
  await takeDown(mailer, b);
  await elapse(20_000);
  a.script("response-lost");
  b.script("response-lost");

  const receipt = await mailer.send(letter);

  expect(steps(receipt)).toEqual(["a response-lost", "c accepted"]);
});
