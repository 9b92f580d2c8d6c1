import { describe, expect, it } from "vitest";
import { createMailer, type MailerOptions, type Message, type SendOptions } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { letter } from "./health-support.ts";

describe("defaults are used where the message has none", () => {
  const bare = { to: "ada@example.org", subject: "Your order", text: "It is on its way." };

  async function sentWith(defaults: Partial<Message>, message: Message) {
    const provider = memoryProvider();
    await createMailer({ providers: [provider], defaults }).send(message);
    return provider.inbox[0]?.message;
  }

  it("from and replyTo", async () => {
    const sent = await sentWith({ from: "Shop <orders@example.com>", replyTo: "help@example.com" }, bare);

    expect(sent?.from).toEqual({ name: "Shop", address: "orders@example.com" });
    expect(sent?.replyTo).toEqual([{ address: "help@example.com" }]);
  });

  it("the message's own win", async () => {
    const defaults = { from: "orders@example.com", tags: ["default"], tracking: { opens: true } };
    const sent = await sentWith(defaults, { ...bare, from: "sales@example.com", tags: ["sale"], tracking: {} });

    expect(sent?.from.address).toBe("sales@example.com");
    expect(sent?.tags).toEqual(["sale"]);
    expect(sent?.tracking).toEqual({ opens: false, clicks: false });
  });

  it("headers and metadata are merged by name", async () => {
    const defaults = {
      from: "orders@example.com",
      headers: { "X-Shop": "north", "X-Campaign": "none" },
      metadata: { shop: "north", order: "none" },
    };
    const sent = await sentWith(defaults, {
      ...bare,
      headers: { "x-campaign": "spring" },
      metadata: { order: "4711" },
    });

    expect(sent?.headers).toEqual([
      ["X-Shop", "north"],
      ["x-campaign", "spring"],
    ]);
    expect(sent?.metadata).toEqual([
      ["shop", "north"],
      ["order", "4711"],
    ]);
  });

  it("a field that the message has as undefined counts as missing", async () => {
    expect((await sentWith({ from: "orders@example.com" }, { ...bare, from: undefined }))?.from.address).toBe(
      "orders@example.com",
    );
  });
});

/** Freezes object literals and arrays all the way down, but not instances. */
function deepFrozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}

describe("the caller's objects are never changed", () => {
  function options() {
    const first = memoryProvider({ name: "first", script: ["unavailable", "suspended"] });
    const second = memoryProvider({ name: "second", unsupported: ({ tags }) => (tags.length > 0 ? ["tags"] : []) });
    return {
      providers: [
        [
          {
            provider: first,
            weight: 2,
            labels: ["eu"],
            from: { address: "eu@example.com" },
            breaker: { failureRate: 0.9 },
          },
          { provider: second, labels: ["eu", "us"], from: ({ name }) => ({ name, address: "us@example.com" }) },
        ],
        memoryProvider({ name: "third" }),
      ],
      defaults: { from: "Shop <orders@example.com>", headers: { "X-Shop": "north" }, metadata: { shop: "north" } },
      retry: { maxRounds: 2, minDelay: 1, maxDelay: 1 },
      breaker: { openFor: 1_000 },
    } satisfies MailerOptions<"first" | "second" | "third">;
  }
  const message = (): Message<"first" | "second" | "third"> => ({
    to: ["ada@example.org", { name: "Bob", address: "bob@example.org" }],
    cc: "carl@example.org",
    subject: "Your order",
    html: "<p>It is on its way.</p>",
    headers: { "X-Campaign": "spring" },
    tags: ["order"],
    metadata: { order: "4711" },
    attachments: [{ filename: "a.txt", content: "text", encoding: "utf8" }],
    tracking: { opens: true },
    providerOptions: { first: { deep: { list: [1, 2] } } },
  });
  const sendOptions = (): SendOptions<"first" | "second" | "third"> => ({
    except: ["third"],
    require: ["eu"],
    mayDrop: ["tags", "tracking"],
    stickyKey: "ada",
  });

  it("frozen ones work all the same: options, message and send options", async () => {
    const mailer = createMailer(deepFrozen(options()));
    mailer.on("provider:down", () => {});

    for (let sent = 0; sent < 6; sent += 1) {
      const { provider } = await mailer.send(deepFrozen(message()), deepFrozen(sendOptions()));
      expect(["first", "second"]).toContain(provider);
    }
    await mailer.send(deepFrozen(message()));
  });

  it("they are equal to what they were before", async () => {
    const [given, letterGiven, sendGiven] = [options(), message(), sendOptions()];
    const { providers: _, ...plain } = structuredClone({ ...given, providers: [] });
    const routes = given.providers.flat().map((route) => ({ ...route }));
    const letterBefore = structuredClone(letterGiven);
    const sendBefore = structuredClone(sendGiven);
    const mailer = createMailer(given);
    mailer.on("provider:down", () => {});

    await mailer.send(letterGiven, sendGiven);

    expect(given).toMatchObject(plain);
    expect(given.providers.flat().map((route) => ({ ...route }))).toEqual(routes);
    expect(letterGiven).toEqual(letterBefore);
    expect(sendGiven).toEqual(sendBefore);
  });

  it("what the caller does to providers, labels, retry and breaker afterwards has no effect", async () => {
    const first = memoryProvider({ name: "first", script: ["unavailable"] });
    const labels = ["eu"];
    const breaker = { consecutiveFailures: 1 };
    const retry = { maxRounds: 1 };
    const route = { provider: first, labels, breaker };
    const group = [route];
    const providers = [group, [{ provider: memoryProvider({ name: "second" }), labels: ["eu"] }]];
    const mailer = createMailer({ providers, retry });
    mailer.on("provider:down", () => {});

    labels.length = 0;
    breaker.consecutiveFailures = 100;
    retry.maxRounds = 0;
    group.length = 0;
    providers.length = 0;
    const { attempts } = await mailer.send(letter, { require: ["eu"] });

    expect(attempts.map(({ provider }) => provider)).toEqual(["first", "second"]);
    expect(mailer.health().map(({ state }) => state)).toEqual(["down", "healthy"]);
  });

  it("what the caller does to the send options during the send has no effect", async () => {
    const mailer = createMailer({ providers: [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })] });
    const only: ("a" | "b")[] = ["b"];

    const sending = mailer.send(letter, { only });
    only[0] = "a";

    expect((await sending).provider).toBe("b");
  });
});
