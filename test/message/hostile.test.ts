import fc from "fast-check";
import { expect, it } from "vitest";
import { isSteadyMailError } from "../../src/errors.ts";
import { type MessageDraft, prepare } from "../../src/message/prepare.ts";
import { contextWith, faultsOf, plain } from "./preparing.ts";

const fields = [
  "from",
  "to",
  "cc",
  "bcc",
  "replyTo",
  "subject",
  "text",
  "html",
  "attachments",
  "headers",
  "tags",
  "metadata",
  "template",
  "tracking",
  "sendAt",
  "providerOptions",
];

const throwing = new Proxy(
  {},
  { get: fail, ownKeys: fail, getPrototypeOf: fail, has: fail, getOwnPropertyDescriptor: fail },
);
const throwingList = new Proxy([1, 2], { get: fail });
const halfThrowing = {
  get name() {
    return fail();
  },
  address: "ada@example.org",
  get content() {
    return fail();
  },
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const revokedList = Proxy.revocable([], {});
revokedList.revoke();

const values: readonly unknown[] = [
  throwing,
  throwingList,
  halfThrowing,
  revoked.proxy,
  revokedList.proxy,
  [throwing, revoked.proxy],
  { name: throwing, address: revoked.proxy, id: throwing, ses: throwingList, content: halfThrowing },
  Object.create(null),
  JSON.parse('{"__proto__":{"polluted":true}}'),
  new Map(),
  new Date(Number.NaN),
  new Array(3),
  Symbol("s"),
  10n,
  () => 1,
  /x/,
  new Error("e"),
  new Uint8Array(3),
  Promise.resolve("text"),
  new ReadableStream({ pull: fail }),
  { [Symbol.asyncIterator]: fail },
];

/** Stands for one of the values above, which fast-check itself could not handle. */
class Hostile {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

function withHostile(value: unknown): unknown {
  if (value instanceof Hostile) return values[value.index];
  if (Array.isArray(value)) return value.map(withHostile);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withHostile(part)]));
}

const hostile = fc.nat({ max: values.length - 1 }).map((index) => new Hostile(index));
const headerText = fc.oneof(
  fc.constantFrom("ada@example.org", "Ada <ada@example.org>", "a\r\nBcc: e@example.org", "a\nb", "a\rb", "a\0b", "é"),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const junk: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: headerText },
  hostile,
  fc.anything({
    withDate: true,
    withMap: true,
    withTypedArray: true,
    withNullPrototype: true,
    withSparseArray: true,
    withBigInt: true,
  }),
);
const record = fc.dictionary(fc.oneof(headerText, fc.constantFrom("X-A", "ses", "id", "__proto__")), junk, {
  maxKeys: 4,
});
const value = fc.oneof(junk, record, fc.array(fc.oneof(junk, record), { maxLength: 4 }));

it("whatever it is given, a preparation succeeds or refuses the message as invalid", async () => {
  const anyMessage = fc.oneof(
    junk,
    fc.dictionary(fc.oneof(fc.constantFrom(...fields), fc.string()), value),
    fc.dictionary(fc.constantFrom(...fields), value).map((some) => ({ ...plain, ...some })),
  );
  const anyDefaults = fc.option(fc.dictionary(fc.constantFrom(...fields), value), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(anyMessage, anyDefaults, async (markedMessage, markedDefaults) => {
      const message = withHostile(markedMessage);
      const defaults = markedDefaults && Object(withHostile(markedDefaults));
      try {
        expect(forbidden(await prepare(message, contextWith({ defaults, deadline: 1000 })))).toEqual([]);
      } catch (error) {
        if (!isSteadyMailError(error) || error.kind !== "invalid") throw error;
        expect(error.problems.length).toBeGreaterThan(0);
        expect(error.problems.length).toBeLessThanOrEqual(101);
      }
    }),
    { numRuns: 2000 },
  );
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

it("nothing that was accepted can break a header", async () => {
  let accepted = 0;
  const text = fc.oneof({ weight: 20, arbitrary: fc.stringMatching(/^\w{1,9}$/) }, headerText);
  const address = fc.oneof(
    text.map((name) => ({ name, address: "ada@example.org" })),
    text.map((name) => `${name} <ada@example.org>`),
    text.map((local) => `${local}@example.org`),
  );
  const message = fc.record(
    {
      from: address,
      to: fc.array(address, { minLength: 1, maxLength: 2 }),
      subject: text,
      text: fc.constant("body\r\nof two lines"),
      headers: fc.dictionary(fc.oneof(fc.constantFrom("X-A", "x-b"), text), text, { maxKeys: 2 }),
      tags: fc.array(text, { maxLength: 2 }),
      metadata: fc.dictionary(text, text, { maxKeys: 2 }),
      template: fc.record({ id: text }),
      attachments: fc.array(
        fc.record({
          filename: text,
          contentType: fc.oneof(fc.constant("a/b"), text),
          contentId: text,
          content: fc.constant(new Uint8Array(1)),
        }),
        { maxLength: 1 },
      ),
    },
    { requiredKeys: ["from", "to", "subject", "text"] },
  );
  await fc.assert(
    fc.asyncProperty(message, async (candidate) => {
      const draft = await prepare(candidate, contextWith()).catch((error: unknown) => {
        if (isSteadyMailError(error) && error.kind === "invalid") return undefined;
        throw error;
      });
      if (draft === undefined) return;
      accepted += 1;
      expect(forbidden(draft)).toEqual([]);
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

it("a getter that throws is a fault at its path, with the error's name alone", async () => {
  const message = {
    ...plain,
    get cc() {
      return fail();
    },
  };
  expect(await faultsOf(message)).toEqual(["cc: could not be read (SyntaxError)"]);
});

it("a prototype is never changed, whatever is called __proto__", async () => {
  const own = JSON.parse('{"__proto__":{"polluted":1}}');
  for (const field of fields) {
    await faultsOf({ ...plain, [field]: own });
    await faultsOf({ ...plain, [field]: [own] });
    await faultsOf({ ...plain, [field]: { ses: own, id: { ses: own }, variables: own } });
  }
  expect(await faultsOf(Object.assign(JSON.parse('{"__proto__":{"text":"x"}}'), {}))).toContain(
    "__proto__: is not a known field",
  );
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

function fail(): never {
  throw new SyntaxError("secret");
}

/** Header-bound strings of a draft that no header may hold. */
function forbidden(draft: MessageDraft): string[] {
  const mailboxes = [draft.from, ...draft.to, ...draft.cc, ...draft.bcc, ...draft.replyTo];
  const ids = typeof draft.template?.id === "object" ? Object.values(draft.template.id) : [draft.template?.id];
  const texts = [
    draft.subject,
    ...mailboxes.flatMap(({ name, address }) => [name, address]),
    ...draft.headers.flat(),
    ...draft.tags,
    ...draft.metadata.flat(),
    ...ids,
    ...draft.attachments.flatMap(({ filename, contentType, contentId }) => [filename, contentType, contentId]),
  ];
  return texts
    .filter((text) => text !== undefined)
    .filter((text) => /[\r\n\0]/.test(text) || Buffer.from(text).toString() !== text);
}
