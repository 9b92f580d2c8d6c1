import { describe, expect, it } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";

const mailer = createMailer({ providers: [memoryProvider({ name: "primary" })] });

/** As somebody calls it who has no types. */
function drill(...values: readonly unknown[]): unknown {
  return Reflect.apply(mailer.drill, mailer, values);
}

describe("A drill is refused", () => {
  it("of a provider that does not exist", () => {
    expect(() => drill("ses", "timeout", { for: 1 })).toThrow(
      new RangeError('There is no provider "ses"; there are primary'),
    );
  });

  it.each(["rejected", "invalid", "internal", "aborted", "accepted", "hang", "toString", undefined, 1])(
    "with %o, which is no fault of a provider",
    (fault) => {
      expect(() => drill("primary", fault, { for: 1 })).toThrow(RangeError);
      expect(() => drill("primary", fault, { for: 1 })).toThrow(/the fault must be one of authentication, suspended, /);
    },
  );

  it.each([
    [undefined, TypeError, "drill: options must be an object"],
    [{}, RangeError, "drill: options.for must be milliseconds above 0"],
    [{ for: 0 }, RangeError, "drill: options.for must be milliseconds above 0"],
    [{ for: Number.POSITIVE_INFINITY }, RangeError, "drill: options.for must be milliseconds above 0"],
    [{ for: "1m" }, RangeError, "drill: options.for must be milliseconds above 0"],
    [
      { for: 1, latency: -1 },
      RangeError,
      "drill: options.latency must be milliseconds from 0 to 2147483647, but is -1",
    ],
    [{ for: 1, latency: 2 ** 31 }, RangeError, "drill: options.latency must be milliseconds from 0 to 2147483647"],
    [{ for: 1, until: 2 }, TypeError, "drill: options.until is no option; there are for, latency, retryAfter"],
    [{ for: 1, retryAfter: 2 }, RangeError, 'drill: options.retryAfter is for "throttled" and "unavailable" alone'],
  ])("with the options %o", (options, kind, words) => {
    expect(() => drill("primary", "timeout", options)).toThrow(kind);
    expect(() => drill("primary", "timeout", options)).toThrow(words);
    expect(mailer.health()[0]).not.toHaveProperty("drill");
  });

  it("with a retryAfter that is no pause", () => {
    expect(() => drill("primary", "throttled", { for: 1, retryAfter: Number.NaN })).toThrow(RangeError);
  });

  it("by the compiler, for a name or a fault that does not exist", () => {
    const typed = () => {
      // @ts-expect-error no provider has this name
      mailer.drill("primry", "timeout", { for: 1 });
      // @ts-expect-error not a fault of a provider
      mailer.drill("primary", "rejected", { for: 1 });
      // @ts-expect-error it must end
      mailer.drill("primary", "timeout", {});
    };
    expect(typed).toThrow(RangeError);
  });
});

describe("A drill of no latency and no pause", () => {
  it("takes 0 for either", () => {
    drill("primary", "throttled", { for: 1_000, latency: 0, retryAfter: 0 });
    expect(mailer.health()[0]).toMatchObject({ drill: { fault: "throttled" } });
  });
});
