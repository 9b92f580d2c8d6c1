import { describe, expect, test } from "vitest";
import { createMailer, type Failure, failure, failureInPhase, ProviderError, type Receipt } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { type AdapterParts, adapter, begin, elapse, letter, silenceWarnings, steps, useFakeTime } from "./support.ts";

useFakeTime();
silenceWarnings();

const timeout = 1_000;

/** What is on record of an attempt at an adapter, before a standby that takes everything. */
async function sendBy(parts: AdapterParts): Promise<Receipt> {
  const mailer = createMailer<string>({
    providers: [adapter("a", parts), memoryProvider({ name: "standby" })],
    timeout,
  });
  const sending = await begin(mailer.send(letter));
  await elapse(timeout);
  return sending.receipt;
}

async function failureBy(parts: AdapterParts): Promise<Failure> {
  const [first] = (await sendBy(parts)).attempts;
  if (first === undefined || first.outcome === "accepted") throw new Error("the first attempt did not fail");
  return first.failure;
}

/** An adapter that answers the abort of its signal so. */
function onAbort(answer: (signal: AbortSignal) => Error): AdapterParts {
  return {
    send: (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(answer(signal)))),
  };
}

function throwing(thrown: unknown): AdapterParts {
  return {
    send: () => {
      throw thrown;
    },
  };
}

class NoRoute extends Error {
  override readonly name = "NoRoute";
}

const unreadable = Object.defineProperty(new Error(), "message", {
  get() {
    throw new Error("a getter that throws");
  },
});

describe("The failure of an adapter that does not do its part says what it did", () => {
  test.each([
    ["throws an error", throwing(new NoRoute("no route")), "internal", "maybe", "NoRoute: no route"],
    ["throws a string", throwing("ada@example.org"), "internal", "maybe", "a thrown string"],
    ["throws nothing", throwing(undefined), "internal", "maybe", "a thrown undefined"],
    ["throws what cannot be read", throwing(unreadable), "internal", "maybe", "an error that cannot be read"],
    ["gives no id", { send: () => ({}) }, "bad-response", "maybe", "The adapter returned no providerMessageId"],
    ["is not loaded", { load: () => new Promise(() => {}) }, "internal", "no", "The adapter was not loaded in time"],
  ])("%s", async (_how, parts, reason, sent, detail) => {
    expect(await failureBy(parts)).toEqual({
      reason,
      scope: reason === "internal" ? "none" : "provider",
      sent,
      detail,
    });
  });
});

describe("What an adapter says when its time is over is believed", () => {
  test("that no request had begun, as nothing but a time-out may be", async () => {
    expect(await failureBy(onAbort(() => new ProviderError(failureInPhase("aborted", "no"))))).toEqual({
      reason: "unreachable",
      scope: "provider",
      sent: "no",
      code: "ETIMEDOUT",
    });
  });

  test.each([
    ["that its answer was lost", failure("response-lost", { code: "ECONNRESET" }), "possible"],
    ["that the ESP answered without making sense", failure("bad-response", { status: 200 }), "possible"],
    ["that it failed by itself before any request", failureInPhase("internal", "no", { detail: "no key" }), "no"],
    ["that the ESP had refused it", failure("quota"), "no"],
  ] as const)("%s", async (_what, given, duplicate) => {
    const receipt = await sendBy(onAbort(() => new ProviderError(given)));

    expect(receipt.attempts[0]).toMatchObject({ failure: given });
    expect(receipt.duplicate).toBe(duplicate);
  });

  test.each([
    ["nothing", { send: () => new Promise(() => {}) }],
    ["the reason of its signal, as fetch throws it", onAbort(({ reason }) => reason)],
  ] as const)("and %s is a time-out", async (_what, parts) => {
    expect(await failureBy(parts)).toEqual({ reason: "timeout", scope: "provider", sent: "maybe" });
  });
});

describe("An adapter whose attempt the caller ends", () => {
  test("sees an AbortError as the reason of its signal", async () => {
    const caller = new AbortController();
    const reasons: unknown[] = [];
    const parts = onAbort(({ reason }) => {
      reasons.push(reason);
      return new Error();
    });
    const sending = await begin(
      createMailer({ providers: [adapter("a", parts)] }).send(letter, { signal: caller.signal }),
    );
    caller.abort(new Error("the client went away"));
    await elapse();

    expect(reasons).toEqual([new DOMException("The attempt was ended", "AbortError")]);
    expect(reasons).toMatchObject([{ name: "AbortError" }]);
    expect(sending.error.attempts).toMatchObject([{ failure: { reason: "aborted", sent: "maybe" } }]);
  });

  test("before it is loaded has sent nothing", async () => {
    const caller = new AbortController();
    const mailer = createMailer({ providers: [adapter("a", { load: () => new Promise(() => {}) })] });
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));
    caller.abort();
    await elapse();

    expect(sending.error.attempts).toMatchObject([
      { outcome: "not-sent", failure: { reason: "aborted", scope: "none", sent: "no" } },
    ]);
  });

  test("by the adapter's own hand, while it is called, sees its attempt end as by any other abort", async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => {
      uncaught.push(error);
    };
    process.on("uncaughtException", note);
    const caller = new AbortController();
    const parts: AdapterParts = {
      send: (_message, { id }) => {
        if (id === "warm-up") return { providerMessageId: "m-1" };
        caller.abort();
        return new Promise(() => {});
      },
    };
    const mailer = createMailer({ providers: [adapter("a", parts)] });
    // The first attempt waits for the adapter to be loaded; those that follow are as quick as can be.
    await mailer.send(letter, { id: "warm-up" });
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));
    await elapse();
    process.off("uncaughtException", note);

    expect(uncaught).toEqual([]);
    expect(sending.error.kind).toBe("aborted");
    expect(steps(sending.error)).toEqual(["a aborted"]);
  });
});
