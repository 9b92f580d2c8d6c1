import { describe, expect, it } from "vitest";
import { isSteadyMailError } from "../../src/errors.ts";
import { prepare } from "../../src/message/prepare.ts";
import { contextWith, faultsOf, faultsWith, plain, prepareWith } from "./preparing.ts";

describe("a prepared message", () => {
  it("has every field in one normal form", async () => {
    const sendAt = new Date("2030-01-02T03:04:05Z");
    const draft = await prepareWith({
      from: "Shop <shop@example.com>",
      to: ["ada@example.org", { name: "Bob", address: "bob@bücher.example" }],
      cc: "carol@example.org",
      bcc: ["dave@example.org"],
      replyTo: { address: "help@example.com" },
      html: Promise.resolve("<p>é</p>"),
      headers: { "X-Campaign": "spring", "In-Reply-To": "<1@example.org>" },
      tags: ["order"],
      metadata: { order: "42" },
      template: { id: { ses: "welcome" }, variables: { items: [{ price: 1.5 }], at: sendAt } },
      tracking: { opens: true },
      sendAt,
      providerOptions: { ses: { ConfigurationSetName: "main" } },
    });
    expect(draft).toEqual({
      from: { name: "Shop", address: "shop@example.com" },
      to: [{ address: "ada@example.org" }, { name: "Bob", address: "bob@xn--bcher-kva.example" }],
      cc: [{ address: "carol@example.org" }],
      bcc: [{ address: "dave@example.org" }],
      replyTo: [{ address: "help@example.com" }],
      subject: "Your order",
      text: "Thank you.",
      html: "<p>é</p>",
      attachments: [],
      headers: [
        ["X-Campaign", "spring"],
        ["In-Reply-To", "<1@example.org>"],
      ],
      tags: ["order"],
      metadata: [["order", "42"]],
      template: { id: { ses: "welcome" }, variables: { items: [{ price: 1.5 }], at: sendAt.toJSON() } },
      tracking: { opens: true, clicks: false },
      sendAt: sendAt.getTime(),
      providerOptions: { ses: { ConfigurationSetName: "main" } },
      size: 10 + 9,
    });
  });

  it("has empty lists, no tracking and no optional field where the message says nothing", async () => {
    expect(await prepareWith({ cc: undefined, html: undefined })).toEqual({
      from: { address: "shop@example.com" },
      to: [{ address: "ada@example.org" }],
      cc: [],
      bcc: [],
      replyTo: [],
      subject: "Your order",
      text: "Thank you.",
      attachments: [],
      headers: [],
      tags: [],
      metadata: [],
      tracking: { opens: false, clicks: false },
      providerOptions: {},
      size: 10,
    });
  });

  it("is frozen at every level but for bytes, Blobs and Dates, which cannot be", async () => {
    const draft = await prepareWith({
      cc: ["carol@example.org"],
      attachments: [{ filename: "a.txt", content: "a", encoding: "utf8" }],
      headers: { "X-A": "1" },
      tags: ["t"],
      metadata: { a: "1" },
      template: { id: "t", variables: { deep: [{ a: {} }] } },
      providerOptions: { ses: { deep: [{ a: { b: new Uint8Array(1) } }] } },
    });
    expect(thawed(draft)).toEqual([]);
  });

  it("has the sender, the subject or the recipients twice where the message has them twice", async () => {
    const draft = await prepareWith({ to: ["ada@example.org", "ada@example.org"], cc: "ada@example.org" });
    expect(draft.to).toHaveLength(2);
    expect(draft.cc).toHaveLength(1);
  });

  it("is not touched by what the caller changes afterwards, and touches nothing of the caller's", async () => {
    const message = {
      ...plain,
      to: [{ address: "ada@example.org" }],
      headers: { "X-A": "1" },
      tags: ["t"],
      metadata: { a: "1" },
      attachments: [{ filename: "a.bin", content: Uint8Array.of(1, 2) }],
      template: { id: "t", variables: { list: [1] } },
      providerOptions: { ses: { list: [1], bytes: Uint8Array.of(1) } },
      sendAt: new Date(5),
    };
    const before = structuredClone(message);
    const draft = await prepare(message, contextWith());
    expect(message).toEqual(before);
    const asPrepared = structuredClone(draft);

    message.to[0] = { address: "eve@example.org" };
    message.headers["X-A"] = "2";
    message.tags.push("u");
    message.metadata.a = "2";
    message.attachments[0]?.content.fill(9);
    message.template.variables.list.push(2);
    message.providerOptions.ses.list.push(2);
    message.providerOptions.ses.bytes.fill(9);
    message.sendAt.setTime(6);
    expect(draft).toEqual(asPrepared);
  });

  it("reads each property of the caller's objects once", async () => {
    const reads = new Map<string, number>();
    const counted = <T extends object>(target: T, path: string): T =>
      new Proxy(target, {
        get(inner, key, receiver) {
          const value: unknown = Reflect.get(inner, key, receiver);
          if (typeof key === "symbol" || !Object.hasOwn(inner, key)) return value;
          reads.set(`${path}.${key}`, (reads.get(`${path}.${key}`) ?? 0) + 1);
          const wrap = typeof value === "object" && value !== null && !(value instanceof Uint8Array);
          return wrap ? counted(value, `${path}.${key}`) : value;
        },
      });
    const message = {
      from: { name: "Shop", address: "shop@example.com" },
      to: ["ada@example.org", { address: "bob@example.org" }],
      subject: "s",
      text: "t",
      attachments: [{ filename: "a.bin", contentType: "a/b", contentId: "c", content: Uint8Array.of(1) }],
      headers: { "X-A": "1" },
      tags: ["t"],
      metadata: { a: "1" },
      template: { id: { ses: "t" }, variables: { list: [{ a: 1 }] } },
      tracking: { opens: true, clicks: true },
      providerOptions: { ses: { list: [{ a: 1 }] } },
    };
    await prepare(counted(message, "message"), contextWith());
    expect([...reads].filter(([, times]) => times !== 1)).toEqual([]);
    // All 41 of them, the lengths of the arrays included.
    expect(reads.size).toBe(41);
  });
});

function thawed(value: unknown, path = "draft"): string[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  const within = Object.entries(value).flatMap(([key, part]) => thawed(part, `${path}.${key}`));
  return Object.isFrozen(value) ? within : [path, ...within];
}

describe("defaults", () => {
  const defaults = {
    from: "shop@example.com",
    replyTo: "help@example.com",
    headers: { "X-Team": "default", "X-Only": "default" },
    metadata: { a: "default", b: "default" },
    tags: ["default"],
  };

  it("stand in for what the message does not say; headers and metadata are merged by name", async () => {
    const message = {
      to: "a@example.org",
      subject: "",
      text: "",
      headers: { "x-team": "own" },
      metadata: { a: "own" },
    };
    const draft = await prepare(message, contextWith({ defaults }));
    expect(draft).toMatchObject({
      from: { address: "shop@example.com" },
      replyTo: [{ address: "help@example.com" }],
      headers: [
        ["X-Only", "default"],
        ["x-team", "own"],
      ],
      metadata: [
        ["b", "default"],
        ["a", "own"],
      ],
      tags: ["default"],
    });
  });

  it("are replaced whole by any other field of the message, an empty one included", async () => {
    const draft = await prepareWith({ from: "other@example.com", tags: [], replyTo: [] }, { defaults });
    expect(draft).toMatchObject({ from: { address: "other@example.com" }, tags: [], replyTo: [] });
  });

  it("are named where the fault is theirs", async () => {
    const faulty = { from: "nobody", headers: { From: "x" } };
    const { from: _, ...message } = plain;
    expect(await faultsOf(message, { defaults: faulty })).toEqual([
      "defaults.from: has no @",
      "defaults.headers.From: has a field of its own: use from",
    ]);
  });
});

describe("a message is refused", () => {
  it("with all of its faults at once, each with its path", async () => {
    const faults = await faultsOf({
      to: ["ada@example.org", "bob", 7],
      cc: "x, y",
      subject: "a\nb",
      html: Promise.reject(new TypeError("secret words")),
      attachments: [{ filename: "a\rb", content: 5 }],
      headers: { "X-Foo": 1, "a b": "c" },
      tags: "order",
      metadata: { "steadymail-id": "x", k: 1 },
      template: { id: 5, variables: { n: 1n } },
      tracking: { opens: "yes" },
      sendAt: new Date(Number.NaN),
      providerOptions: { sendgrid: {} },
      recipient: "ada@example.org",
      reply_to: "x@example.org",
    });
    expect(faults.map((fault) => fault.slice(0, fault.indexOf(":")))).toEqual([
      "recipient",
      "reply_to",
      "from",
      "to[1]",
      "to[2]",
      "cc",
      "subject",
      "headers.X-Foo",
      "headers[1]",
      "tags",
      "metadata.steadymail-id",
      "metadata.k",
      "template.id",
      "template.variables.n",
      "tracking.opens",
      "sendAt",
      "providerOptions.sendgrid",
      "attachments[0].filename",
      "html",
      "attachments[0].content",
    ]);
    expect(faults).toContain("html: could not be read (TypeError)");
    expect(faults).toContain("reply_to: is not a known field; did you mean replyTo?");
    expect(faults.join()).not.toContain("secret");
  });

  it("by an InvalidMessageError with the id of the send, frozen problems and no value", async () => {
    const error: unknown = await prepareWith({ subject: "canary\0subject", to: "canary" }).catch((e: unknown) => e);
    if (!isSteadyMailError(error) || error.kind !== "invalid") throw error;
    expect(error.id).toBe("send-1");
    expect(error.sent).toBe("no");
    expect(error.retryable).toBe(false);
    expect(error.problems).toEqual([
      { path: "to", message: "has no @" },
      { path: "subject", message: "holds a NUL character" },
    ]);
    expect(Object.isFrozen(error.problems)).toBe(true);
    expect(error.message).not.toContain("canary");
  });

  it.each([null, undefined, 5, "text", [], () => {}])("when it is no object but %s", async (value) => {
    expect(await faultsOf(value)).toEqual(["message: must be an object with from, to, subject and a content"]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ from: undefined }, "from: is missing, here and in the mailer's defaults"],
    [{ from: ["a@example.org"] }, "from: must be an address"],
    [{ to: undefined }, "to: needs at least one recipient"],
    [{ to: [] }, "to: needs at least one recipient"],
    [{ to: null }, "to: must be an address"],
    [{ to: [["a@example.org"]] }, "to[0]: must be an address"],
    [{ cc: null }, "cc: must be an address"],
    [{ replyTo: [undefined] }, "replyTo[0]: must be an address"],
    [{ subject: undefined }, "subject: is missing"],
    [{ subject: ["s"] }, "subject: must be a string"],
    [{ subject: "a\r\nBcc: eve@example.org" }, "subject: holds a line break"],
    [{ subject: "a\u0001" }, "subject: holds a control character"],
    [{ subject: "\udc00" }, "subject: holds half of a surrogate pair"],
    [{ text: undefined }, "text: is missing; give text, html or template"],
    [{ text: 5 }, "text: must be a string, or a promise of one"],
    [{ text: null }, "text: must be a string, or a promise of one"],
    [{ text: Promise.resolve(5) }, "text: must be a string, or a promise of one"],
    [{ html: "\ud800" }, "html: holds half of a surrogate pair"],
    [{ attachments: {} }, "attachments: must be an array of attachments"],
    [{ tags: [1] }, "tags[0]: must be a string"],
    [{ tags: [""] }, "tags[0]: is empty"],
    [{ tags: ["a\tb"] }, "tags[0]: holds a control character"],
    [{ metadata: ["a"] }, "metadata: must be an object of strings"],
    [{ metadata: new Map([["a", "b"]]) }, "metadata: must be an object of strings"],
    [{ metadata: { a: "b\0" } }, "metadata.a: holds a NUL"],
    [{ metadata: { "a\nb": "c" } }, "metadata[0]: has a name that holds a line break"],
    [{ metadata: { "": "c" } }, "metadata[0]: has an empty name"],
    [{ metadata: { "Steadymail-ID": "c" } }, "metadata.Steadymail-ID: is set by the mailer"],
    [{ metadata: JSON.parse('{"__proto__":"c"}') }, "metadata.__proto__: is not allowed as a name"],
    [{ tracking: true }, "tracking: must be an object"],
    [{ tracking: { open: true } }, "tracking.open: is not a known field"],
    [{ sendAt: "2030-01-01" }, "sendAt: must be a valid Date"],
    [{ sendAt: 5 }, "sendAt: must be a valid Date"],
    [{ providerOptions: [] }, "providerOptions: must be an object of options by provider name"],
    [{ providerOptions: { ses: "x" } }, "providerOptions.ses: must be a plain object"],
    [{ providerOptions: { ses: { f: () => 1 } } }, "providerOptions.ses.f: is a function"],
    [{ providerOptions: { ses: { m: new Map() } } }, "providerOptions.ses.m: must be a plain object"],
    [
      { providerOptions: { ses: { a: JSON.parse('{"__proto__":{}}') } } },
      "providerOptions.ses.a.__proto__: is not allowed",
    ],
    [{ template: "welcome" }, "template: must be an object: { id, variables? }"],
    [{ template: { id: "" } }, "template.id: is empty"],
    [{ template: { id: "a\nb" } }, "template.id: holds a line break"],
    [{ template: {} }, "template.id: must be a string, or an object of ids by provider name"],
    [{ template: { id: { sess: "x" } } }, "template.id.sess: is not the name of a provider"],
    [{ template: { id: "t", variables: [] } }, "template.variables: must be a plain object"],
    [{ template: { id: "t", variables: { a: Number.NaN } } }, "template.variables.a: is not a finite number"],
    [{ template: { id: "t", variables: { a: { b: Symbol("x") } } } }, "template.variables.a.b: is a symbol"],
    [
      { template: { id: "t", variables: { a: ["\ud800"] } } },
      "template.variables.a[0]: holds half of a surrogate pair",
    ],
    [{ template: { id: "t", variables: { a: new Set() } } }, "template.variables.a: must be a plain object"],
    [
      { template: { id: "t", variables: JSON.parse('{"__proto__":1}') } },
      "template.variables.__proto__: is not allowed",
    ],
    [{ "ada@example.org": 1 }, "message[4]: is not a known field"],
  ])("%#: %j", async (changes, expected) => {
    const faults = await faultsWith(changes);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(expected);
  });

  it("with a list that is capped and says how many more there are", async () => {
    const faults = await faultsWith({ to: Array.from({ length: 100_000 }, () => "nobody") });
    expect(faults).toHaveLength(101);
    expect(faults[99]).toBe("to[99]: has no @");
    expect(faults[100]).toBe("message: has 99900 further problems, which are not listed");
  });

  it("when a list claims more entries than could ever be read", async () => {
    expect(await faultsWith({ to: new Array(4_000_000_000) })).toEqual([
      "to: has 4000000000 entries; at most 100000 are read",
    ]);
  });

  it("where variables refer back to themselves, are nested too deep, or stand for too many values", async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = { parent: cyclic };
    expect(await faultsWith({ template: { id: "t", variables: cyclic } })).toEqual([
      "template.variables.self.parent: refers back to an object that it is part of",
    ]);
    let deep: unknown = 1;
    for (let level = 0; level < 200; level += 1) deep = { d: deep };
    expect(await faultsWith({ template: { id: "t", variables: { deep } } })).toEqual([
      expect.stringContaining("is nested more than 100 levels deep"),
    ]);
    let wide: unknown = "x";
    for (let level = 0; level < 60; level += 1) wide = [wide, wide];
    expect(await faultsWith({ template: { id: "t", variables: { wide } } })).toEqual([
      expect.stringContaining("is one too many: at most 100000 values are read"),
    ]);
    const own = { toJSON: () => variables };
    const variables = { own };
    expect(await faultsWith({ template: { id: "t", variables } })).toEqual([
      "template.variables.own: refers back to an object that it is part of",
    ]);
  });
});

describe("a template", () => {
  const names = ["ses", "sendgrid"];

  it("is content enough", async () => {
    expect(await faultsWith({ text: undefined, template: { id: "t" } })).toEqual([]);
  });

  it("has an id for each provider where there are several", async () => {
    const context = { providerNames: names };
    expect(await faultsWith({ template: { id: "t" } }, context)).toEqual([
      "template.id: must be an object of ids by provider name, since ids differ between providers",
    ]);
    const draft = await prepareWith({ template: { id: { sendgrid: "d-1", ses: undefined } } }, context);
    expect(draft.template?.id).toEqual({ sendgrid: "d-1" });
  });

  it("carries its variables as JSON would", async () => {
    const variables = { none: undefined, list: [undefined, null, 1], at: new Date(0), price: { toJSON: () => "1.50" } };
    const draft = await prepareWith({ template: { id: "t", variables } });
    expect(draft.template?.variables).toEqual(JSON.parse(JSON.stringify(variables)));
  });
});

describe("provider options", () => {
  it("keep bytes, Blobs and Dates as what they are", async () => {
    const blob = new Blob(["x"]);
    const options = { bytes: Buffer.from([1, 2]), blob, at: new Date(7), none: undefined, list: [{ a: null }] };
    const draft = await prepareWith({ providerOptions: { ses: options } });
    expect(draft.providerOptions.ses).toEqual({
      bytes: Uint8Array.of(1, 2),
      blob,
      at: new Date(7),
      list: [{ a: null }],
    });
    expect(draft.providerOptions.ses?.blob).toBe(blob);
  });

  it("are found by the names of providers alone", async () => {
    const draft = await prepareWith({});
    expect(draft.providerOptions.constructor).toBeUndefined();
  });
});

describe("headers", () => {
  it.each([
    "In-Reply-To",
    "References",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "X-Anything",
    "Precedence",
    "Auto-Submitted",
    "Importance",
    "Feedback-ID",
  ])("may include %s", async (name) => {
    const draft = await prepareWith({ headers: { [name]: "value" } });
    expect(draft.headers).toEqual([[name, "value"]]);
  });

  it("may be long, hold tabs, and say anything printable", async () => {
    const headers = { "X-Long": "v".repeat(900), "X-Tab": "a\tb", "X-Text": "é日本 😀", "X-Empty": "" };
    expect((await prepareWith({ headers })).headers).toEqual(Object.entries(headers));
  });

  it.each([
    ["From", "use from"],
    ["sender", "use from"],
    ["TO", "use to"],
    ["Cc", "use cc"],
    ["Bcc", "use bcc"],
    ["Reply-To", "use replyTo"],
    ["Subject", "use subject"],
    ["Content-Type", "is written from text, html and attachments"],
    ["Content-Transfer-Encoding", "is written from text, html and attachments"],
    ["MIME-Version", "is written from text, html and attachments"],
    ["Date", "use sendAt"],
    ["Message-ID", "is written by the provider"],
    ["Return-Path", "is written by the provider"],
    ["Received", "is written by the provider"],
    ["DKIM-Signature", "is written by the provider"],
  ])("refuse %s", async (name, expected) => {
    const faults = await faultsWith({ headers: { [name]: "x" } });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`headers.${name}: `);
    expect(faults[0]).toContain(expected);
  });

  it.each<[unknown, string]>([
    [{ "X-A": "a\r\nBcc: eve@example.org" }, "headers.X-A: holds a line break"],
    [{ "X-A": "a\nb" }, "headers.X-A: holds a line break"],
    [{ "X-A": "a\0" }, "headers.X-A: holds a NUL"],
    [{ "X-A": "a\u001b" }, "headers.X-A: holds a control character"],
    [{ "X-A": "\ud800" }, "headers.X-A: holds half of a surrogate pair"],
    [{ "X-A": ["a"] }, "headers.X-A: must be a string"],
    [{ "X-A": undefined }, "headers.X-A: must be a string"],
    [{ "": "a" }, "headers[0]: has a name that is not allowed"],
    [{ "X A": "a" }, "headers[0]: has a name that is not allowed"],
    [{ "X:A": "a" }, "headers[0]: has a name that is not allowed"],
    [{ "X-É": "a" }, "headers[0]: has a name that is not allowed"],
    [{ "X-A\r\nBcc": "a" }, "headers[0]: has a name that is not allowed"],
    [{ "X-A": "1", "x-a": "2" }, "headers.x-a: is given twice"],
    [JSON.parse('{"__proto__":"x"}'), "headers.__proto__: is not allowed as a name"],
    [new Headers({ "X-A": "1" }), "headers: must be an object of header names and values"],
    [[["X-A", "1"]], "headers: must be an object of header names and values"],
    ["X-A: 1", "headers: must be an object of header names and values"],
  ])("refuse %#: %j", async (headers, expected) => {
    const faults = await faultsWith({ headers });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(expected);
  });
});

it("a subject may be empty, and may hold a tab and any script", async () => {
  for (const subject of ["", "a\tb", "ご注文 😀", "=?utf-8?q?x?=", "\u0093quoted\u0094"]) {
    expect((await prepareWith({ subject })).subject).toBe(subject);
  }
});
