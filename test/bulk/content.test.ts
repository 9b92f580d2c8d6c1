import { describe, expect, test } from "vitest";
import { type Bulk, createMailer, isSteadyMailError } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, silenceWarnings, useFakeTime } from "../mailer/support.ts";
import { attemptSizes, collect, newsletter, outcomes, recipients, started, WatchedSource } from "./support.ts";

useFakeTime();
silenceWarnings();

function batching(limit = 50) {
  const provider = memoryProvider({ name: "a", batch: limit });
  return { provider, mailer: createMailer({ providers: [provider] }) };
}

/** Why a campaign with this message did not begin. */
async function refusalOf(message: object, defaults: object = {}): Promise<string[]> {
  const provider = memoryProvider({ name: "a", batch: 50 });
  const mailer = createMailer({ providers: [provider], defaults });
  const source = new WatchedSource(recipients(3));
  const { error, results } = await started(
    mailer.sendBulk({ message: message as Bulk<"a">["message"], recipients: source }),
  );
  expect(results).toEqual([]);
  expect(provider.attempts).toBe(0);
  expect(source.reads).toBe(0);
  if (!isSteadyMailError(error) || error.kind !== "invalid") throw new Error("It was not refused", { cause: error });
  return error.problems.map(({ path }) => path);
}

describe("A campaign's message is refused", () => {
  test.each(["to", "cc", "bcc"])("that says %s itself", async (field) => {
    expect(await refusalOf({ ...newsletter, [field]: "ada@example.org" })).toEqual([field]);
  });

  test.each(["cc", "bcc"])(
    "that has %s from the mailer's defaults, who would get a copy of every mail",
    async (field) => {
      expect(await refusalOf(newsletter, { [field]: "boss@example.org" })).toEqual([`defaults.${field}`]);
    },
  );

  test("that leaves unsubscribe undefined", async () => {
    const { unsubscribe: _, ...rest } = newsletter;
    expect(await refusalOf(rest)).toEqual(["unsubscribe"]);
  });

  test.each(["subject", "text", "html"])("that has a broken placeholder in its %s", async (field) => {
    expect(await refusalOf({ ...newsletter, [field]: "Hello {{first name}}" })).toEqual([field]);
  });

  test("with all faults at once", async () => {
    const { unsubscribe: _, ...rest } = newsletter;
    expect(await refusalOf({ ...rest, to: "ada@example.org", from: "nobody", subject: "{{" })).toEqual(
      expect.arrayContaining(["to", "unsubscribe", "from"]),
    );
  });

  test.each([null, 7, "news", []])("that is %j", async (message) => {
    expect((await refusalOf(message as unknown as object)).length).toBeGreaterThan(0);
  });

  test("whose text never comes", async () => {
    expect(await refusalOf({ ...newsletter, text: Promise.reject(new Error("no text")) })).toEqual(["text"]);
  });
});

test("A message that leaves cc undefined is not refused", async () => {
  const { provider, mailer } = batching();
  const message = { ...newsletter, cc: undefined };
  await started(mailer.sendBulk({ message, recipients: recipients(1) }));
  expect(provider.inbox).toHaveLength(1);
});

describe("A campaign's options are refused at once", () => {
  test.each([
    [{ concurrency: 0 }, RangeError],
    [{ spill: "some" }, RangeError],
    [{ onUnknown: "guess" }, RangeError],
    [{ id: "a b" }, RangeError],
    [{ checkpoint: {} }, TypeError],
    [{ onProgress: 7 }, TypeError],
    [{ signal: {} }, TypeError],
    [{ only: ["b"] }, RangeError],
    [{ stickyKey: "a" }, TypeError],
    [{ mayDrop: ["to"] }, RangeError],
  ])("where they are %j", (options, error) => {
    const { mailer } = batching();
    expect(() => mailer.sendBulk({ message: newsletter, recipients: [] }, options as object)).toThrow(error);
  });

  test.each([undefined, null, 7, "ada@example.org"])("where the recipients are %j", (list) => {
    const { mailer } = batching();
    expect(() => mailer.sendBulk({ message: newsletter, recipients: list as unknown as [] })).toThrow(TypeError);
  });

  test.each([{ require: ["eu"] }, { only: [] }, { except: ["a"] }])(
    "where %j leaves no provider: the campaign would wait for ever",
    (options) => {
      const { mailer } = batching();
      expect(() => mailer.sendBulk({ message: newsletter, recipients: [] }, options as object)).toThrow(RangeError);
    },
  );
});

describe("A recipient is refused, and nobody else", () => {
  const throwing = {
    get to(): string {
      throw new Error("zoe@example.net");
    },
  };
  test.each<[string, unknown]>([
    ["without an address", { variables: { name: "Ada" } }],
    ["with an address that is none", { to: "nobody", variables: { name: "Ada" } }],
    ["with two addresses", { to: ["a@example.org", "b@example.org"], variables: { name: "Ada" } }],
    ["without a variable", { to: "zoe@example.net" }],
    ["with a variable that is undefined", { to: "zoe@example.net", variables: { name: undefined } }],
    ["with a variable that is no text", { to: "zoe@example.net", variables: { name: {} } }],
    [
      "with a line break for the subject",
      { to: "zoe@example.net", variables: { name: "Ada\r\nBcc: eve@example.org" } },
    ],
    ["that is null", null],
    ["that is a text", "zoe@example.net"],
    ["that cannot be read", throwing],
    ["with a field too many", { to: "zoe@example.net", variables: { name: "Ada" }, cc: "eve@example.org" }],
  ])("%s", async (_, bad) => {
    const { provider, mailer } = batching();
    const list = [...recipients(2), bad as { to: string }, ...recipients(4).slice(2)];
    const failed: unknown[] = [];
    mailer.on("failed", ({ error }) => failed.push(error.message));

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: list }));

    expect(seen).toMatchObject({ done: true, error: undefined });
    expect(outcomes(seen.results)).toEqual({ accepted: 4, "not-sent": 1 });
    expect(seen.results.find(({ outcome }) => outcome === "not-sent")).toMatchObject({
      index: 2,
      error: { kind: "invalid", sent: "no" },
    });
    expect(provider.inbox).toHaveLength(4);
    expect(failed).toHaveLength(1);
    expect(JSON.stringify(failed)).not.toMatch(/eve@|zoe@|reader-/);
  });

  test.each([
    ["a header", { headers: { "X-Reader": "{{name}}" } }],
    ["metadata", { metadata: { reader: "{{name}}" } }],
  ])("whose variable brings a line break into %s", async (_, fields) => {
    const { provider, mailer } = batching();
    const message = { ...newsletter, subject: "News", ...fields };
    const list = [{ to: "ada@example.org", variables: { name: "Ada\r\nBcc: eve@example.org" } }, ...recipients(1)];

    const seen = await started(mailer.sendBulk({ message, recipients: list }));

    expect(outcomes(seen.results)).toEqual({ accepted: 1, "not-sent": 1 });
    expect(provider.inbox).toHaveLength(1);
  });

  test("who brings a header List-Unsubscribe beside the message's unsubscribe: two of them let nobody go", async () => {
    const { provider, mailer } = batching();
    const message = { ...newsletter, unsubscribe: { url: "https://example.com/u/{{name}}" } };
    const own = { headers: { "list-unsubscribe": "<https://example.com/other>" } };
    const list = [{ to: "ada@example.org", variables: { name: "Ada" }, ...own }, ...recipients(1)];

    const seen = await started(mailer.sendBulk({ message, recipients: list }));

    expect(outcomes(seen.results)).toEqual({ accepted: 1, "not-sent": 1 });
    expect(provider.inbox).toHaveLength(1);
  });
});

test("Values stand as they are in text and subject, escaped in html, and are never expanded again", async () => {
  const { provider, mailer } = batching();
  const hostile = `"O'Hara" <b>&amp; {{other}} %recipient.other% {{{name}}} 💌`;
  const message = { ...newsletter, html: "<p>{{name}} {{ other }}</p>" };

  await started(
    mailer.sendBulk({
      message,
      recipients: [{ to: "ada@example.org", variables: { name: hostile, other: "secret", surplus: 1 } }],
    }),
  );

  expect(provider.inbox[0]?.message).toMatchObject({
    subject: `News for ${hostile}`,
    text: `Hello ${hostile}!`,
    html: "<p>&quot;O&#39;Hara&quot; &lt;b&gt;&amp;amp; {{other}} %recipient.other% {{{name}}} 💌 secret</p>",
  });
});

test("Headers and metadata of a recipient replace the message's own of the same name", async () => {
  const { provider, mailer } = batching();
  const message = { ...newsletter, headers: { "X-A": "{{name}}", "X-B": "b" }, metadata: { a: "{{name}}", b: "b" } };
  const own = { headers: { "x-b": "own" }, metadata: { b: "own" } };

  await started(
    mailer.sendBulk({ message, recipients: [{ to: "ada@example.org", variables: { name: "Ada" }, ...own }] }),
  );

  const [mail] = provider.inbox;
  expect(mail?.message.headers).toEqual([
    ["X-A", "Ada"],
    ["x-b", "own"],
  ]);
  expect(mail?.message.metadata).toEqual([
    ["a", "Ada"],
    ["b", "own"],
  ]);
});

describe("Batches", () => {
  test("are as large as the provider takes them", async () => {
    const { mailer } = batching(50);
    const sizes = attemptSizes(mailer);

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(120) }));

    expect(seen.results).toHaveLength(120);
    expect(sizes).toEqual([50, 50, 20]);
  });

  test("never hold an address twice, in whatever case, and both get their mail", async () => {
    const { provider, mailer } = batching();
    const sizes = attemptSizes(mailer);
    const list = ["ada@example.org", "bob@example.org", "ADA@Example.ORG", "ada@example.org"];

    await started(
      mailer.sendBulk({ message: newsletter, recipients: list.map((to) => ({ to, variables: { name: "x" } })) }),
    );

    expect(sizes).toEqual([2, 1, 1]);
    expect(provider.inbox.map(({ message }) => message.to[0]?.address)).toEqual([
      "ada@example.org",
      "bob@example.org",
      "ADA@Example.ORG",
      "ada@example.org",
    ]);
  });

  test("leave whom they cannot carry to a single send", async () => {
    const { provider, mailer } = batching();
    Object.assign(provider.batch ?? {}, { carries: (_: unknown, { id }: { id: string }) => !id.endsWith("-3") });
    const sizes = attemptSizes(mailer);

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(10) }));

    expect(outcomes(seen.results)).toEqual({ accepted: 10 });
    expect(sizes.toSorted()).toEqual([1, 9]);
  });

  test("are of those that may share one", async () => {
    const { provider, mailer } = batching();
    Object.assign(provider.batch ?? {}, { groupBy: (_: unknown, { id }: { id: string }) => id.slice(-1) });
    const sizes = attemptSizes(mailer);

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(40) }));

    expect(outcomes(seen.results)).toEqual({ accepted: 40 });
    expect(sizes).toEqual(Array.from({ length: 10 }, () => 4));
  });

  test.each(["carries", "groupBy"])(
    "of an adapter whose %s fails are not trusted: each mail goes by itself",
    async (part) => {
      const { provider, mailer } = batching();
      const broken = () => {
        throw new Error("ada@example.org");
      };
      Object.assign(provider.batch ?? {}, { [part]: broken });

      const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(5) }));

      expect(seen).toMatchObject({ done: true, error: undefined });
      expect(outcomes(seen.results)).toEqual({ accepted: 5 });
      expect(provider.attempts).toBe(5);
    },
  );

  test("of a provider without any are single sends", async () => {
    const provider = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [provider] });

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: recipients(5) }));

    expect(outcomes(seen.results)).toEqual({ accepted: 5 });
    expect(provider.attempts).toBe(5);
  });

  test("that are not full go after a second", async () => {
    const { provider, mailer } = batching();
    const source = new WatchedSource(recipients(10));
    source.hangAt = 7;

    const seen = await started(mailer.sendBulk({ message: newsletter, recipients: source }));
    await elapse(900);
    expect(provider.inbox).toHaveLength(0);
    await elapse(200);
    expect(provider.inbox).toHaveLength(7);

    source.goOn();
    await elapse(100);
    expect(provider.inbox).toHaveLength(10);
    expect(seen.done).toBe(true);
  });
});

describe("A field that a provider cannot carry", () => {
  const message = { ...newsletter, tags: ["news"], metadata: { campaign: "7" } };

  test("is dropped where it may be, which the receipts say", async () => {
    const provider = memoryProvider({
      name: "a",
      batch: 50,
      unsupported: ({ tags }) => (tags.length > 0 ? ["tags"] : []),
    });
    const mailer = createMailer({ providers: [provider] });

    const { results } = await started(mailer.sendBulk({ message, recipients: recipients(3) }));

    for (const result of results) expect(result).toMatchObject({ receipt: { dropped: ["tags"] } });
    expect(provider.inbox.map((mail) => mail.message.tags)).toEqual([[], [], []]);
  });

  test("takes the mails to the next provider where it may not, if that may be used", async () => {
    const [a, b] = [
      memoryProvider({ name: "a", batch: 50, unsupported: ["metadata"] }),
      memoryProvider({ name: "b", batch: 50 }),
    ];
    const mailer = createMailer({ providers: [a, b] });

    const seen = await started(mailer.sendBulk({ message, recipients: recipients(3) }, { spill: "all" }));

    expect(seen.results[0]).toMatchObject({
      receipt: { provider: "b", attempts: [{}], skipped: [{ provider: "a", fields: ["metadata"] }] },
    });
    expect(b.inbox).toHaveLength(3);
  });

  test("ends with UnsupportedError where nobody else may be used", async () => {
    const provider = memoryProvider({ name: "a", batch: 50, unsupported: ["metadata"] });
    const mailer = createMailer({ providers: [provider, memoryProvider({ name: "b" })] });

    const seen = collect(mailer.sendBulk({ message, recipients: recipients(3) }));
    await elapse();

    expect(seen.results.map((each) => each.outcome !== "accepted" && each.error.kind)).toEqual(
      Array.from({ length: 3 }, () => "unsupported"),
    );
    expect(seen.results[0]).toMatchObject({ error: { missing: ["metadata"], sent: "no" } });
  });
});
