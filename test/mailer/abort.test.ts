import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createMailer, failure, failureInPhase, ProviderError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  adapter,
  begin,
  elapse,
  errorOf,
  fixRandom,
  healthOf,
  letter,
  silenceWarnings,
  steps,
  takeDown,
  throttle,
  useFakeTime,
  watch,
} from "./support.ts";

useFakeTime();
silenceWarnings();

const reason = new Error("the client went away");

describe("The caller's signal ends the send", () => {
  test("before it began", async () => {
    const a = memoryProvider({ name: "a" });

    const error = await errorOf(createMailer({ providers: [a] }).send(letter, { signal: AbortSignal.abort(reason) }));

    expect(error).toMatchObject({ kind: "aborted", sent: "no", attempts: [] });
    expect(a.attempts).toBe(0);
  });

  test("before it began, and a body that nobody reads does not end the process when it rejects", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    onTestFinished(() => void process.off("unhandledRejection", unhandled));
    const html = Promise.reject(new Error("the template is broken"));
    const mailer = createMailer({ providers: [memoryProvider()] });

    await errorOf(mailer.send({ ...letter, html }, { signal: AbortSignal.abort(reason) }));
    await elapse();

    expect(unhandled).not.toHaveBeenCalled();
  });

  test("while the message is prepared", async () => {
    const caller = new AbortController();
    const a = memoryProvider({ name: "a" });
    const html = new Promise<string>((resolve) => setTimeout(resolve, 1_000, "<p>Thank you</p>"));
    const sending = await begin(createMailer({ providers: [a] }).send({ ...letter, html }, { signal: caller.signal }));
    caller.abort(reason);
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "no", attempts: [], cause: reason });
    await elapse(1_000);
    expect(a.attempts).toBe(0);
  });

  test("during an attempt, and aborts the signal of the attempt", async () => {
    const caller = new AbortController();
    const signals: AbortSignal[] = [];
    const a = memoryProvider({
      name: "a",
      script: (_, { signal }) => {
        signals.push(signal);
        return "hang";
      },
    });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b] });
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));
    expect(healthOf(mailer, "a").inFlight).toBe(1);
    caller.abort(reason);
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "maybe", cause: reason });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(b.attempts).toBe(0);
    expect(healthOf(mailer, "a").inFlight).toBe(0);
  });

  test("during an attempt of an adapter that does not heed it", async () => {
    const caller = new AbortController();
    const a = adapter("a", { send: () => new Promise(() => {}) });
    const sending = await begin(createMailer({ providers: [a] }).send(letter, { signal: caller.signal }));
    caller.abort(reason);
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "maybe" });
  });

  test("during back-off", async () => {
    fixRandom(0.9);
    const caller = new AbortController();
    const a = memoryProvider({ name: "a", script: ["unavailable"] });
    const sending = await begin(createMailer({ providers: [a] }).send(letter, { signal: caller.signal }));
    caller.abort(reason);
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "no", cause: reason });
    expect(steps(sending.error)).toEqual(["a unavailable"]);
    await elapse(1_000);
    expect(a.attempts).toBe(1);
  });

  test("while it waits for a throttle to pass", async () => {
    const caller = new AbortController();
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [a] });
    await throttle(mailer, a, 5_000);
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));
    caller.abort(reason);
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "no", attempts: [] });
    expect(healthOf(mailer, "a").queued).toBe(0);
  });

  test("while it waits for another message's verdict, which the other one still gets", async () => {
    fixRandom();
    const caller = new AbortController();
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [a] });
    await takeDown(mailer, a);
    a.script({ accepted: true, after: 2_000 });
    const other = await begin(mailer.send(letter));
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));
    caller.abort(reason);
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "no", attempts: [] });
    await elapse(2_000);
    expect(other.receipt.provider).toBe("a");
    expect(a.inbox).toHaveLength(1);
  });

  test("in the very call of the adapter", async () => {
    const caller = new AbortController();
    const a = memoryProvider({
      name: "a",
      script: () => {
        caller.abort(reason);
        return "hang";
      },
    });
    const sending = await begin(createMailer({ providers: [a] }).send(letter, { signal: caller.signal }));

    expect(sending.error).toMatchObject({ kind: "aborted", cause: reason });
  });

  test("in a listener: no further attempt begins", async () => {
    const caller = new AbortController();
    const a = memoryProvider({ name: "a", script: ["unreachable"] });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b] });
    mailer.on("failover", () => caller.abort(reason));

    const error = await errorOf(mailer.send(letter, { signal: caller.signal }));

    expect(error).toMatchObject({ kind: "aborted", sent: "no" });
    expect(b.attempts).toBe(0);
  });
});

describe("Nothing accepted is ever reported as failed", () => {
  test.each(["before", "after"] as const)("an acceptance in the same tick, %s the abort", async (order) => {
    const caller = new AbortController();
    let accept = (_: { providerMessageId: string }): void => {};
    const a = adapter("a", {
      send: () =>
        new Promise<{ providerMessageId: string }>((resolve) => {
          accept = resolve;
        }),
    });
    const sending = await begin(createMailer({ providers: [a] }).send(letter, { signal: caller.signal }));
    if (order === "after") caller.abort(reason);
    accept({ providerMessageId: "m-1" });
    if (order === "before") caller.abort(reason);
    await elapse();

    expect(sending.receipt).toMatchObject({ providerMessageId: "m-1", duplicate: "no" });
  });

  test("an acceptance in the tick of the deadline", async () => {
    const a = memoryProvider({ name: "a", script: [{ accepted: true, after: 999 }] });
    const sending = watch(createMailer({ providers: [a] }).send(letter, { deadline: 1_000 }));
    await elapse(1_000);

    expect(sending.receipt.attempts).toMatchObject([{ outcome: "accepted", duration: 999 }]);
  });

  test("an acceptance that answers the time limit's abort", async () => {
    const a = adapter("a", {
      send: (_, { signal }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve({ providerMessageId: "m-1" }))),
    });
    const sending = watch(createMailer({ providers: [a] }).send(letter));
    await elapse(10_100);

    expect(sending.receipt).toMatchObject({ providerMessageId: "m-1", duplicate: "no" });
  });

  test("a listener that aborts on acceptance comes too late", async () => {
    const caller = new AbortController();
    const mailer = createMailer({ providers: [memoryProvider({ name: "a" })] });
    mailer.on("attempt", () => caller.abort(reason));

    expect(await mailer.send(letter, { signal: caller.signal })).toMatchObject({ provider: "a", duplicate: "no" });
  });
});

test.each(["before", "after"] as const)("A refusal in the same tick, %s the abort, is believed", async (order) => {
  const caller = new AbortController();
  let refuse = (_: ProviderError): void => {};
  const a = adapter("a", {
    send: () =>
      new Promise((_resolve, reject) => {
        refuse = reject;
      }),
  });
  const sending = await begin(createMailer({ providers: [a] }).send(letter, { signal: caller.signal }));
  if (order === "after") caller.abort(reason);
  refuse(new ProviderError(failure("rejected")));
  if (order === "before") caller.abort(reason);
  await elapse();

  expect(sending.error).toMatchObject({ kind: "rejected", sent: "no" });
});

test("An abort that proves nothing was sent leaves sent: no, also after other refusals", async () => {
  const caller = new AbortController();
  const a = memoryProvider({ name: "a", script: ["too-large"] });
  const b = adapter("b", {
    send: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new ProviderError(failureInPhase("aborted", "no"))));
      }),
  });
  const sending = await begin(createMailer({ providers: [a, b] }).send(letter, { signal: caller.signal }));
  caller.abort(reason);
  await elapse();

  expect(sending.error).toMatchObject({ kind: "aborted", sent: "no" });
  expect(steps(sending.error)).toEqual(["a too-large", "b aborted"]);
});
