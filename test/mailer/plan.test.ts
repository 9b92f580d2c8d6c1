import { describe, expect, test } from "vitest";
import { createMailer, type MailerWarning } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  begin,
  elapse,
  errorOf,
  fixRandom,
  healthOf,
  letter,
  silenceWarnings,
  steps,
  takeDown,
  useFakeTime,
} from "./support.ts";

useFakeTime();
silenceWarnings();

/** Three providers in order of priority; all of them are there, and each takes what it gets. */
function three() {
  const [a, b, c] = [memoryProvider({ name: "a" }), memoryProvider({ name: "b" }), memoryProvider({ name: "c" })];
  return { a, b, c, mailer: createMailer({ providers: [a, b, c] }) };
}

describe("The order is the priority", () => {
  test("a later element is used while no earlier one can", async () => {
    fixRandom();
    const { a, b, mailer } = three();
    expect((await mailer.send(letter)).provider).toBe("a");
    await takeDown(mailer, a);
    expect((await mailer.send(letter)).provider).toBe("b");
    await takeDown(mailer, b);
    expect((await mailer.send(letter)).provider).toBe("c");
    await elapse(16_000);
    expect((await mailer.send(letter)).provider).toBe("a");
  });

  test("a whole group comes before the next element", async () => {
    fixRandom(0);
    const [a, b] = [
      memoryProvider({ name: "a", script: ["unreachable"] }),
      memoryProvider({ name: "b", script: ["unreachable"] }),
    ];
    const mailer = createMailer({ providers: [[a, b], memoryProvider({ name: "c" })] });

    expect(steps(await mailer.send(letter))).toEqual(["a unreachable", "b unreachable", "c accepted"]);
  });
});

describe("only, except, require", () => {
  test("only: no other provider is tried", async () => {
    const { b, mailer } = three();
    b.script("too-large");

    const error = await errorOf(mailer.send(letter, { only: ["b"] }));

    expect(steps(error)).toEqual(["b too-large"]);
  });

  test("except: these providers are not tried", async () => {
    const { mailer } = three();

    expect(steps(await mailer.send(letter, { except: ["a", "b"] }))).toEqual(["c accepted"]);
  });

  test("only and except together leave what both allow, in the mailer's order", async () => {
    const { b, mailer } = three();
    b.script("too-large");

    const receipt = await mailer.send(letter, { only: ["c", "b", "a"], except: ["a"] });

    expect(steps(receipt)).toEqual(["b too-large", "c accepted"]);
  });

  test("require: a provider must have all of the labels", async () => {
    const mailer = createMailer({
      providers: [
        { provider: memoryProvider({ name: "a" }), labels: ["eu"] },
        { provider: memoryProvider({ name: "b" }), labels: ["bulk"] },
        { provider: memoryProvider({ name: "c" }), labels: ["bulk", "eu"] },
      ],
    });

    expect((await mailer.send(letter, { require: ["eu"] })).provider).toBe("a");
    expect((await mailer.send(letter, { require: ["eu", "bulk"] })).provider).toBe("c");
    expect((await mailer.send(letter, { require: [] })).provider).toBe("a");
  });

  test.each([
    ["a label that nobody has", { require: ["us"] }, " (require with a label)"],
    ["labels that nobody has together", { require: ["eu", "us"] }, " (require with 2 labels)"],
    ["no provider at all", { only: [] }, ""],
    ["every provider excepted", { except: ["a"] }, " (except a)"],
    ["lists that contradict", { only: ["a"], except: ["a"] }, " (only a; except a)"],
    ["a label with an address in it", { require: ["ada@example.org"] }, " (require with a label)"],
  ] as const)("fail closed: with %s nothing is sent, and the send ends at once", async (_, options, lists) => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [{ provider: a, labels: ["eu"] }] });

    const error = await errorOf(mailer.send(letter, options));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no", attempts: [], skipped: [] });
    expect(error.retryAt).toBeUndefined();
    expect(error.message).toContain(`is allowed by only, except and require${lists}.`);
    expect(a.attempts).toBe(0);
  });

  test.each(["only", "except"] as const)("an unknown name in %s is a RangeError that names it", async (option) => {
    const { a, mailer } = three();
    const strangers: string[] = ["a", "nobody"];

    const sending = createMailer<string>({ providers: [a] }).send(letter, { [option]: strangers });

    await expect(sending).rejects.toThrow(RangeError);
    await expect(sending).rejects.toThrow(/"nobody".*a/);
    expect(a.attempts).toBe(0);
    expect(mailer.health()).toHaveLength(3);
  });
});

describe("Isolated providers are no candidates", () => {
  test("the next one is used, until every handle is disposed", async () => {
    const { mailer } = three();
    const [first, second] = [mailer.isolate("a"), mailer.isolate("a")];
    expect((await mailer.send(letter)).provider).toBe("b");
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect((await mailer.send(letter)).provider).toBe("b");
    second[Symbol.dispose]();
    expect((await mailer.send(letter)).provider).toBe("a");
  });

  test("also one that was isolated while the message was under way", async () => {
    const { a, b, mailer } = three();
    a.script({ reason: "unavailable", after: 100 });
    const sending = await begin(mailer.send(letter));
    mailer.isolate("b");
    await elapse(100);

    expect(sending.receipt.provider).toBe("c");
    expect(b.attempts).toBe(0);
  });
});

describe("Able to carry it", () => {
  const noSchedule = { unsupported: ({ sendAt }: { sendAt?: number }) => (sendAt === undefined ? [] : ["sendAt"]) };
  const later = { ...letter, sendAt: new Date("2031-01-01") };

  test("a provider that cannot is passed over and named in the receipt", async () => {
    const a = memoryProvider({ name: "a", ...noSchedule });
    const mailer = createMailer({ providers: [a, memoryProvider({ name: "b" })] });

    const receipt = await mailer.send(later);

    expect(receipt).toMatchObject({
      provider: "b",
      dropped: [],
      skipped: [{ provider: "a", fields: ["sendAt"] }],
      attempts: [{ provider: "b" }],
    });
    expect((await mailer.send(letter)).skipped).toEqual([]);
    expect(a.attempts).toBe(1);
  });

  test("and in the error", async () => {
    const b = memoryProvider({ name: "b", script: ["rejected"] });
    const mailer = createMailer({ providers: [memoryProvider({ name: "a", ...noSchedule }), b] });

    const error = await errorOf(mailer.send(later));

    expect(error).toMatchObject({ kind: "rejected", skipped: [{ provider: "a", fields: ["sendAt"] }] });
    expect(error.message).toContain("a cannot carry sendAt");
  });

  test("a message shape that excludes a provider is told once by a warning event", async () => {
    const a = memoryProvider({
      name: "a",
      unsupported: ({ sendAt, headers }) => [...(sendAt ? ["sendAt"] : []), ...(headers.length > 0 ? ["headers"] : [])],
    });
    const mailer = createMailer({ providers: [a, memoryProvider({ name: "b" })] });
    const warnings: MailerWarning[] = [];
    mailer.on("warning", (warning) => warnings.push(warning));

    for (let sent = 0; sent < 3; sent += 1) {
      await mailer.send(letter);
      await mailer.send(later);
      await mailer.send({ ...later, headers: { "X-Campaign": "spring" } });
    }

    expect(warnings).toMatchObject([
      { code: "excluded", provider: "a", fields: ["sendAt"] },
      { code: "excluded", provider: "a", fields: ["sendAt", "headers"] },
    ]);
    expect(warnings[0]?.message).toMatch(/sendAt.*a.*standby/);
  });
});

describe("mayDrop", () => {
  const tagged = { ...letter, tags: ["order"], metadata: { order: "7" } };
  const carriesNone = (...fields: ("tags" | "metadata")[]) => ({
    unsupported: (message: { tags: readonly string[]; metadata: readonly unknown[] }) =>
      fields.filter((field) => message[field].length > 0),
  });

  test("by default tags are dropped where they cannot be carried, and the receipt says so", async () => {
    const a = memoryProvider({ name: "a", ...carriesNone("tags") });

    const receipt = await createMailer({ providers: [a] }).send(tagged);

    expect(receipt).toMatchObject({ dropped: ["tags"], skipped: [] });
    expect(a.inbox[0]?.message.tags).toEqual([]);
    expect(a.inbox[0]?.message.metadata).toEqual([["order", "7"]]);
  });

  test("by default tracking is dropped too", async () => {
    const a = memoryProvider({ name: "a", unsupported: ({ tracking }) => (tracking.opens ? ["tracking"] : []) });

    const receipt = await createMailer({ providers: [a] }).send({ ...letter, tracking: { opens: true } });

    expect(receipt.dropped).toEqual(["tracking"]);
    expect(a.inbox[0]?.message.tracking).toEqual({ opens: false, clicks: false });
  });

  test("metadata and replyTo are dropped only where the send allows it", async () => {
    const a = memoryProvider({
      name: "a",
      unsupported: ({ metadata, replyTo }) => [
        ...(metadata.length > 0 ? ["metadata"] : []),
        ...(replyTo.length > 1 ? ["replyTo"] : []),
      ],
    });
    const mailer = createMailer({ providers: [a] });
    const message = { ...tagged, replyTo: ["one@example.com", "two@example.com"] };

    expect(await errorOf(mailer.send(message))).toMatchObject({
      kind: "unsupported",
      missing: ["metadata", "replyTo"],
    });
    const receipt = await mailer.send(message, { mayDrop: ["metadata", "replyTo"] });

    expect(receipt.dropped).toEqual(["metadata", "replyTo"]);
    expect(a.inbox[0]?.message).toMatchObject({ metadata: [], replyTo: [], tags: ["order"] });
  });

  test("an empty list allows nothing to be dropped", async () => {
    const a = memoryProvider({ name: "a", ...carriesNone("tags") });
    const mailer = createMailer({ providers: [a, memoryProvider({ name: "b" })] });

    const receipt = await mailer.send(tagged, { mayDrop: [] });

    expect(receipt).toMatchObject({ provider: "b", dropped: [], skipped: [{ provider: "a", fields: ["tags"] }] });
  });

  test("a provider that cannot carry a field of both kinds is passed over", async () => {
    const a = memoryProvider({ name: "a", ...carriesNone("tags", "metadata") });
    const mailer = createMailer({ providers: [a, memoryProvider({ name: "b" })] });

    expect(await mailer.send(tagged)).toMatchObject({
      provider: "b",
      skipped: [{ provider: "a", fields: ["metadata"] }],
    });
  });

  test("in each group those that carry everything come before those that lose a field", async () => {
    const a = memoryProvider({ name: "a", ...carriesNone("tags") });
    const b = memoryProvider({ name: "b" });
    const c = memoryProvider({ name: "c" });
    const mailer = createMailer({
      providers: [
        [
          { provider: a, weight: 100 },
          { provider: b, weight: 1 },
        ],
        c,
      ],
    });

    for (let sent = 0; sent < 10; sent += 1) {
      expect(await mailer.send(tagged)).toMatchObject({ provider: "b", dropped: [] });
    }
    b.script("unavailable");
    expect(await mailer.send(tagged)).toMatchObject({
      provider: "a",
      dropped: ["tags"],
      attempts: [{ provider: "b" }, {}],
    });
    expect(c.attempts).toBe(0);
  });

  test("also while one that loses a field is due for a probe", async () => {
    fixRandom();
    const a = memoryProvider({ name: "a", ...carriesNone("tags") });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [[a, b]], breaker: { openFor: 1_000 } });
    await takeDown(mailer, a);
    await elapse(1_000);

    expect(await mailer.send(tagged)).toMatchObject({ provider: "b", dropped: [] });
    expect((await mailer.send(letter)).provider).toBe("a");
    expect(healthOf(mailer, "a").state).toBe("recovering");
  });
});
