import { describe, expect, it } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { refusalOf, refusalWith, rows, shown, taken } from "./options-support.ts";

const provider = memoryProvider();
const noDurations = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "10", null, true, {}, []];
const noObjects = [5, "text", true, null];
const where = "options.providers[1]";

/** How a route is refused that stands second. */
function refusalOfRoute(route: object) {
  return refusalOf({ providers: [memoryProvider({ name: "a" }), { provider, ...route }] });
}

describe("the options of a mailer as a whole", () => {
  it.each(rows(undefined, ...noObjects))("%j are refused: they must be an object", (options) => {
    expect(refusalOf(options)).toMatchObject({ error: "TypeError", message: expect.stringContaining("options") });
  });

  it.each(["timeOut", "retries", "provider", "rate"])("an unknown option is refused by its name: %s", (key) => {
    const refusal = refusalWith({ [key]: 1 });

    expect(refusal.error).toBe("TypeError");
    expect(refusal.message).toContain(`options.${key}`);
  });

  it.each([
    ["a function", memoryProvider],
    ["a text", "ses"],
    ["undefined", undefined],
  ])("what is no provider is told what it is: %s", (what, entry) => {
    expect(refusalOf({ providers: [entry] })).toMatchObject({
      error: "TypeError",
      message: `options.providers[0] must be what an adapter returns, such as ses({ … }), or { provider, … }, but is ${what}`,
    });
  });

  it("all that are known are taken, also as undefined", () => {
    const known = ["defaults", "onUnknown", "timeout", "deadline", "retry", "queue", "breaker"];

    expect(refusalWith(Object.fromEntries(known.map((key) => [key, undefined])))).toEqual(taken);
    expect(
      refusalWith({
        defaults: { from: "orders@example.com" },
        onUnknown: "stop",
        timeout: 1_000,
        deadline: 5_000,
        retry: { maxRounds: 1, minDelay: 1, maxDelay: 1, budget: 0 },
        queue: { limit: 0 },
        breaker: { failureRate: 1 },
      }),
    ).toEqual(taken);
  });
});

describe("providers", () => {
  it.each([undefined, null, "ses", {}, provider])("%o is refused: it must be an array", (providers) => {
    expect(refusalOf({ providers })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining("options.providers"),
    });
  });

  it("an empty array is refused", () => {
    expect(refusalOf({ providers: [] }).message).toContain("at least one");
  });

  it("an empty group is refused by its place", () => {
    expect(refusalOf({ providers: [provider, []] }).message).toContain("options.providers[1]");
  });

  it.each(
    rows(
      null,
      undefined,
      5,
      "ses",
      false,
      {},
      { name: "x" },
      { name: "", send: () => {}, unsupported: () => [] },
      { name: 5, send: () => {}, unsupported: () => [] },
      { name: "x", send: () => {} },
      { name: "x", unsupported: () => [] },
      { weight: 3 },
      { provider: null },
      { provider: "ses" },
      [[provider]],
      () => {},
    ),
  )("something that is no provider is refused by its place: %o", (entry) => {
    const plain = refusalOf({ providers: [provider, entry] });
    const grouped = refusalOf({ providers: [[provider, entry]] });

    expect(plain).toMatchObject({ error: "TypeError", message: expect.stringContaining("options.providers[1]") });
    expect(grouped).toMatchObject({ error: "TypeError", message: expect.stringContaining("options.providers[0][1]") });
  });

  it("an array with a hole is refused by its place", () => {
    const holed = Object.assign([provider], { length: 2 });

    expect(refusalOf({ providers: holed }).message).toContain("options.providers[1]");
  });

  it.each([
    { places: "in the order", make: () => [memoryProvider({ name: "twin" }), memoryProvider({ name: "twin" })] },
    { places: "in a group", make: () => [[memoryProvider({ name: "twin" }), memoryProvider({ name: "twin" })]] },
    {
      places: "in a group and as its standby",
      make: () => [[memoryProvider({ name: "twin" })], { provider: memoryProvider({ name: "twin" }), weight: 2 }],
    },
  ])("two of the same name $places are refused with the name", ({ make }) => {
    const refusal = refusalOf({ providers: make() });

    expect(refusal.error).toBe("RangeError");
    expect(refusal.message).toContain('"twin"');
  });

  it("a provider that was put in twice is refused", () => {
    expect(refusalOf({ providers: [provider, provider] }).message).toContain('"memory"');
  });
});

describe("timeout and deadline: milliseconds above 0 that a timer can run", () => {
  it.each(rows(...noDurations))("%o is refused with the option and the value", (value) => {
    for (const key of ["timeout", "deadline"]) {
      const refusal = refusalWith({ [key]: value });

      expect(refusal.message).toContain(`options.${key}`);
      expect(refusal.message).toContain(shown(value));
    }
  });

  it.each([1, 0.5, 2 ** 31 - 1])("%d is taken", (value) => {
    expect(refusalWith({ timeout: value, deadline: value })).toEqual(taken);
  });
});

describe("onUnknown", () => {
  it.each(["retry", "", true, null, 0])("%j is refused with the option and the value", (onUnknown) => {
    const refusal = refusalWith({ onUnknown });

    expect(refusal.message).toContain("options.onUnknown");
    expect(refusal.message).toContain(JSON.stringify(onUnknown));
  });
});

describe("retry", () => {
  it.each(rows(...noObjects))("%j is refused: it must be an object", (retry) => {
    expect(refusalWith({ retry })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining("options.retry"),
    });
  });

  it("an unknown option is refused by its name", () => {
    expect(refusalWith({ retry: { retries: 3 } }).message).toContain("options.retry.retries");
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", null, true])(
    "a maxRounds of %j is refused with the option and the value",
    (maxRounds) => {
      const refusal = refusalWith({ retry: { maxRounds } });

      expect(refusal.message).toContain("options.retry.maxRounds");
      expect(refusal.message).toContain(shown(maxRounds));
    },
  );

  it.each(["minDelay", "maxDelay"])("%s is refused with the option and the value where it is no duration", (key) => {
    expect(refusalWith({ retry: { [key]: 0 } })).toEqual(taken);
    for (const value of noDurations.filter((each) => each !== 0)) {
      const refusal = refusalWith({ retry: { [key]: value } });

      expect(refusal.message, String(value)).toContain(`options.retry.${key}`);
      expect(refusal.message).toContain(shown(value));
    }
  });
});

describe("the retry budget and the queue", () => {
  it.each([-0.1, Number.NaN, Number.POSITIVE_INFINITY, "0.2", null, true])(
    "a budget of %j is refused with the option and the value",
    (budget) => {
      const refusal = refusalWith({ retry: { budget } });

      expect(refusal).toMatchObject({ error: "RangeError", message: expect.stringContaining("options.retry.budget") });
      expect(refusal.message).toContain(shown(budget));
    },
  );

  it.each(rows(...noObjects))("a queue that is %j is refused: it must be an object", (queue) => {
    expect(refusalWith({ queue })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining("options.queue"),
    });
  });

  it("an unknown option of the queue is refused by its name", () => {
    expect(refusalWith({ queue: { size: 3 } }).message).toContain("options.queue.size");
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", null, true])(
    "a queue limit of %j is refused with the option and the value",
    (limit) => {
      const refusal = refusalWith({ queue: { limit } });

      expect(refusal).toMatchObject({ error: "RangeError", message: expect.stringContaining("options.queue.limit") });
      expect(refusal.message).toContain(shown(limit));
    },
  );
});

describe("the limits of a route", () => {
  const noCounts = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", null, true];

  it.each(noCounts)("a concurrency of %j is refused with the option and the value", (concurrency) => {
    const refusal = refusalOfRoute({ concurrency });

    expect(refusal).toMatchObject({ error: "RangeError", message: expect.stringContaining(`${where}.concurrency`) });
    expect(refusal.message).toContain(shown(concurrency));
  });

  it.each(rows(...noObjects))("a rate that is %j is refused: it must be an object", (rate) => {
    expect(refusalOfRoute({ rate })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining(`${where}.rate`),
    });
  });

  it("an unknown option of the rate is refused by its name", () => {
    expect(refusalOfRoute({ rate: { limit: 1, interval: 1, burst: 1 } }).message).toContain(`${where}.rate.burst`);
  });

  it.each(noCounts)("a rate with a limit of %j is refused with the option and the value", (limit) => {
    const refusal = refusalOfRoute({ rate: { limit, interval: 1_000 } });

    expect(refusal).toMatchObject({ error: "RangeError", message: expect.stringContaining(`${where}.rate.limit`) });
    expect(refusal.message).toContain(shown(limit));
  });

  it.each(rows(...noDurations, undefined))(
    "a rate with an interval of %o is refused with the option and the value",
    (interval) => {
      const refusal = refusalOfRoute({ rate: { limit: 1, interval } });

      expect(refusal).toMatchObject({
        error: "RangeError",
        message: expect.stringContaining(`${where}.rate.interval`),
      });
      expect(refusal.message).toContain(shown(interval));
    },
  );

  it.each([-0.1, 1.1, Number.NaN, "0.1", null, true])("prove: %j is refused with the option and the value", (prove) => {
    const refusal = refusalOfRoute({ prove });

    expect(refusal).toMatchObject({ error: "RangeError", message: expect.stringContaining(`${where}.prove`) });
    expect(refusal.message).toContain(shown(prove));
  });

  it("prove is refused for the first provider or group, which has the traffic anyway", () => {
    const other = memoryProvider({ name: "other" });

    expect(refusalOf({ providers: [{ provider, prove: 0.1 }, other] }).message).toContain("options.providers[0].prove");
    expect(refusalOf({ providers: [[other, { provider, prove: 0.1 }]] }).message).toContain(
      "options.providers[0][1].prove",
    );
    expect(refusalOf({ providers: [other, { provider, prove: 0.1 }] })).toEqual(taken);
  });
});

describe("defaults: what is wrong with them shows when the program starts", () => {
  it.each(rows(5, "text", true, []))("%j is refused: they must be an object", (defaults) => {
    expect(refusalWith({ defaults })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining("options.defaults"),
    });
  });

  it("a field that no message has is refused by its name", () => {
    expect(refusalWith({ defaults: { form: "orders@example.com" } }).message).toContain("options.defaults.form");
  });
});

describe("a route", () => {
  it("an unknown option is refused by its name", () => {
    expect(refusalOfRoute({ wieght: 3 })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining(`${where}.wieght`),
    });
  });

  it("all that are known are taken, also as undefined", () => {
    const known = ["weight", "concurrency", "rate", "prove", "from", "labels", "timeout", "breaker"];

    expect(refusalOfRoute(Object.fromEntries(known.map((key) => [key, undefined])))).toEqual(taken);
    expect(
      refusalOfRoute({
        weight: 0.1,
        from: { name: "Shop", address: "orders@example.com" },
        labels: ["eu"],
        timeout: 5,
        breaker: { failureRate: 0.2 },
      }),
    ).toEqual(taken);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "2", null, true, {}])(
    "a weight of %o is refused with the option and the value",
    (weight) => {
      const refusal = refusalOfRoute({ weight });

      expect(refusal.message).toContain(`${where}.weight`);
      expect(refusal.message).toContain(shown(weight));
    },
  );

  it.each(rows(...noDurations))("a timeout of %o is refused with the option and the value", (timeout) => {
    const refusal = refusalOfRoute({ timeout });

    expect(refusal.message).toContain(`${where}.timeout`);
    expect(refusal.message).toContain(shown(timeout));
  });

  it.each(rows("eu", ["eu", 5], { eu: true }, null))("labels of %j are refused", (labels) => {
    expect(refusalOfRoute({ labels })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining(`${where}.labels`),
    });
  });

  it.each(["nobody", "", "a@example.com, b@example.com", 5, null, {}, { address: "nobody" }])(
    "a from of %j is refused without being repeated",
    (from) => {
      const refusal = refusalOfRoute({ from });

      expect(refusal).toMatchObject({ error: "TypeError", message: expect.stringContaining(`${where}.from`) });
      expect(refusal.message).not.toContain("a@example.com");
    },
  );
});

describe("a mailer that was refused leaves nothing behind", () => {
  it("the same providers can be used for another", async () => {
    expect(() => createMailer({ providers: [provider], timeout: -1 })).toThrow(RangeError);

    const mailer = createMailer({ providers: [provider] });

    expect(mailer.health()).toHaveLength(1);
    await mailer.close();
  });
});
