import { describe, expect, it } from "vitest";
import { type BatchContent, type BatchRecipient, messageTo } from "../../src/message/batch.ts";
import { MergeText } from "../../src/message/merge-text.ts";
import type { EspName, Provider } from "../../src/testing/index.ts";
import { attempt, batchOf, content, recipient } from "./support/batches.ts";
import { adapterOf, espNames, useEsps } from "./support/esps.ts";

const esps = await useEsps();

/** What arrived, without what the ESP makes up; an ESP that counts files may have them in another order. */
function mailsAt(esp: EspName) {
  return esps[esp].inbox.map(
    ({ to, cc, bcc, subject, text, html, headers, metadata, steadymailId, replyTo, from }) => ({
      to,
      cc,
      bcc,
      subject,
      text,
      html,
      headers,
      metadata,
      steadymailId,
      replyTo,
      from,
    }),
  );
}

function expected(shared: BatchContent, one: BatchRecipient) {
  const { to, cc, bcc, subject, text, html, headers, metadata, replyTo, from } = messageTo(shared, one);
  return {
    to,
    cc,
    bcc,
    subject,
    text,
    html,
    headers,
    metadata: Object.fromEntries(metadata),
    steadymailId: one.id,
    replyTo,
    from,
  };
}

/** As a campaign does: those whom the batch carries together, by groups, the others one by one. */
async function deliver(provider: Provider, shared: BatchContent, recipients: readonly BatchRecipient[]) {
  const batch = batchOf(provider);
  const carried = recipients.filter((one) => batch.carries(shared, one));
  const groups = grouped(carried, (one) => batch.groupBy?.(shared, one) ?? "");
  for (const group of groups) {
    const results = await batch.send({ content: shared, recipients: group }, attempt());
    expect(results).toEqual(group.map(() => ({ providerMessageId: expect.any(String) })));
  }
  for (const one of recipients.filter((candidate) => !carried.includes(candidate))) {
    await provider.send(messageTo(shared, one), attempt({ id: one.id }));
  }
  return { carried, groups };
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

const hostile: Readonly<Record<string, string>> = {
  "double quotes": 'say "hello"',
  "single quotes": "it's",
  "opening braces": "{{",
  "closing braces": "}}",
  "another variable": "{{other}}",
  "a raw variable": "{{{other}}}",
  "a block of Handlebars": "{{#if other}}x{{/if}}",
  "a tag of SendGrid": "-other-",
  "a tag in brackets": "[%other%]",
  "a script": "<script>alert(1)</script>",
  "an entity": "&amp;",
  "what a replacement would expand": "$& $1 $` $'",
  "a backslash": "C:\\",
  "a backslash before braces": "\\{{other}}",
  emoji: "👩‍🚀 ünï ご注文",
  "line breaks": "one\r\ntwo\nthree",
  "an encoded word": "=?UTF-8?Q?gr=C3=BCn?=",
  "a per cent sign": "100%",
  "a lone per cent sequence": "%0A%25",
  nothing: "",
  blanks: "  ",
  "a variable of Mailgun": "%recipient.email%",
  "a variable of Mailgun in capitals": "%RECIPIENT.EMAIL%",
  "a variable as the adapter might call it": "%recipient.h0%",
  "the whole recipient of Mailgun": "%recipient%",
};

const bodies = content(
  {
    text: "Dear {{name}},\nsee {{other}}{{name}}.\r\n%{{name}}% -{{name}}- \\{{name}} {x{{name}}y} {{name}}}",
    html: '<p title="{{name}}">Dear {{ name }}: {{other}}&nbsp;\\\\{{name}}</p>',
  },
  { replyTo: [{ address: "care@example.com" }] },
);

function readers(): BatchRecipient[] {
  return Object.entries(hostile).map(([what, value], index) =>
    recipient(index + 1, {
      to:
        index % 2 === 0
          ? { address: `Reader-${index}@example.org` }
          : { name: "Lovelace, Ada 🚀", address: `r${index}@example.org` },
      variables: { name: value, other: what },
      subject: `Your order, ${value.replace(/[\r\n]/g, " ").trim()}.`,
      headers: [
        ["List-Unsubscribe", `<https://example.com/u?id=${index}&t=%41>`],
        ["List-Unsubscribe-Post", "List-Unsubscribe=One-Click"],
      ],
      metadata: [["order", `number-${index}`]],
    }),
  );
}

describe.each(espNames)("a batch at %s", (name) => {
  it("brings each recipient the mail that a single send would, whatever the values hold", async () => {
    const recipients = readers();
    await deliver(adapterOf(esps[name]), bodies, recipients);
    const arrived = mailsAt(name);
    expect(arrived).toHaveLength(recipients.length);
    for (const one of recipients) {
      expect(arrived.filter(({ steadymailId }) => steadymailId === one.id)).toEqual([expected(bodies, one)]);
    }
  });

  it.each([
    ["text alone", { text: "Dear {{name}}" }],
    ["html alone", { html: "<b>{{name}}</b>" }],
    ["no placeholders", { text: "Dear reader", html: "<b>Dear reader</b>" }],
    ["a placeholder alone", { text: "{{name}}", html: "{{name}}" }],
    ["placeholders side by side", { text: "{{name}}{{other}}{{name}}", html: "{{other}}{{name}}" }],
    [
      "braces that are no placeholders",
      { text: MergeText.literal("{{name}} {{{x}}} \\{{y}} {{"), html: "<i>{{name}}</i>" },
    ],
    ["braces beside a placeholder", { text: "a {x{ {{name}}} b", html: "{{name}}}}" }],
    ["per cent signs beside a placeholder", { text: "%{{name}}%{{other}}%% {{name}}%", html: "100%{{name}}" }],
  ] as const)("carries a content of %s", async (_what, parts) => {
    const shared = content(parts);
    const recipients = [1, 2].map((number) =>
      recipient(number, { variables: { name: `<${number}>`, other: `& ${number}` } }),
    );
    const { carried } = await deliver(adapterOf(esps[name]), shared, recipients);
    expect(carried).toHaveLength(2);
    expect(esps[name].requests).toBe(1);
    expect(mailsAt(name)).toEqual(recipients.map((one) => expected(shared, one)));
  });

  it("brings everybody what all have in common, as a single send does", async () => {
    const changes = {
      replyTo: [{ name: "Care", address: "care@example.com" }],
      ...(name === "ses" ? {} : { tags: ["news"], tracking: { opens: true, clicks: true } }),
      ...(name === "sendgrid" || name === "mailgun" ? { sendAt: Date.now() + 3_600_000 } : {}),
      ...(name === "mailjet"
        ? {}
        : {
            attachments: [
              { filename: "terms.txt", contentType: "text/plain", content: new TextEncoder().encode("Terms") },
            ],
          }),
    };
    const shared = content({ text: "Dear {{name}}" }, changes);
    const provider = adapterOf(esps[name]);
    const recipients = [1, 2].map((number) => recipient(number, { variables: { name: `Reader ${number}` } }));
    await batchOf(provider).send({ content: shared, recipients }, attempt());
    for (const one of recipients) await provider.send(messageTo(shared, one), attempt({ id: one.id }));
    const parts = esps[name].inbox.map(({ id: _id, at: _at, raw: _raw, ...rest }) => rest);
    expect(parts.slice(0, 2)).toEqual(parts.slice(2));
    expect(esps[name].requests).toBe(3);
  });

  it("gives each mail the headers and metadata of its recipient, of whichever names", async () => {
    const recipients = [
      recipient(1, { headers: [["X-One", "1"]], metadata: [["one", "1"]], variables: { name: "a" } }),
      recipient(2, { headers: [["X-Two", "2"]], metadata: [["two", "2"]], variables: { name: "b" } }),
      recipient(3, { variables: { name: "c" } }),
      recipient(5, { headers: [["X-Two", "5"]], metadata: [["one", "5"]], variables: { name: "e" } }),
      recipient(4, { headers: [["X-One", "grün"]], metadata: [["one", "4"]], variables: { name: "d" } }),
    ];
    const shared = content({ text: "Dear {{name}}" });
    await deliver(adapterOf(esps[name]), shared, recipients);
    const arrived = mailsAt(name);
    for (const one of recipients) {
      expect(arrived.filter(({ steadymailId }) => steadymailId === one.id)).toEqual([expected(shared, one)]);
    }
  });
});

it("carries all but Mailgun's own notation in the batches of the four", () => {
  const recipients = readers();
  const refusedAt = (name: EspName) =>
    recipients
      .filter((one) => !batchOf(adapterOf(esps[name])).carries(bodies, one))
      .map(({ variables }) => variables.get("other"));
  expect(Object.fromEntries(espNames.map((name) => [name, refusedAt(name)]))).toEqual({
    ses: [],
    sendgrid: [],
    mailgun: [
      "a variable of Mailgun",
      "a variable of Mailgun in capitals",
      "a variable as the adapter might call it",
      "the whole recipient of Mailgun",
    ],
    mailjet: [],
  });
});

/** What SendGrid is told to replace in the text of the first batch that it got. */
function tagInText(): string {
  const found = /-[0-9a-f]{16}t0-/.exec(textOf("sendgrid"))?.[0];
  if (found === undefined) throw new Error("the text holds nothing to replace");
  return found;
}

function textOf(esp: "sendgrid" | "mailgun"): string {
  const raw: unknown = esps[esp].inbox[0]?.raw;
  const texts = esp === "sendgrid" ? Reflect.get(Object(raw), "content") : Reflect.get(Object(raw), "fields");
  return JSON.stringify(texts);
}

it("has SendGrid replace other tags in each batch, so that nobody can know one", async () => {
  const { send } = batchOf(adapterOf(esps.sendgrid));
  const shared = content({ text: "Dear {{name}}" });
  await send({ content: shared, recipients: [recipient(1, { variables: { name: "Ada" } })] }, attempt());
  const known = tagInText();
  const knowing = content({ text: `Dear {{name}} and ${known}` });
  esps.sendgrid.clear();
  await send({ content: knowing, recipients: [recipient(1, { variables: { name: known } })] }, attempt());
  expect(esps.sendgrid.inbox[0]?.text).toBe(`Dear ${known} and ${known}`);
});

it("puts no per cent sign beside what Mailgun replaces, which could be read as a part of it", async () => {
  const { send } = batchOf(adapterOf(esps.mailgun));
  const shared = content({ text: "100%{{name}}% {{name}}{{other}} %% {{other}}%%" });
  const recipients = [recipient(1, { variables: { name: "a", other: "b" } })];
  await send({ content: shared, recipients }, attempt());
  expect(textOf("mailgun")).not.toMatch(/%%recipient|recipient\.\w+%%/);
  expect(esps.mailgun.inbox[0]?.text).toBe("100%a% ab %% b%%");
});

it.each([
  ["the subject", { subject: "For %recipient.name%" }],
  ["a header", { headers: [["X-Who", "%recipient_email%"]] as const }],
  ["metadata", { metadata: [["who", "%Recipient%"]] as const }],
  ["the name of the recipient", { to: { name: "%recipient%", address: "a@example.org" } }],
  ["a value and what stands beside it", { variables: { name: "%" } }],
])("does not carry Mailgun's own notation in %s in its batch", (_what, changes) => {
  const { carries } = batchOf(adapterOf(esps.mailgun));
  const shared = content({ text: "Dear {{name}}recipient.name%" });
  expect(carries(shared, recipient(1, { variables: { name: "Ada" } }))).toBe(true);
  expect(carries(shared, recipient(1, { variables: { name: "Ada" }, ...changes }))).toBe(false);
});

it("does not carry a content that holds Mailgun's own notation in its batch", () => {
  const { carries } = batchOf(adapterOf(esps.mailgun));
  const somebody = recipient(1, { variables: { name: "Ada" } });
  expect(carries(content({ text: "%recipient.name% {{name}}" }), somebody)).toBe(false);
  expect(carries(content({ html: "%RECIPIENT% {{name}}" }), somebody)).toBe(false);
  expect(
    carries(content({ text: "{{name}}" }, { replyTo: [{ name: "%recipient%", address: "a@example.com" }] }), somebody),
  ).toBe(false);
  expect(carries(content({ text: "%unsubscribe_url% {{name}}" }), somebody)).toBe(true);
});
