import { describe, expect, test } from "vitest";
import { type Address, createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { errorOf, letter, steps, useFakeTime } from "./support.ts";

useFakeTime();

describe("The sender verified at each provider", () => {
  test.each([
    ["a string", "Backup <mail@backup.example>"],
    ["an address", { name: "Backup", address: "mail@backup.example" }],
    ["a function", (): Address => ({ name: "Backup", address: "mail@backup.example" })],
    ["a function that gives a string", (): string => "Backup <mail@backup.example>"],
  ] as const)("is given as %s; the sender that it replaces becomes Reply-To", async (_, from) => {
    const a = memoryProvider({ name: "a", script: ["unreachable"] });
    const b = memoryProvider({ name: "b" });
    const c = memoryProvider({ name: "c" });
    const mailer = createMailer({ providers: [a, { provider: b, from }, c] });

    await mailer.send(letter);
    await mailer.send(letter, { only: ["b"] });
    await mailer.send(letter, { only: ["c"] });

    expect(b.inbox).toHaveLength(2);
    for (const { message } of b.inbox) {
      expect(message.from).toEqual({ name: "Backup", address: "mail@backup.example" });
      expect(message.replyTo).toEqual([{ name: "Shop", address: "orders@example.com" }]);
    }
    expect(c.inbox[0]?.message.from).toEqual({ name: "Shop", address: "orders@example.com" });
    expect(c.inbox[0]?.message.replyTo).toEqual([]);
  });

  test("a function is given the message's sender", async () => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({
      providers: [
        {
          provider: a,
          from: ({ name, address }) => ({ name, address: address.replace("example.com", "mg.example.com") }),
        },
      ],
    });

    await mailer.send(letter);

    expect(a.inbox[0]?.message.from).toEqual({ name: "Shop", address: "orders@mg.example.com" });
  });

  test("the message's own Reply-To stays", async () => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [{ provider: a, from: "mail@backup.example" }] });

    await mailer.send({ ...letter, replyTo: "help@example.com" });

    expect(a.inbox[0]?.message.replyTo).toEqual([{ address: "help@example.com" }]);
  });

  test("a sender that stays the same is no reason for a Reply-To", async () => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [{ provider: a, from: "Another Name <orders@example.com>" }] });

    await mailer.send(letter);

    expect(a.inbox[0]?.message).toMatchObject({ from: { name: "Another Name" }, replyTo: [] });
  });

  const broken: readonly (readonly [string, () => unknown])[] = [
    [
      "throws",
      () => {
        throw new Error("no sender for orders@example.com");
      },
    ],
    [
      "throws null",
      () => {
        throw null;
      },
    ],
    ["returns nothing", () => undefined],
    ["returns a number", () => 7],
    ["returns no address", () => "nobody"],
    ["returns an injection", () => "mail@backup.example\r\nBcc: eve@example.net"],
    ["returns a promise", async () => "mail@backup.example"],
    [
      "returns an object whose getter throws",
      () => ({
        get address(): string {
          throw new Error("lazy");
        },
      }),
    ],
    [
      "returns a revoked proxy",
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
  ];
  test.each(broken)("a function that %s costs no message: the next provider sends it", async (_, from) => {
    const a = memoryProvider({ name: "a" });
    const route: object = { provider: a, from };
    const mailer = createMailer({ providers: [asRoute(route), memoryProvider({ name: "b" })] });

    const receipt = await mailer.send(letter);

    expect(receipt).toMatchObject({ provider: "b", skipped: [{ provider: "a", fields: ["from"] }] });
    expect(a.attempts).toBe(0);
  });

  test("where it is the only provider, UnsupportedError names the field", async () => {
    const a = memoryProvider({ name: "a" });
    const mailer = createMailer({ providers: [{ provider: a, from: () => "nobody" }] });

    expect(await errorOf(mailer.send(letter))).toMatchObject({ kind: "unsupported", missing: ["from"] });
  });
});

describe("The template's id at each provider", () => {
  const welcome = { ...letter, template: { id: { a: "t-1", b: "7" }, variables: { name: "Ada" } } };

  test("is the one given by its name", async () => {
    const a = memoryProvider({ name: "a", script: ["unreachable"] });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b] });

    await mailer.send(welcome);
    await mailer.send(welcome);

    expect(b.inbox[0]?.message.template).toEqual({ id: "7", variables: { name: "Ada" } });
    expect(a.inbox[0]?.message.template).toEqual({ id: "t-1", variables: { name: "Ada" } });
  });

  test("a provider without one is passed over", async () => {
    const c = memoryProvider({ name: "c" });
    const mailer = createMailer({ providers: [c, memoryProvider({ name: "a" }), memoryProvider({ name: "b" })] });

    expect(await mailer.send(welcome)).toMatchObject({
      provider: "a",
      skipped: [{ provider: "c", fields: ["template"] }],
    });
    expect(c.attempts).toBe(0);
  });

  test("is looked up by name alone: a provider may be named like a method that every object has", async () => {
    const odd = memoryProvider({ name: "toString" });
    const mailer = createMailer<string>({ providers: [odd, memoryProvider({ name: "a" })] });

    const receipt = await mailer.send({ ...letter, template: { id: { a: "t-1" } }, providerOptions: { a: { x: 1 } } });

    expect(receipt).toMatchObject({ provider: "a", skipped: [{ provider: "toString", fields: ["template"] }] });
  });

  test("a bare string is for a mailer with one provider", async () => {
    const only = memoryProvider({ name: "only" });
    await createMailer({ providers: [only] }).send({ ...letter, template: { id: "t-1" } });
    const two = createMailer({ providers: [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })] });

    expect(only.inbox[0]?.message.template?.id).toBe("t-1");
    expect(await errorOf(two.send({ ...letter, template: { id: "t-1" } }))).toMatchObject({
      kind: "invalid",
      problems: [{ path: "template.id" }],
    });
  });
});

describe("providerOptions", () => {
  test("each provider sees its own, and no other's", async () => {
    const a = memoryProvider({ name: "a", script: ["unreachable"] });
    const b = memoryProvider({ name: "b" });
    const c = memoryProvider({ name: "c" });
    const mailer = createMailer({ providers: [a, b, c] });
    const message = { ...letter, providerOptions: { a: { pool: "fast" }, b: { domain: { x: [1] } } } };

    expect(steps(await mailer.send(message))).toEqual(["a unreachable", "b accepted"]);
    await mailer.send(message);
    await mailer.send(message, { only: ["c"] });

    expect(a.inbox[0]?.message.providerOptions).toEqual({ pool: "fast" });
    expect(b.inbox[0]?.message.providerOptions).toEqual({ domain: { x: [1] } });
    expect(c.inbox[0]?.message.providerOptions).toBeUndefined();
  });

  test("for a provider that does not exist are invalid", async () => {
    const mailer = createMailer<string>({ providers: [memoryProvider({ name: "a" })] });

    expect(await errorOf(mailer.send({ ...letter, providerOptions: { b: {} } }))).toMatchObject({
      kind: "invalid",
      problems: [{ path: "providerOptions.b" }],
    });
  });
});

test("Every attempt carries the same message, whatever the attempt before did to it", async () => {
  const seen: unknown[] = [];
  const vandal = memoryProvider({
    name: "vandal",
    script: (message) => {
      seen.push(structuredClone(message));
      for (const part of [message, message.to, message.headers, message.attachments, message.metadata]) {
        expect(Object.isFrozen(part)).toBe(true);
      }
      return "unreachable";
    },
  });
  const b = memoryProvider({ name: "b" });
  const attachments = [{ filename: "a.txt", content: "first", encoding: "utf8" as const }];

  await createMailer({ providers: [vandal, b] }).send({ ...letter, attachments, headers: { "X-A": "1" } });

  expect(seen).toEqual([structuredClone(b.inbox[0]?.message)]);
});

/** A route as a program without types may write it. */
function asRoute(route: object): { provider: ReturnType<typeof memoryProvider<"a">> };
function asRoute(route: object): object {
  return route;
}
