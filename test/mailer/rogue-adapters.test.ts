import { describe, expect, test } from "vitest";
import { createMailer, type Failure, failure, type Mailer, ProviderError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  type AdapterParts,
  adapter,
  begin,
  elapse,
  healthOf,
  letter,
  silenceWarnings,
  steps,
  useFakeTime,
  watch,
} from "./support.ts";

useFakeTime();
silenceWarnings();

/** A mailer whose first adapter is the rogue, with a standby that takes everything. */
function withRogue(parts: AdapterParts): Mailer<"rogue" | "standby"> {
  return createMailer<"rogue" | "standby">({
    providers: [adapter("rogue", parts), memoryProvider({ name: "standby" })],
  });
}

function thrower(thrown: unknown): AdapterParts {
  return {
    send: async () => {
      throw thrown;
    },
  };
}

/** What reaches the user must be of the documented types, whatever an adapter put in. */
function expectWellFormed({ reason, scope, sent, status, code, detail, retryAfter }: Failure): void {
  expect([typeof reason, typeof scope, typeof sent]).toEqual(["string", "string", "string"]);
  expect(["undefined", "number"]).toContain(typeof status);
  expect(["undefined", "string"]).toContain(typeof code);
  expect(["undefined", "string"]).toContain(typeof detail);
  if (retryAfter !== undefined) expect(retryAfter).toBeGreaterThanOrEqual(0);
}

function hostileError(property: "name" | "message"): Error {
  return Object.defineProperty(new Error("x"), property, {
    get() {
      throw new Error("a getter that throws");
    },
  });
}

function hostileReceipt(): object {
  return {
    get providerMessageId() {
      throw new Error("a getter that throws");
    },
  };
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("An adapter that throws anything but a ProviderError: internal, unknown, and the standby sends", () => {
  const thrown: readonly (readonly [string, unknown])[] = [
    ["null", null],
    ["undefined", undefined],
    ["a string", "ada@example.org"],
    ["a number", 42],
    ["a symbol", Symbol("x")],
    ["an object", {}],
    ["an Error", new Error("x")],
    ["a frozen Error", Object.freeze(new Error("x"))],
    ["an Error whose name is no string", Object.assign(new Error("x"), { name: Symbol("x") })],
    [
      "an Error whose message is no string",
      Object.assign(new Error("x"), {
        message: {
          toString: () => {
            throw new Error();
          },
        },
      }),
    ],
    ["an Error whose message getter throws", hostileError("message")],
    ["an Error whose name getter throws", hostileError("name")],
    ["a revoked proxy", revoked()],
  ];
  test.each(thrown)("%s", async (_, value) => {
    const receipt = await withRogue(thrower(value)).send(letter);

    expect(receipt).toMatchObject({ provider: "standby", duplicate: "possible" });
    expect(receipt.attempts[0]).toMatchObject({ outcome: "unknown", failure: { reason: "internal", scope: "none" } });
    if (receipt.attempts[0]?.outcome === "unknown") expectWellFormed(receipt.attempts[0].failure);
  });

  test("synchronously", async () => {
    const receipt = await withRogue({
      send: () => {
        throw new Error("x");
      },
    }).send(letter);

    expect(steps(receipt)).toEqual(["rogue internal", "standby accepted"]);
  });
});

describe("An adapter that throws a ProviderError with nonsense inside costs no message", () => {
  const nonsense: readonly (readonly [string, unknown, string])[] = [
    ["no failure", undefined, "internal"],
    ["null as failure", null, "internal"],
    ["a string as failure", "throttled", "internal"],
    ["a reason that does not exist", { reason: "gremlins" }, "internal"],
    ["a reason of the prototype", { reason: "constructor" }, "internal"],
    ["a reason that is no string", { reason: 7 }, "internal"],
    ["a false scope and sent", { reason: "server-error", scope: "message", sent: "no" }, "server-error"],
    ["a detail that is no string", { reason: "unavailable", detail: { at: "ada@example.org" } }, "unavailable"],
    ["a code that is a number", { reason: "unavailable", code: 42 }, "unavailable"],
    ["a status that is a string", { reason: "unavailable", status: "ada@example.org" }, "unavailable"],
    ["a retryAfter that is not a number", { reason: "throttled", retryAfter: Number.NaN }, "throttled"],
    ["a retryAfter that is a string", { reason: "throttled", retryAfter: "soon" }, "throttled"],
    ["a retryAfter in the past", { reason: "throttled", retryAfter: -5_000 }, "throttled"],
    ["an endless retryAfter", { reason: "throttled", retryAfter: Number.POSITIVE_INFINITY }, "throttled"],
    [
      "null in every detail",
      { reason: "unavailable", status: null, code: null, detail: null, retryAfter: null },
      "unavailable",
    ],
    [
      "a getter that throws",
      {
        get reason() {
          throw new Error("x");
        },
      },
      "internal",
    ],
    ["a revoked proxy as failure", revoked(), "internal"],
  ];
  test.each(nonsense)("%s", async (_, given, expected) => {
    const receipt = await withRogue(thrower(withFailure(given))).send(letter);

    expect(steps(receipt)).toEqual([`rogue ${expected}`, "standby accepted"]);
    const [first] = receipt.attempts;
    if (first === undefined || first.outcome === "accepted") throw new Error("not the first attempt's failure");
    expectWellFormed(first.failure);
    expect(receipt.duplicate).toBe(first.failure.sent === "maybe" ? "possible" : "no");
    expect(JSON.stringify(receipt)).not.toContain("ada@example.org");
  });

  test("a frozen ProviderError, with a detail that is frozen too", async () => {
    const error = Object.freeze(new ProviderError(failure("unavailable", { detail: "busy" })));

    expect(steps(await withRogue(thrower(error)).send(letter))).toEqual(["rogue unavailable", "standby accepted"]);
  });

  test("a reusedConnection whose getter throws", async () => {
    const error = Object.defineProperty(withFailure({ reason: "unavailable" }), "reusedConnection", {
      get() {
        throw new Error("x");
      },
    });

    expect((await withRogue(thrower(error)).send(letter)).provider).toBe("standby");
  });

  test("one of another copy of the package is recognised", async () => {
    const foreign = { [Symbol.for("steadymail.ProviderError")]: true, failure: { reason: "quota", sent: "no" } };
    const mailer = withRogue(thrower(foreign));

    expect(steps(await mailer.send(letter))).toEqual(["rogue quota", "standby accepted"]);
    expect(healthOf(mailer, "rogue").state).toBe("down");
  });

  test("a retryAfter that is not a number does not keep later throttles from counting", async () => {
    let retryAfter = Number.NaN;
    const mailer = withRogue({
      send: async () => {
        throw withFailure({ reason: "throttled", retryAfter });
      },
    });
    await mailer.send(letter);
    await elapse(60_000);
    retryAfter = 5_000;

    await mailer.send(letter);

    expect(healthOf(mailer, "rogue").throttledUntil).toEqual(new Date(Date.now() + 5_000));
  });
});

describe("An adapter that resolves with junk: no positive receipt, so bad-response", () => {
  const junk: readonly (readonly [string, unknown])[] = [
    ["undefined", undefined],
    ["null", null],
    ["a string", "m-1"],
    ["an empty object", {}],
    ["an empty id", { providerMessageId: "" }],
    ["an id that is no string", { providerMessageId: 42 }],
    ["an array", ["m-1"]],
  ];
  test.each(junk)("%s", async (_, value) => {
    const receipt = await withRogue({ send: async () => value }).send(letter);

    expect(steps(receipt)).toEqual(["rogue bad-response", "standby accepted"]);
    expect(receipt.duplicate).toBe("possible");
  });

  test.each([
    ["a getter that throws", hostileReceipt()],
    ["a revoked proxy", revoked()],
  ])("%s", async (_, value) => {
    const receipt = await withRogue({ send: () => value }).send(letter);

    expect(receipt).toMatchObject({ provider: "standby", duplicate: "possible" });
  });

  test("a receipt that is no promise is a receipt", async () => {
    const receipt = await withRogue({ send: () => ({ providerMessageId: "m-1" }) }).send(letter);

    expect(receipt).toMatchObject({ provider: "rogue", providerMessageId: "m-1" });
  });
});

describe("An adapter that does not settle, or more than once", () => {
  test("never: its time limit ends the attempt, and the standby sends", async () => {
    const mailer = withRogue({ send: () => new Promise(() => {}) });
    const sending = await begin(mailer.send(letter));
    await elapse(10_100);

    expect(steps(sending.receipt)).toEqual(["rogue timeout", "standby accepted"]);
    expect(healthOf(mailer, "rogue").inFlight).toBe(0);
  });

  test.each(["resolve", "reject"] as const)("%s twice, and otherwise: the first counts", async (first) => {
    const send = () =>
      new Promise((resolve, reject) => {
        const acts = [() => resolve({ providerMessageId: "m-1" }), () => reject(new ProviderError(failure("quota")))];
        if (first === "reject") acts.reverse();
        for (const act of [...acts, ...acts]) act();
      });

    const receipt = await withRogue({ send }).send(letter);

    expect(steps(receipt)).toEqual(first === "resolve" ? ["rogue accepted"] : ["rogue quota", "standby accepted"]);
  });

  test("a thenable that calls back twice and throws then", async () => {
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: that is what such an adapter returns
      then(resolve: (value: unknown) => void) {
        resolve({ providerMessageId: "m-1" });
        resolve(undefined);
        throw new Error("x");
      },
    };

    expect(steps(await withRogue({ send: () => thenable }).send(letter))).toEqual(["rogue accepted"]);
  });

  test.each(["accepts", "fails"] as const)("one that %s long after its time limit changes nothing", async (late) => {
    const send = () =>
      new Promise((resolve, reject) => {
        setTimeout(() => (late === "accepts" ? resolve({ providerMessageId: "m-1" }) : reject(null)), 15_000);
      });
    const mailer = withRogue({ send });
    const sending = watch(mailer.send(letter));
    await elapse(10_100);
    const receipt = sending.receipt;
    const before = JSON.stringify(receipt);
    await elapse(10_000);

    expect(steps(receipt)).toEqual(["rogue timeout", "standby accepted"]);
    expect(JSON.stringify(receipt)).toBe(before);
    expect(healthOf(mailer, "rogue")).toMatchObject({ failureRate: 1, inFlight: 0 });
  });
});

describe("An adapter whose unsupported()", () => {
  const junk: readonly (readonly [string, () => unknown])[] = [
    [
      "throws",
      () => {
        throw new Error("x");
      },
    ],
    [
      "throws null",
      () => {
        throw null;
      },
    ],
    ["returns nothing", () => undefined],
    ["returns null", () => null],
    ["returns a promise", async () => []],
    ["returns a number", () => 7],
    ["returns an object", () => ({ tags: true })],
    ["returns names that are no strings", () => [null, 7, {}]],
    [
      "returns an array whose items throw",
      () => [
        {
          toString() {
            throw new Error("x");
          },
        },
      ],
    ],
  ];
  test.each(junk)("%s costs no message: the standby sends it", async (_, unsupported) => {
    const receipt = await withRogue({ unsupported }).send(letter);

    expect(receipt.provider).toBe("standby");
    expect(receipt.skipped.map(({ provider }) => provider)).toEqual(["rogue"]);
    for (const field of receipt.skipped[0]?.fields ?? []) expect(typeof field).toBe("string");
  });

  test("changes its mind or its list later: the receipt stays as it was", async () => {
    const fields = ["sendAt"];
    const receipt = await withRogue({ unsupported: () => fields }).send(letter);
    fields.push("headers");

    expect(receipt.skipped).toEqual([{ provider: "rogue", fields: ["sendAt"] }]);
  });
});

describe("An adapter whose load()", () => {
  test.each([
    [
      "throws",
      () => {
        throw new Error("x");
      },
    ],
    ["returns nothing", () => undefined],
    [
      "rejects",
      async () => {
        throw new Error("x");
      },
    ],
    ["never settles", () => new Promise(() => {})],
  ])("%s changes no outcome: what was accepted is reported so", async (_, load) => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer<string>({ providers: [a, adapter("rogue", { load })] });

    expect(await mailer.send(letter)).toMatchObject({ provider: "a" });
    expect(a.inbox).toHaveLength(1);
  });
});

/** A ProviderError as untyped code may make it. */
function withFailure(given: unknown): ProviderError {
  return Object.defineProperty(new ProviderError(failure("unavailable")), "failure", {
    value: given,
    configurable: true,
  });
}
