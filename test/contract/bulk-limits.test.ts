import { describe, expect, it } from "vitest";
import { messageTo } from "../../src/message/batch.ts";
import { attempt, batchOf, content, letter, letterTo, recipient } from "./support/batches.ts";
import { adapterOf, espNames, useEsps } from "./support/esps.ts";

const esps = await useEsps();

const limits = { ses: 50, sendgrid: 1_000, mailgun: 1_000, mailjet: 50 };

describe.each(espNames)("a batch at %s", (name) => {
  const provider = adapterOf(esps[name]);
  const batch = batchOf(provider);

  it("takes as many recipients in one request as the ESP does, and no more", async () => {
    const limit = limits[name];
    expect(batch.limit).toBe(limit);
    const full = letterTo(limit);
    expect(await batch.send(full, attempt())).toHaveLength(limit);
    expect(esps[name].requests).toBe(1);
    expect(esps[name].inbox.map(({ to }) => to)).toEqual(full.recipients.map(({ to }) => [to]));
    await expect(batch.send(letterTo(limit + 1), attempt())).rejects.toMatchObject({ failure: { reason: "invalid" } });
    expect(esps[name].inbox).toHaveLength(limit);
  });

  it("takes a single recipient", async () => {
    expect(await batch.send(letterTo(1), attempt())).toHaveLength(1);
    expect(esps[name].inbox).toHaveLength(1);
  });

  it.each([
    ["a template of the ESP", { template: { id: "1", variables: {} } }],
    ["copies", { cc: [{ address: "copy@example.org" }] }],
    ["blind copies", { bcc: [{ address: "copy@example.org" }] }],
  ])("does not carry %s", (_what, changes) => {
    expect(batch.carries(content({ text: "Dear {{name}}" }, changes), recipient(1, { variables: { name: "a" } }))).toBe(
      false,
    );
  });

  it("carries what it can of a size, and what it carries is taken", async () => {
    const outcomes: boolean[] = [];
    for (const length of [100, 1_000, 5_000, 20_000, 200_000]) {
      const recipients = Array.from({ length: limits[name] === 50 ? 50 : 20 }, (_, i) =>
        recipient(i, { variables: { name: '"'.repeat(length) } }),
      );
      const [first] = recipients;
      const carried = first !== undefined && batch.carries(letter, first);
      outcomes.push(carried);
      if (carried) expect(await batch.send({ content: letter, recipients }, attempt())).toHaveLength(recipients.length);
    }
    expect(outcomes[0]).toBe(true);
    expect(outcomes.at(-1)).toBe(false);
  });

  it("does not carry a body that is empty for its recipient", () => {
    const empty = content({ text: "{{name}}", html: "<b>{{name}}</b>" });
    const carried = batch.carries(empty, recipient(1, { variables: { name: "" } }));
    // Mailjet gets whole messages, as a single send makes them.
    expect(carried).toBe(name === "mailjet");
  });
});

const carried = { text: "Dear {{name}}" };
const somebody = recipient(1, { variables: { name: "Ada" } });
const file = { filename: "terms.txt", contentType: "text/plain", content: new Uint8Array(300_000) };

describe("options of a provider in a batch", () => {
  it.each([
    ["ses", { ConfigurationSetName: "bulk", FeedbackForwardingEmailAddress: "bounces@example.com" }, true],
    ["ses", { EmailTags: [{ Name: "a", Value: "b" }] }, false],
    ["ses", { Content: { Simple: { Headers: [] } } }, false],
    ["ses", { ListManagementOptions: { ContactListName: "a" } }, false],
    ["sendgrid", { ip_pool_name: "bulk", asm: { group_id: 7 } }, true],
    ["sendgrid", { custom_args: { order: "1" } }, false],
    ["sendgrid", { subject: "Another" }, false],
    ["sendgrid", { content: [{ type: "text/plain", value: "Another" }] }, false],
    ["mailgun", { "o:dkim": "no", "o:tag": ["other"] }, true],
    ["mailgun", { "recipient-variables": "{}" }, false],
    ["mailgun", { "t:variables": "{}" }, false],
    ["mailgun", { "h:X-Note": "%recipient.email%" }, false],
    ["mailjet", { URLTags: "a=b", Headers: { "X-Note": "a" } }, true],
  ] as const)("at %s, of %o: %s", async (name, providerOptions, isCarried) => {
    const provider = adapterOf(esps[name]);
    const shared = content(carried, { providerOptions });
    expect(batchOf(provider).carries(shared, somebody)).toBe(isCarried);
    if (!isCarried) return;
    await batchOf(provider).send({ content: shared, recipients: [somebody] }, attempt());
    await provider.send(messageTo(shared, somebody), attempt({ id: somebody.id }));
    const [inBatch, single] = esps[name].inbox.map(({ id: _id, at: _at, raw: _raw, ...rest }) => rest);
    expect(inBatch).toEqual(single);
    for (const option of Object.keys(providerOptions))
      expect(JSON.stringify(esps[name].inbox[0]?.raw)).toContain(option);
  });
});

describe("files in a batch", () => {
  it.each([
    ["ses", true],
    ["sendgrid", true],
    ["mailgun", true],
    ["mailjet", false],
  ] as const)("are carried once for all at %s: %s", (name, isCarried) => {
    const shared = content(carried, { attachments: [file], size: 300_000 });
    expect(batchOf(adapterOf(esps[name])).carries(shared, somebody)).toBe(isCarried);
  });

  it("are not carried at SES beyond the room that a template with its content inline has", () => {
    const shared = content(carried, { attachments: [{ ...file, content: new Uint8Array(800_000) }], size: 800_000 });
    expect(batchOf(adapterOf(esps.ses)).carries(shared, somebody)).toBe(false);
  });
});

it("does not carry in a batch of SES an id that cannot be a tag, or a header that could be taken for a template", () => {
  const { carries } = batchOf(adapterOf(esps.ses));
  expect(carries(letter, { ...somebody, id: "mail 1" })).toBe(false);
  expect(carries(letter, { ...somebody, headers: [["X-Note", "{{name}}"]] })).toBe(false);
});
