import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { fakeTime, letter, pass, resultOf, send, settled, triesOf } from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

/** One provider that is down since this moment; it keeps the message `"cut"` waiting and takes every other. */
async function down() {
  const only = memoryProvider({ name: "only", script: ["suspended"] });
  const mailer = createMailer({ providers: [only] });
  await send(mailer);
  only.script((_message, { id }) => (id === "cut" ? "hang" : "accepted"));
  return { mailer, only };
}

describe("A last resort that said nothing of the provider is none: another may be made in the same second", () => {
  it("after its caller's abort", async () => {
    const { mailer } = await down();
    const caller = new AbortController();
    const cut = send(mailer, { id: "cut", signal: caller.signal });
    await pass(100);
    caller.abort();
    await settled();

    expect(triesOf(await cut)).toEqual(["only aborted"]);
    expect(triesOf(await send(mailer))).toEqual(["only accepted"]);
  });

  it("after its own deadline, of which too little was left to judge by", async () => {
    const { mailer } = await down();
    const cut = send(mailer, { id: "cut", deadline: 500 });
    await pass(500);

    expect(triesOf(await cut)).toEqual(["only timeout"]);
    expect(triesOf(await send(mailer))).toEqual(["only accepted"]);
  });

  it("whenever the abort comes, also just before the attempt", async () => {
    for (let steps = 0; steps < 40; steps += 1) {
      const { mailer } = await down();
      const caller = new AbortController();
      const cut = send(mailer, { id: "cut", signal: caller.signal });
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      caller.abort();
      await settled();

      expect([steps, resultOf(await cut)]).toEqual([steps, "aborted"]);
      expect([steps, triesOf(await send(mailer))]).toEqual([steps, ["only accepted"]]);
    }
  });

  it("when a listener isolated the provider just before the attempt", async () => {
    const first = memoryProvider({ name: "first", script: ["suspended"] });
    const second = memoryProvider({ name: "second", script: ["suspended"] });
    const mailer = createMailer({ providers: [first, second] });
    await send(mailer, { only: ["second"] });
    mailer.once("failover", () => mailer.isolate("second"));

    expect(triesOf(await send(mailer))).toEqual(["first suspended"]);
    expect(second.attempts).toBe(1);
    expect(triesOf(await send(mailer))).toEqual(["first accepted"]);
  });
});

it("A last resort that failed is one: the next is made a second after it began", async () => {
  const { mailer, only } = await down();
  only.script({ reason: "unavailable", after: 600 });
  const failed = mailer.send(letter).catch(() => {});
  await pass(600);
  await failed;
  await pass(399);

  expect(triesOf(await send(mailer))).toEqual([]);
  await pass(1);
  expect(triesOf(await send(mailer))).toEqual(["only accepted"]);
});
