import { describe, expect, it } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { letter, send } from "./health-support.ts";
import { rows, sendRefusal, shown, taken } from "./options-support.ts";

describe("the options of a send: a mistake is a TypeError or RangeError that names it", () => {
  it.each([null, 5, "text", true])("%j is refused: they must be an object", async (options) => {
    expect(await sendRefusal(options)).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining("options"),
    });
  });

  it("none and undefined are the same", async () => {
    expect(await sendRefusal(undefined)).toEqual(taken);
    expect(await sendRefusal({})).toEqual(taken);
  });

  it.each(["timeout", "excpet", "idempotencyKey"])("an unknown option is refused by its name: %s", async (key) => {
    expect(await sendRefusal({ [key]: 1 })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining(`options.${key}`),
    });
  });

  it("each may be undefined", async () => {
    const keys = ["signal", "deadline", "onUnknown", "id", "only", "except", "require", "stickyKey", "mayDrop"];

    expect(await sendRefusal(Object.fromEntries(keys.map((key) => [key, undefined])))).toEqual(taken);
  });

  it.each([null, 5, {}, { aborted: false }, new EventTarget()])("a signal of %o is refused", async (signal) => {
    expect(await sendRefusal({ signal })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining("options.signal"),
    });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "10", null, true, {}])(
    "a deadline of %o is refused with the value",
    async (deadline) => {
      const refusal = await sendRefusal({ deadline });

      expect(refusal.message).toContain("options.deadline");
      expect(refusal.message).toContain(shown(deadline));
    },
  );

  it("a deadline that is an invalid date is refused", async () => {
    expect(await sendRefusal({ deadline: new Date(Number.NaN) })).toMatchObject({
      error: "RangeError",
      message: expect.stringContaining("options.deadline"),
    });
  });

  it.each([new Date(Date.now() + 60_000), new Date(8.64e15), 60_000.5, 2 ** 31 - 1])(
    "a deadline of %o is taken",
    async (deadline) => {
      expect(await sendRefusal({ deadline })).toEqual(taken);
    },
  );

  it.each(["", "a b", "ä", "x".repeat(129), "a.b", 5, null, "a\n"])("an id of %j is refused", async (id) => {
    expect((await sendRefusal({ id })).message).toContain("options.id");
  });

  it.each(["a", "x".repeat(128), "A-z_0-9"])("an id of %j is taken, and stands in the receipt", async (id) => {
    const mailer = createMailer({ providers: [memoryProvider()] });

    expect((await mailer.send(letter, { id })).id).toBe(id);
  });

  it.each(["retry", true, null])("an onUnknown of %j is refused with the value", async (onUnknown) => {
    const refusal = await sendRefusal({ onUnknown });

    expect(refusal.message).toContain("options.onUnknown");
    expect(refusal.message).toContain(JSON.stringify(onUnknown));
  });

  it.each(rows(5, null, {}, ["a"]))("a stickyKey of %j is refused", async (stickyKey) => {
    expect(await sendRefusal({ stickyKey })).toMatchObject({
      error: "TypeError",
      message: expect.stringContaining("options.stickyKey"),
    });
  });

  it.each(["only", "except"])("%s: the name of no provider is a RangeError with the name", async (key) => {
    const refusal = await sendRefusal({ [key]: ["a", "nobody"] });

    expect(refusal.error).toBe("RangeError");
    expect(refusal.message).toContain(`options.${key}`);
    expect(refusal.message).toContain('"nobody"');
  });

  it.each(["only", "except", "require", "mayDrop"])("%s must be an array of strings", async (key) => {
    for (const value of ["a", [5], { a: true }, null, new Set(["a"])]) {
      expect(await sendRefusal({ [key]: value })).toMatchObject({
        error: "TypeError",
        message: expect.stringContaining(`options.${key}`),
      });
    }
  });

  it.each(["subject", "to", "toString"])("mayDrop: %s is no field that may be dropped", async (field) => {
    const refusal = await sendRefusal({ mayDrop: [field] });

    expect(refusal.error).toBe("RangeError");
    expect(refusal.message).toContain(`"${field}"`);
  });

  it("nothing is sent with options that make no sense", async () => {
    const provider = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [provider] });

    await expect(mailer.send(letter, { id: "" })).rejects.toThrow(RangeError);

    expect(provider.attempts).toBe(0);
  });
});

describe("a deadline that has passed", () => {
  it("starts no attempt, since an attempt needs a useful slice of time: unavailable, and not sent", async () => {
    const provider = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [provider] });

    const ending = await send(mailer, { deadline: new Date(Date.now() - 1_000) });

    expect(provider.attempts).toBe(0);
    expect(ending).toMatchObject({ ok: false, error: { kind: "unavailable", sent: "no", attempts: [] } });
  });
});
