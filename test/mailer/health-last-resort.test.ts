import { beforeEach, describe, expect, it, vi } from "vitest";
import { createMailer, failure, type Mailer, ProviderError } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";
import {
  changesOf,
  type Ending,
  fakeTime,
  healthOf,
  heldProvider,
  pass,
  resultOf,
  send,
  settled,
  stateOf,
  triesOf,
} from "./health-support.ts";

beforeEach(() => {
  fakeTime();
  return () => vi.useRealTimers();
});

/** Two providers, both down: the first since this moment, the second for 5 s. */
async function bothDown() {
  const first = memoryProvider({ name: "first", script: ["suspended"] });
  const second = memoryProvider({ name: "second", script: ["suspended"] });
  const mailer = createMailer({ providers: [first, second] });
  const sending = send(mailer, { only: ["second"] });
  await pass(5_000);
  await sending;
  const other = send(mailer, { only: ["first"] });
  await settled();
  await other;
  expect(stateOf(mailer, "first")).toBe("down");
  expect(stateOf(mailer, "second")).toBe("down");
  return { mailer, first, second };
}

/** One provider that is down since this moment. */
async function oneDown() {
  const only = heldProvider("only");
  const mailer = createMailer({ providers: [only] });
  const sending = send(mailer);
  await settled();
  only.held[0]?.end(new ProviderError(failure("suspended")));
  await settled();
  await sending;
  expect(stateOf(mailer, "only")).toBe("down");
  return { mailer, only };
}

function retryAtOf<N extends string>(ending: Ending<N>): Date | undefined {
  return ending.ok ? undefined : ending.error.retryAt;
}

function sends<N extends string>(mailer: Mailer<N>, count: number) {
  return Array.from({ length: count }, () => send(mailer));
}

describe("when all are down, the last resort is one try at the one that is due first", () => {
  it("the one with the earliest end of its open period, whatever the order of priority", async () => {
    const { mailer, first, second } = await bothDown();
    second.script("unavailable");
    const before = first.attempts;

    const ending = await send(mailer);

    expect(triesOf(ending)).toEqual(["second unavailable"]);
    expect(first.attempts).toBe(before);
  });

  it("if it fails, the send ends at once as unavailable, with the time when the first one is due", async () => {
    const { mailer, second } = await bothDown();
    second.script("unavailable");

    const ending = await send(mailer);

    expect(resultOf(ending)).toBe("unavailable");
    expect(retryAtOf(ending)).toEqual(new Date(Date.now() + 10_000));
  });

  it("if it fails, the open period stays as it is", async () => {
    const { mailer, second } = await bothDown();
    const { openUntil } = healthOf(mailer, "second");
    const changes = changesOf(mailer);
    second.script("unavailable");

    await send(mailer);

    expect(changes).toEqual([]);
    expect(healthOf(mailer, "second")).toMatchObject({ state: "down", openUntil });
  });

  it("if it is accepted, the provider is back, and recovers", async () => {
    const { mailer } = await bothDown();
    const changes = changesOf(mailer);

    const ending = await send(mailer);

    expect(triesOf(ending)).toEqual(["second accepted"]);
    expect(changes).toEqual(["down → probing (last-resort-accepted)", "probing → recovering (probe-accepted)"]);
  });

  it.each<Outcome>(["rejected", "too-large"])(
    "an answer about the message alone (%s) brings it back too",
    async (answer) => {
      const { mailer, second } = await bothDown();
      second.script(answer);

      await send(mailer);

      expect(stateOf(mailer, "second")).toBe("recovering");
    },
  );

  it("if its outcome is unknown, the error says so", async () => {
    const { mailer, second } = await bothDown();
    second.script("server-error");

    const ending = await send(mailer);

    expect(resultOf(ending)).toBe("unknown");
    expect(triesOf(ending)).toEqual(["second server-error"]);
  });

  it("a throttled one is a throttle of a provider that stays down", async () => {
    const { mailer, second } = await bothDown();
    second.script({ reason: "throttled", retryAfter: 60_000 });

    await send(mailer);

    const { state, throttledUntil } = healthOf(mailer, "second");
    expect(state).toBe("down");
    expect(throttledUntil).toEqual(new Date(Date.now() + 60_000));
  });

  it("isolated providers are none: with all others isolated it ends at once, untried", async () => {
    const { mailer } = await bothDown();
    mailer.isolate("first");
    mailer.isolate("second");

    const ending = await send(mailer);

    expect(triesOf(ending)).toEqual([]);
    expect(resultOf(ending)).toBe("unavailable");
  });

  it("only an allowed provider is tried", async () => {
    const { mailer } = await bothDown();

    expect(triesOf(await send(mailer, { only: ["first"] }))).toEqual(["first accepted"]);
  });

  it("a message that a provider failed just now is not sent there again as a last resort", async () => {
    const only = memoryProvider({ name: "only", script: ["unavailable", "unavailable"] });
    const mailer = createMailer({ providers: [only], breaker: { consecutiveFailures: 1 } });

    const sending = send(mailer);
    await pass(30_000);

    expect(triesOf(await sending)).toEqual(["only unavailable"]);
  });
});

describe("the last resort is made at most once a second, for the whole mailer", () => {
  it("before that a send ends at once, untried and unavailable", async () => {
    const { mailer, second } = await bothDown();
    second.script(() => "unavailable");
    await send(mailer);
    await pass(999);

    const early = await send(mailer);
    await pass(1);
    const later = await send(mailer);

    expect(triesOf(early)).toEqual([]);
    expect(resultOf(early)).toBe("unavailable");
    expect(retryAtOf(early)).toEqual(healthOf(mailer, "second").openUntil);
    expect(triesOf(later)).toEqual(["second unavailable"]);
  });

  it("whichever providers the sends allow", async () => {
    const { mailer, first, second } = await bothDown();
    second.script("unavailable");
    await send(mailer, { only: ["second"] });
    const before = first.attempts;

    const ending = await send(mailer, { only: ["first"] });

    expect(triesOf(ending)).toEqual([]);
    expect(first.attempts).toBe(before);
  });

  it("a send that comes too late for an attempt does not use it up", async () => {
    const { mailer } = await bothDown();

    const late = await send(mailer, { deadline: new Date(Date.now() - 1) });

    expect(triesOf(late)).toEqual([]);
    expect(triesOf(await send(mailer))).toEqual(["second accepted"]);
  });
});

describe("one last resort at a time: concurrent sends await its verdict", () => {
  it("there is one attempt for 50 sends; it fails, and all end as unavailable with the same time", async () => {
    const { mailer, only } = await oneDown();

    const sending = sends(mailer, 50);
    await pass(5_000);
    expect(only.held).toHaveLength(2);
    only.held[1]?.end(new ProviderError(failure("unavailable")));
    const endings = await Promise.all(sending);

    expect(only.held).toHaveLength(2);
    expect(endings.map(resultOf)).toEqual(Array.from({ length: 50 }, () => "unavailable"));
    expect(new Set(endings.map((ending) => retryAtOf(ending)?.getTime()))).toEqual(
      new Set([healthOf(mailer, "only").openUntil?.getTime()]),
    );
  });

  it("it is accepted, and all the others are sent", async () => {
    const { mailer, only } = await oneDown();
    const sending = sends(mailer, 50);
    await settled();

    only.held[1]?.end("accepted");
    await settled();
    for (const { end } of only.held.slice(2)) end("accepted");

    expect((await Promise.all(sending)).map(resultOf)).toEqual(Array.from({ length: 50 }, () => "only"));
    expect(only.held).toHaveLength(51);
  });

  it("a waiting send ends at its caller's abort and at its own deadline, and does not end the attempt", async () => {
    const { mailer, only } = await oneDown();
    const trying = send(mailer);
    await settled();
    const caller = new AbortController();
    const aborted = send(mailer, { signal: caller.signal });
    const late = send(mailer, { deadline: 2_000 });
    await settled();

    caller.abort();
    expect(resultOf(await aborted)).toBe("aborted");
    await pass(2_000);
    expect(resultOf(await late)).toBe("unavailable");

    expect(only.held[1]?.attempt.signal.aborted).toBe(false);
    only.held[1]?.end("accepted");
    expect(resultOf(await trying)).toBe("only");
  });

  it("when the trying send is aborted, a waiting one is not stuck", async () => {
    const { mailer, only } = await oneDown();
    const caller = new AbortController();
    const trying = send(mailer, { signal: caller.signal });
    await settled();
    const waiting = send(mailer);
    await pass(2_000);

    caller.abort();
    await pass(1);

    expect(resultOf(await trying)).toBe("aborted");
    await settled();
    only.held[2]?.end("accepted");
    expect(resultOf(await waiting)).toBe("only");
  });
});
