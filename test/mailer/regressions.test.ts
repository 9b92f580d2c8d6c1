import { describe, expect, test } from "vitest";
import { createMailer, type Provider, ProviderError } from "../../src/index.ts";
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
  useFakeTime,
  watch,
} from "./support.ts";

useFakeTime();
silenceWarnings();

describe("A newsletter of 3 MB", () => {
  test("whose first provider failed went out by the second, instead of freezing the process until its deadline", async () => {
    const lines = Array.from({ length: 60_000 }, (_, line) => `<p>Offer number ${line} of today's 60,000 offers</p>`);
    const detail = "The service is busy with offers of other people; please come back a little later than now";
    const first = memoryProvider({ name: "first", script: [{ reason: "unavailable", detail, code: "Busy now" }] });
    const mailer = createMailer({ providers: [first, memoryProvider({ name: "second" })] });

    const receipt = await mailer.send({ ...letter, html: lines.join("\n") });

    expect(steps(receipt)).toEqual(["first unavailable", "second accepted"]);
  });
});

describe("A home-made adapter that passes its signal to fetch", () => {
  /** As fetch does: it rejects with the signal's reason. */
  function fetching<const N extends string>(name: N): Provider<N> {
    return adapter(name, {
      send: (_message: unknown, { signal }: { readonly signal: AbortSignal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
  }

  test("and hangs is down in the end: its time-outs are time-outs, not its own faults", async () => {
    const mailer = createMailer({
      providers: [fetching("hanging"), memoryProvider({ name: "standby" })],
      timeout: 1_000,
    });
    for (let sent = 0; sent < 5; sent += 1) {
      const sending = await begin(mailer.send(letter));
      await elapse(1_010);
      expect(steps(sending.receipt)).toEqual(["hanging timeout", "standby accepted"]);
    }

    expect(healthOf(mailer, "hanging").state).toBe("down");
  });

  test("ends as aborted when the caller gives up, and may have been sent", async () => {
    const caller = new AbortController();
    const mailer = createMailer({ providers: [fetching("hanging")], onUnknown: "stop" });
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));
    caller.abort();
    await elapse(5);

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "maybe" });
  });
});

describe("A provider that came back while another was tried", () => {
  test("got the message that the other may have lost: it was well, and had not been asked", async () => {
    const a = memoryProvider({ name: "a", script: [{ reason: "throttled", retryAfter: 20 }] });
    const b = memoryProvider({ name: "b", script: ["accepted", { reason: "timeout", after: 60 }] });
    const mailer = createMailer({ providers: [a, b] });
    await mailer.send(letter);

    const sending = watch(mailer.send(letter));
    await elapse(100);

    expect(steps(sending.receipt)).toEqual(["b timeout", "a accepted"]);
    expect(sending.receipt.duplicate).toBe("possible");
  });
});

describe("A 503 with Retry-After", () => {
  test("is not asked again before that, although the other provider is", async () => {
    fixRandom(0.5);
    const a = memoryProvider({ name: "a", script: [{ reason: "unavailable", retryAfter: 2_000 }] });
    const b = memoryProvider({ name: "b", script: () => "unreachable" });
    const mailer = createMailer({ providers: [a, b] });

    const sending = watch(mailer.send(letter));
    await elapse(1_990);
    expect([a.attempts, b.attempts]).toEqual([1, 3]);
    await elapse(20);

    expect(steps(sending.receipt).at(-1)).toBe("a accepted");
    expect([a.attempts, b.attempts]).toEqual([2, 3]);
  });

  test("that never ends is cut to a day", async () => {
    const failure = { reason: "unavailable", scope: "provider", sent: "no", retryAfter: 1e300 } as const;
    const send = async () => {
      throw new ProviderError(failure);
    };
    const error = await errorOf(createMailer({ providers: [adapter("a", { send })] }).send(letter));

    expect(Math.abs((error.retryAt?.getTime() ?? 0) - Date.now() - 86_400_000)).toBeLessThan(100);
  });
});

describe("What a listener does to an event", () => {
  test("does not reach the caller's receipt", async () => {
    const picky = memoryProvider({ name: "picky", unsupported: ["sendAt"] });
    const mailer = createMailer({ providers: [picky, memoryProvider({ name: "standby" })] });
    mailer.on("accepted", ({ receipt }) => {
      for (const list of [receipt.dropped, receipt.skipped, receipt.attempts]) Reflect.set(list, "length", 0);
      Reflect.set(receipt.skipped[0]?.fields ?? [], 0, "changed");
    });

    const receipt = await mailer.send(letter);

    expect(receipt.skipped).toEqual([{ provider: "picky", fields: ["sendAt"] }]);
    expect(receipt.attempts).toHaveLength(1);
  });
});
