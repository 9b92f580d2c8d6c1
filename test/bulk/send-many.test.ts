import { describe, expect, test, vi } from "vitest";
import { createMailer, type Message, type SendManyProgress } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, letter, useFakeTime } from "../mailer/support.ts";
import { collect, outcomes, places, upTo, WatchedSource } from "./support.ts";

useFakeTime();

function letters(count: number): Message[] {
  return upTo(count).map((index) => ({ ...letter, to: `reader-${index}@example.org` }));
}

function single(options: { readonly latency?: number } = {}) {
  const provider = memoryProvider({ name: "a", ...options });
  return { provider, mailer: createMailer({ providers: [provider] }) };
}

describe("sendMany yields what became of each message", () => {
  test.each([
    ["an array", () => letters(5)],
    ["a generator", () => letters(5).values()],
    ["an async iterable", () => new WatchedSource(letters(5))],
    ["an array of promises", () => letters(5).map((each) => Promise.resolve(each))],
  ])("of %s", async (_, source) => {
    const { provider, mailer } = single();

    const seen = collect(mailer.sendMany<Message>(source() as Iterable<Message>));
    await elapse();

    expect(seen).toMatchObject({ done: true, error: undefined });
    expect(places(seen.results)).toEqual(upTo(5));
    for (const { index, message, outcome } of seen.results) {
      expect(outcome).toBe("accepted");
      expect(message.to).toBe(`reader-${index}@example.org`);
    }
    expect(provider.inbox).toHaveLength(5);
  });

  test("in the order in which they settle", async () => {
    const { provider, mailer } = single();
    provider.script(({ to }) => ({ accepted: true, after: to[0]?.address.startsWith("reader-0") ? 500 : 100 }));

    const seen = collect(mailer.sendMany(letters(3)));
    await elapse(1_000);

    expect(seen.results.map(({ index }) => index)).toEqual([1, 2, 0]);
  });

  test("where a message that is none, or cannot be read, stops none of the others", async () => {
    const { mailer } = single();
    const unreadable = {
      ...letter,
      get subject(): string {
        throw new Error("No subject");
      },
    };
    const given: unknown[] = [letter, null, unreadable, 7, { ...letter, to: "nobody" }, letter];

    const seen = collect(mailer.sendMany(given as Message[]));
    await elapse();

    expect(seen).toMatchObject({ done: true, error: undefined });
    expect(outcomes(seen.results)).toEqual({ accepted: 2, "not-sent": 4 });
    for (const result of seen.results) {
      if (result.outcome !== "accepted") expect(result.error.kind).toBe("invalid");
    }
  });

  test("also those that may have been sent", async () => {
    const { provider, mailer } = single();
    provider.script("response-lost");

    const seen = collect(mailer.sendMany([letter]));
    await elapse();

    expect(seen.results).toMatchObject([{ outcome: "unknown", error: { kind: "unknown", sent: "maybe" } }]);
  });

  test("of a mailer that is closed, as not sent, and reads no more of them", async () => {
    const { provider, mailer } = single();
    await mailer.close();

    const seen = collect(mailer.sendMany(letters(200)));
    await elapse();

    expect(seen.done).toBe(true);
    expect(seen.results).toMatchObject([{ index: 0, outcome: "not-sent", error: { kind: "closed" } }]);
    expect(provider.inbox).toHaveLength(0);
  });
});

describe("sendMany reads no more than it may", () => {
  test("nothing before the first result is asked for", async () => {
    const { mailer } = single();
    const source = new WatchedSource(letters(5));

    const results = mailer.sendMany(source);
    await elapse(1_000);
    expect(source.reads).toBe(0);

    await results.return();
    expect(source.reads).toBe(0);
  });

  test("as many as may be under way, and one more as each settles", async () => {
    const { mailer } = single({ latency: 1_000 });
    const source = new WatchedSource(letters(20));

    const seen = collect(mailer.sendMany(source, { concurrency: 4 }));
    await elapse();
    expect(source.reads).toBe(4);
    await elapse(1_000);
    expect(seen.results).toHaveLength(4);
    expect(source.reads).toBe(8);
  });

  test("no more than that beyond what a slow consumer took", async () => {
    const { mailer } = single();
    const source = new WatchedSource(letters(50));
    const results = mailer.sendMany(source, { concurrency: 3 });

    for (let taken = 1; taken <= 10; taken++) {
      await results.next();
      await elapse(100);
      expect(source.reads).toBeLessThanOrEqual(taken + 3);
    }
    await results.return();
  });

  test("never more under way than it says", async () => {
    const { provider, mailer } = single();
    let underWay = 0;
    let most = 0;
    provider.script((_, { id }) => {
      underWay += 1;
      most = Math.max(most, underWay);
      setTimeout(() => (underWay -= 1), 10 + (id.charCodeAt(0) % 7));
      return { accepted: true, after: 10 + (id.charCodeAt(0) % 7) };
    });

    const seen = collect(mailer.sendMany(letters(100), { concurrency: 5 }));
    await elapse(2_000);

    expect(seen.results).toHaveLength(100);
    expect(most).toBe(5);
  });
});

describe("sendMany ends", () => {
  test("by a break, which waits for what is in flight, closes the source and reads no more", async () => {
    const { provider, mailer } = single({ latency: 100 });
    provider.script({ accepted: true, after: 10 });
    const source = new WatchedSource(letters(50));
    let left = false;

    void (async () => {
      for await (const _ of mailer.sendMany(source, { concurrency: 4 })) break;
      left = true;
    })();
    await elapse(20);
    expect(left).toBe(false);
    await elapse(200);

    expect(left).toBe(true);
    expect(source.closed).toBe(true);
    expect(provider.inbox).toHaveLength(source.reads);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("with the error of its source, after all that was in flight", async () => {
    const { mailer } = single({ latency: 100 });
    const source = new WatchedSource(letters(50));
    source.throwAt = 3;

    const seen = collect(mailer.sendMany(source));
    await elapse();
    expect(seen.done).toBe(false);
    await elapse(200);

    expect(outcomes(seen.results)).toEqual({ accepted: 3 });
    expect(seen.error).toMatchObject({ message: "The source broke" });
  });

  test("with the error of a promise among the messages, and closes the source", async () => {
    const { mailer } = single();
    let closed = false;
    function* source() {
      try {
        yield Promise.resolve(letter);
        yield Promise.reject(new Error("No message"));
        yield Promise.resolve(letter);
      } finally {
        closed = true;
      }
    }

    const seen = collect(mailer.sendMany(source() as unknown as Iterable<Message>));
    await elapse();

    expect(seen.results).toHaveLength(1);
    expect(seen.error).toMatchObject({ message: "No message" });
    expect(closed).toBe(true);
  });

  test("at an abort, although the source hangs", async () => {
    const { mailer } = single({ latency: 100 });
    const source = new WatchedSource(letters(50));
    source.hangAt = 2;
    const caller = new AbortController();

    const seen = collect(mailer.sendMany(source, { signal: caller.signal }));
    await elapse();
    caller.abort();
    await elapse(200);

    expect(seen).toMatchObject({ done: true, error: undefined });
    expect(outcomes(seen.results)).toEqual({ accepted: 2 });
    source.goOn();
    await elapse();
    expect(source.closed).toBe(true);
    expect(source.reads).toBeLessThanOrEqual(3);
  });

  test("before it begins, if the signal is aborted already", async () => {
    const { provider, mailer } = single();
    const source = new WatchedSource(letters(50));

    const seen = collect(mailer.sendMany(source, { signal: AbortSignal.abort() }));
    await elapse();

    expect(seen).toMatchObject({ done: true, error: undefined, results: [] });
    expect(source.reads).toBe(0);
    expect(provider.attempts).toBe(0);
  });

  test("and leaves no listener on the signal", async () => {
    const { mailer } = single();
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, "addEventListener");
    const remove = vi.spyOn(signal, "removeEventListener");

    const seen = collect(mailer.sendMany(letters(10), { signal }));
    await elapse();

    expect(seen.done).toBe(true);
    expect(remove.mock.calls.length).toBe(add.mock.calls.length);
  });
});

describe("sendMany takes options", () => {
  test.each([
    [{ concurrency: 0 }, RangeError],
    [{ concurrency: 1.5 }, RangeError],
    [{ only: ["b"] }, RangeError],
    [{ onProgress: 7 }, TypeError],
    [{ signal: {} }, TypeError],
    [{ id: "a" }, TypeError],
    [{ deadline: -1 }, RangeError],
  ])("and refuses %j at once", (options, error) => {
    const { mailer } = single();
    expect(() => mailer.sendMany(letters(1), options as object)).toThrow(error);
  });

  test.each([undefined, null, 7, "letters", {}])("and refuses %j as messages at once", (source) => {
    const { mailer } = single();
    expect(() => mailer.sendMany(source as unknown as Message[])).toThrow(TypeError);
  });

  test("that apply to each message", async () => {
    const [a, b] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })];
    const mailer = createMailer({ providers: [a, b] });

    collect(mailer.sendMany(letters(3), { only: ["b"] }));
    await elapse();

    expect([a.inbox.length, b.inbox.length]).toEqual([0, 3]);
  });

  test("and tells onProgress after each message, whatever that throws", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { provider, mailer } = single();
    provider.script("rejected", "response-lost");
    const told: SendManyProgress[] = [];

    const seen = collect(
      mailer.sendMany(letters(4), {
        onProgress: (progress) => {
          told.push(progress);
          throw new Error("ada@example.org");
        },
      }),
    );
    await elapse();

    expect(seen.results).toHaveLength(4);
    expect(told).toHaveLength(4);
    expect(told.at(-1)).toEqual({ read: 4, accepted: 2, notSent: 1, unknown: 1 });
    expect(JSON.stringify(warn.mock.calls)).not.toContain("@");
  });
});

describe("single sends go before those of sendMany", () => {
  test.each([
    ["concurrency", { concurrency: 1 }],
    ["rate", { rate: { limit: 1, interval: 100 } }],
  ])("in a line for the %s", async (_, limits) => {
    const provider = memoryProvider({ name: "a", latency: 100 });
    const mailer = createMailer({ providers: [{ provider, ...limits }] });

    collect(mailer.sendMany(letters(5)));
    await elapse(1);
    void mailer.send({ ...letter, to: "single@example.org" });
    await elapse(1_000);

    expect(provider.inbox.map(({ message }) => message.to[0]?.address)).toEqual([
      "reader-0@example.org",
      "single@example.org",
      ...[1, 2, 3, 4].map((index) => `reader-${index}@example.org`),
    ]);
  });
});
