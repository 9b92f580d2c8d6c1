import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  changesOf,
  fakeTime,
  healthOf,
  heldProvider,
  pass,
  resultOf,
  send,
  settled,
  standby,
  stateOf,
  triesOf,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

function twoProviders() {
  const primary = memoryProvider({ name: "primary" });
  const mailer = createMailer({ providers: [primary, standby()] });
  return { mailer, primary };
}

describe("isolate() takes a provider out until its handle is disposed", () => {
  it("nothing is sent there meanwhile", async () => {
    const { mailer } = twoProviders();

    const handle = mailer.isolate("primary");
    expect(triesOf(await send(mailer))).toEqual(["standby accepted"]);
    expect(healthOf(mailer, "primary")).toMatchObject({ isolated: true, state: "healthy" });
    handle[Symbol.dispose]();

    expect(triesOf(await send(mailer))).toEqual(["primary accepted"]);
    expect(healthOf(mailer, "primary").isolated).toBe(false);
  });

  it("works with `using`", async () => {
    const { mailer } = twoProviders();
    {
      using _maintenance = mailer.isolate("primary");
      expect(resultOf(await send(mailer))).toBe("standby");
    }
    expect(resultOf(await send(mailer))).toBe("primary");
  });

  it("handles nest: it comes back with the last of them", async () => {
    const { mailer } = twoProviders();
    const changes = changesOf(mailer);
    const one = mailer.isolate("primary");
    const two = mailer.isolate("primary");

    one[Symbol.dispose]();
    expect(healthOf(mailer, "primary").isolated).toBe(true);
    two[Symbol.dispose]();

    expect(healthOf(mailer, "primary").isolated).toBe(false);
    expect(changes).toEqual(["healthy → isolated (isolated)", "isolated → healthy (restored)"]);
  });

  it("a handle that is disposed twice counts once", () => {
    const { mailer } = twoProviders();
    const one = mailer.isolate("primary");
    const two = mailer.isolate("primary");

    one[Symbol.dispose]();
    one[Symbol.dispose]();

    expect(healthOf(mailer, "primary").isolated).toBe(true);
    two[Symbol.dispose]();
    expect(healthOf(mailer, "primary").isolated).toBe(false);
  });

  it("it can be isolated again afterwards", () => {
    const { mailer } = twoProviders();
    mailer.isolate("primary")[Symbol.dispose]();

    mailer.isolate("primary");

    expect(healthOf(mailer, "primary").isolated).toBe(true);
  });

  it("isolates no other", () => {
    const { mailer } = twoProviders();

    mailer.isolate("primary");

    expect(healthOf(mailer, "standby").isolated).toBe(false);
  });

  it.each(["nobody", "", "toString", "__proto__"])("the name of no provider (%j) is a RangeError", (name) => {
    const { mailer } = twoProviders();

    // @ts-expect-error: a name that the types know to be none
    expect(() => mailer.isolate(name)).toThrow(RangeError);
    // @ts-expect-error: the same
    expect(() => mailer.isolate(name)).toThrow(/primary, standby/);
  });

  it("an attempt under way there finishes", async () => {
    const primary = heldProvider("primary");
    const mailer = createMailer({ providers: [primary, standby()] });
    const sending = send(mailer);
    await settled();

    mailer.isolate("primary");
    primary.held[0]?.end("accepted");

    expect(triesOf(await sending)).toEqual(["primary accepted"]);
  });

  it("a send that waits for another round does not go there any more", async () => {
    const primary = memoryProvider({ name: "primary", script: [{ reason: "throttled", retryAfter: 2_000 }] });
    const mailer = createMailer({ providers: [primary] });
    const waiting = send(mailer);
    await settled();

    mailer.isolate("primary");
    await pass(30_000);

    expect(triesOf(await waiting)).toEqual(["primary throttled"]);
    expect(resultOf(await waiting)).toBe("unavailable");
  });

  it("with all isolated a send ends at once as unavailable, untried", async () => {
    const { mailer } = twoProviders();
    mailer.isolate("primary");
    mailer.isolate("standby");

    const ending = await send(mailer);

    expect(resultOf(ending)).toBe("unavailable");
    expect(triesOf(ending)).toEqual([]);
  });

  it("is an overlay: a state goes on under it", async () => {
    const primary = memoryProvider({ name: "primary", script: ["suspended"] });
    const mailer = createMailer({ providers: [primary, standby()] });
    await send(mailer);
    const handle = mailer.isolate("primary");
    await pass(15_000);

    expect(resultOf(await send(mailer))).toBe("standby");
    expect(stateOf(mailer, "primary")).not.toBe("recovering");
    handle[Symbol.dispose]();

    expect(resultOf(await send(mailer))).toBe("primary");
    expect(stateOf(mailer, "primary")).toBe("recovering");
  });
});
