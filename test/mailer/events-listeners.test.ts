import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { type EventName, lifeWithEveryEvent } from "./events-support.ts";
import { fakeTime, resultOf, send, settled, standby, triesOf } from "./health-support.ts";
import { eventNames } from "./support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

const canary = "canary-7f3a@example.org";

function withUnreadable(property: "stack" | "name" | "message"): Error {
  return Object.defineProperty(new Error(canary), property, {
    get() {
      throw new Error(`no ${property}`);
    },
  });
}

/** The property that makes a thenable. */
const thenKey = "then";

/** Ways in which a listener can fail. Each is a function, so that no rejection exists before its time. */
const faults: Readonly<Record<string, () => unknown>> = {
  "throws an error": () => {
    throw new Error(`cannot notify ${canary}`);
  },
  "throws a string": () => {
    throw canary;
  },
  "throws undefined": () => {
    throw undefined;
  },
  "throws null": () => {
    throw null;
  },
  "throws an object without a prototype": () => {
    throw Object.create(null);
  },
  "throws an error whose message looks like a stack": () => {
    throw new Error(`cannot notify\n    at ${canary}\n    at once`);
  },
  "throws an error whose stack cannot be read": () => {
    throw withUnreadable("stack");
  },
  "throws an error whose name cannot be read": () => {
    throw withUnreadable("name");
  },
  "throws an error whose name is a symbol": () => {
    throw Object.assign(new Error(canary), { name: Symbol("name") });
  },
  "throws an error whose stack is no string": () => {
    throw Object.assign(new Error(canary), { stack: Symbol("stack") });
  },
  "throws a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    throw proxy;
  },
  "rejects with an error": () => Promise.reject(new Error(`cannot notify ${canary}`)),
  "rejects with a string": () => Promise.reject(canary),
  "rejects with undefined": () => Promise.reject(undefined),
  "rejects with an error whose stack cannot be read": () => Promise.reject(withUnreadable("stack")),
  "returns a thenable that throws": () => {
    const fail = () => {
      throw new Error(canary);
    };
    return Object.fromEntries([[thenKey, fail]]);
  },
  "returns an object whose then cannot be read": () =>
    Object.defineProperty({}, thenKey, {
      get() {
        throw new Error(canary);
      },
    }),
};

describe("a listener that fails, on every event, changes nothing but a warning", () => {
  it.each(Object.entries(faults))("one that %s", async (_, fault) => {
    const expected = await lifeWithEveryEvent(() => {});
    vi.mocked(process.emitWarning).mockClear();
    const called = new Set<EventName>();

    const endings = await lifeWithEveryEvent((mailer) => {
      for (const name of eventNames) {
        mailer.on(name, () => {
          called.add(name);
          return fault();
        });
      }
    });
    await settled();

    expect(endings).toEqual(expected);
    expect([...called].sort()).toEqual([...eventNames].sort());
    const warnings = vi.mocked(process.emitWarning).mock.calls;
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.filter((warning) => JSON.stringify(warning).includes("canary")).slice(0, 1)).toEqual([]);
  });

  it("the warning names the event and where the listener failed", async () => {
    const mailer = createMailer({ providers: [standby()] });
    mailer.on("accepted", function brokenListener() {
      throw new TypeError(canary);
    });

    await send(mailer);

    const text = vi.mocked(process.emitWarning).mock.lastCall?.[0];
    expect(text).toMatch(/"accepted".*TypeError.*brokenListener.*events-listeners\.test\.ts/);
  });

  it("the listeners after it are called all the same", async () => {
    const mailer = createMailer({ providers: [standby()] });
    const called: string[] = [];
    mailer.on("accepted", () => {
      throw new Error("broken");
    });
    mailer.on("accepted", () => called.push("second"));
    mailer.once("accepted", () => {
      throw new Error("broken too");
    });
    mailer.on("accepted", () => called.push("fourth"));

    await send(mailer);

    expect(called).toEqual(["second", "fourth"]);
  });
});

describe("a slow listener holds nothing up", () => {
  it("no send awaits what a listener returns", async () => {
    const expected = await lifeWithEveryEvent(() => {});

    const endings = await lifeWithEveryEvent((mailer) => {
      for (const name of eventNames) mailer.on(name, () => new Promise(() => {}));
    });

    expect(endings).toEqual(expected);
  });
});

describe("on, once and off", () => {
  function counted() {
    const mailer = createMailer({ providers: [standby()] });
    const calls: string[] = [];
    return { mailer, calls };
  }

  it("on: for every event, until off", async () => {
    const { mailer, calls } = counted();
    const listener = () => calls.push("on");
    mailer.on("accepted", listener);

    await send(mailer);
    await send(mailer);
    mailer.off("accepted", listener);
    await send(mailer);

    expect(calls).toEqual(["on", "on"]);
  });

  it("once: for one event", async () => {
    const { mailer, calls } = counted();
    mailer.once("accepted", () => calls.push("once"));

    await send(mailer);
    await send(mailer);

    expect(calls).toEqual(["once"]);
  });

  it("once: for one event also where another one happens in it", async () => {
    const { mailer, calls } = counted();
    mailer.once("provider:changed", () => {
      calls.push("once");
      mailer.isolate("standby")[Symbol.dispose]();
    });

    mailer.isolate("standby");

    expect(calls).toEqual(["once"]);
  });

  it("off takes a listener of once away before its event", async () => {
    const { mailer, calls } = counted();
    const listener = () => calls.push("once");
    mailer.once("accepted", listener);
    mailer.off("accepted", listener);

    await send(mailer);

    expect(calls).toEqual([]);
  });

  it("off for a listener that was never there does nothing", async () => {
    const { mailer, calls } = counted();
    mailer.on("accepted", () => calls.push("on"));
    mailer.off("accepted", () => {});

    await send(mailer);

    expect(calls).toEqual(["on"]);
  });

  it("a listener is called in the order of registration, and as often as it was added", async () => {
    const { mailer, calls } = counted();
    const listener = () => calls.push("twice");
    mailer.on("accepted", listener);
    mailer.on("accepted", () => calls.push("other"));
    mailer.on("accepted", listener);

    await send(mailer);
    mailer.off("accepted", listener);
    await send(mailer);

    expect(calls).toEqual(["twice", "other", "twice", "twice", "other"]);
  });

  it("they can be chained", async () => {
    const { mailer } = counted();
    const listener = () => {};

    expect(mailer.on("accepted", listener)).toBe(mailer);
    expect(mailer.once("accepted", listener)).toBe(mailer);
    expect(mailer.off("accepted", listener)).toBe(mailer);
  });

  it("something that is no function is refused with a TypeError", () => {
    const { mailer } = counted();

    // @ts-expect-error: what a program without types may do
    expect(() => mailer.on("accepted", "listener")).toThrow(TypeError);
  });

  it("a listener that is added during an event hears the next one only", async () => {
    const { mailer, calls } = counted();
    mailer.once("accepted", () => {
      mailer.on("accepted", () => calls.push("added"));
    });

    await send(mailer);
    expect(calls).toEqual([]);
    await send(mailer);
    expect(calls).toEqual(["added"]);
  });

  it("a listener that removes itself or others during an event skips nobody who stays", async () => {
    const { mailer, calls } = counted();
    const self = () => {
      calls.push("self");
      mailer.off("accepted", self);
    };
    mailer.on("accepted", self);
    mailer.on("accepted", () => calls.push("stays"));

    await send(mailer);
    await send(mailer);

    expect(calls).toEqual(["self", "stays", "stays"]);
  });

  it("fifty listeners of one event are no leak", async () => {
    const { mailer, calls } = counted();
    for (let added = 0; added < 50; added += 1) mailer.on("accepted", () => calls.push("one"));

    await send(mailer);

    expect(calls).toHaveLength(50);
    expect(process.emitWarning).not.toHaveBeenCalled();
  });
});

describe("a listener may use the mailer", () => {
  it("send from within failed, look at health() and isolate from within a change", async () => {
    const primary = memoryProvider({ name: "primary", script: ["rejected", "suspended"] });
    const mailer = createMailer({ providers: [primary, standby()] });
    const inner: Promise<unknown>[] = [];
    const states: string[] = [];
    mailer.once("failed", () => inner.push(send(mailer)));
    mailer.on("provider:down", ({ provider }) => {
      states.push(...mailer.health().map(({ state }) => state));
      mailer.isolate(provider);
    });

    expect(resultOf(await send(mailer))).toBe("rejected");
    await Promise.all(inner);

    expect(states).toEqual(["down", "healthy"]);
    expect(mailer.health().map(({ isolated }) => isolated)).toEqual([true, false]);
    expect(triesOf(await send(mailer))).toEqual(["standby accepted"]);
  });

  it("close it from within an event", async () => {
    const mailer = createMailer({ providers: [standby()] });
    const closed: Promise<void>[] = [];
    mailer.on("attempt", () => closed.push(mailer.close()));

    expect(resultOf(await send(mailer))).toBe("standby");
    await Promise.all(closed);

    expect(resultOf(await send(mailer))).toBe("closed");
  });
});

describe("a listener of an event that does not exist", () => {
  it.each(["provider:dwon", "down", "toString", "error"])("is refused: %s would never be told", (event) => {
    const mailer = createMailer({ providers: [standby()] });
    for (const listen of [mailer.on, mailer.once]) {
      expect(() => Reflect.apply(listen, mailer, [event, () => {}])).toThrow(
        new RegExp(`^There is no event "${event}"; there are accepted, failed, .*provider:down`),
      );
    }
  });

  it("may be taken back all the same", () => {
    const mailer = createMailer({ providers: [standby()] });
    expect(Reflect.apply(mailer.off, mailer, ["provider:dwon", () => {}])).toBe(mailer);
  });
});
