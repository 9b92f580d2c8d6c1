import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, isSteadyMailError } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import { recorded } from "./events-support.ts";
import { fakeTime, letter, pass, send, sendMany, standby, start } from "./health-support.ts";

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

describe("events of a send", () => {
  it("accepted: { id, receipt }, with the very receipt that the caller gets", async () => {
    const { mailer, named } = mailerWith();

    const receipt = await mailer.send(letter, { id: "order-1" });

    expect(named("accepted")).toEqual([{ id: "order-1", receipt }]);
    expect(named("failed")).toEqual([]);
  });

  it("failed: { id, error }, with the very error that the caller gets", async () => {
    const { mailer, named } = mailerWith("rejected");

    const error: unknown = await mailer.send(letter, { id: "order-2" }).catch((reason: unknown) => reason);

    expect(isSteadyMailError(error)).toBe(true);
    expect(named("failed")).toEqual([{ id: "order-2", error }]);
    expect(named("accepted")).toEqual([]);
  });

  it.each([
    ["invalid", {}, { ...letter, to: "nobody" }],
    ["unsupported", {}, { ...letter, sendAt: new Date(start) }],
    ["rejected", {}, letter],
    ["unavailable", { only: [] }, letter],
    ["unknown", { onUnknown: "stop" }, letter],
    ["aborted", { signal: AbortSignal.abort() }, letter],
  ] as const)("failed tells of %s errors too", async (kind, options, message) => {
    const script: Outcome[] = kind === "rejected" ? ["rejected"] : kind === "unknown" ? ["timeout"] : [];
    const only = memoryProvider({ name: "only", script, unsupported: ({ sendAt }) => (sendAt ? ["sendAt"] : []) });
    const mailer = createMailer({ providers: [only], retry: { maxRounds: 1 } });
    const kinds: string[] = [];
    mailer.on("failed", ({ error }) => kinds.push(error.kind));

    await mailer.send(message, options).catch(() => {});

    expect(kinds).toEqual([kind]);
  });

  it("failed tells of a closed mailer too", async () => {
    const { mailer, named } = mailerWith();
    await mailer.close();

    await send(mailer, { id: "late" });

    expect(named("failed")).toMatchObject([{ id: "late", error: { kind: "closed" } }]);
  });

  it("no failover is told of to a provider for which no useful time is left", async () => {
    const { mailer, events } = mailerWith({ reason: "unavailable", after: 960 });

    const sending = send(mailer, { deadline: 1_000 });
    await pass(1_000);
    await sending;

    expect(events.map(({ name }) => name)).toEqual(["attempt", "failed"]);
  });

  it("options that make no sense are the program's fault: no event", async () => {
    const { mailer, events } = mailerWith();

    await expect(mailer.send(letter, { id: "not allowed!" })).rejects.toThrow(RangeError);

    expect(events).toEqual([]);
  });

  it("attempt: { id, attempt } for each one, as the receipt lists them; failover: { id, from, to, failure } between", async () => {
    const failure = { reason: "unavailable", scope: "provider", sent: "no", status: 503, code: "busy" };
    const { mailer, events } = mailerWith({ reason: "unavailable", status: 503, code: "busy" });

    const { attempts } = await mailer.send(letter, { id: "order-3" });

    expect(attempts).toHaveLength(2);
    expect(attempts[0]).toMatchObject({ provider: "primary", round: 1, outcome: "not-sent", failure });
    expect(attempts[1]).toMatchObject({ provider: "standby", round: 1, outcome: "accepted" });
    expect(events.slice(0, 3)).toEqual([
      { name: "attempt", event: { id: "order-3", attempt: attempts[0] } },
      { name: "failover", event: { id: "order-3", from: "primary", to: "standby", failure } },
      { name: "attempt", event: { id: "order-3", attempt: attempts[1] } },
    ]);
    expect(events.map(({ name }) => name).slice(3)).toEqual(["accepted"]);
  });

  it("a repeat at the same provider is no failover", async () => {
    const only = memoryProvider({ name: "only", script: ["unavailable"] });
    const mailer = createMailer({ providers: [only], retry: { minDelay: 10, maxDelay: 10 } });
    const events = recorded(mailer);

    const sending = send(mailer);
    await pass(10);
    await sending;

    expect(events.map(({ name }) => name)).toEqual(["attempt", "attempt", "accepted"]);
  });

  it("passing over a provider that is down is no failover of this message", async () => {
    const { mailer, named } = mailerWith("suspended");
    await sendMany(mailer, 3);

    expect(named("failover")).toHaveLength(1);
  });
});
