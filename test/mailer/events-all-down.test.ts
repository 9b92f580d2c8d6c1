import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { recorded } from "./events-support.ts";
import { fakeTime, pass, send, sendMany, standby, start } from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

function mailerWith(...script: Outcome[]) {
  const primary = memoryProvider({ name: "primary", script });
  const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });
  const events = recorded(mailer);
  const named = (name: string) => events.filter((each) => each.name === name).map(({ event }) => event);
  return { mailer, primary, events, named };
}

describe("all-down and all-down:over: on entry and on exit, not per send", () => {
  function bothFail() {
    const first = memoryProvider({ name: "first", script: () => "suspended" });
    const second = memoryProvider({ name: "second", script: () => "suspended" });
    const mailer = createMailer({ providers: [first, second], retry: { maxRounds: 1 } });
    const events = recorded(mailer);
    const allDown = () => events.filter(({ name }) => name.startsWith("all-down"));
    return { mailer, first, second, events, allDown };
  }

  it("once when the last one goes down, with the time when the first is due; not again for further sends", async () => {
    const { mailer, allDown } = bothFail();
    await pass(1_000);

    for (let sent = 0; sent < 10; sent += 1) {
      await send(mailer);
      await pass(1_000);
    }

    const at = new Date(start + 1_000);
    const retryAt = new Date(start + 16_000);
    expect(allDown()).toEqual([{ name: "all-down", event: { at, retryAt, severity: "error" } }]);
  });

  it("not while one of them can still send", async () => {
    const { mailer, events } = mailerWith("suspended");
    await sendMany(mailer, 10);

    expect(events.filter(({ name }) => name.startsWith("all-down"))).toEqual([]);
  });

  it("a probe under way, and one that fails, is neither an exit nor an entry", async () => {
    const { mailer, allDown } = bothFail();
    for (let sent = 0; sent < 10; sent += 1) {
      await send(mailer);
      await pass(60_000);
    }

    expect(allDown()).toHaveLength(1);
  });

  it("over when one is back, since when, once", async () => {
    const { mailer, first, second, allDown } = bothFail();
    await send(mailer);
    await pass(20_000);
    first.script();
    second.script();

    await sendMany(mailer, 5);

    expect(allDown().slice(1)).toEqual([
      {
        name: "all-down:over",
        event: { at: new Date(start + 20_000), since: new Date(start), severity: "info" },
      },
    ]);
  });

  it("isolation counts: all isolated is all down, with no time to come back", () => {
    const { mailer, allDown } = bothFail();
    mailer.isolate("first");
    const handle = mailer.isolate("second");
    expect(allDown()).toEqual([{ name: "all-down", event: { at: new Date(start), severity: "error" } }]);

    handle[Symbol.dispose]();

    expect(allDown().map(({ name }) => name)).toEqual(["all-down", "all-down:over"]);
  });

  it("comes after the change that brought it about", async () => {
    const { mailer, events } = bothFail();
    await send(mailer);

    const names = events.map(({ name }) => name).filter((name) => /down/.test(name));
    expect(names).toEqual(["provider:down", "provider:down", "all-down"]);
  });

  it("a second outage of all is told again", async () => {
    const { mailer, first, second, allDown } = bothFail();
    await send(mailer);
    await pass(20_000);
    first.script("accepted", "suspended");
    second.script(() => "suspended");
    await send(mailer);

    await send(mailer);

    expect(allDown().map(({ name }) => name)).toEqual(["all-down", "all-down:over", "all-down"]);
  });
});
