import { SESv2Client, SendBulkEmailCommand, type SendBulkEmailCommandInput } from "@aws-sdk/client-sesv2";
import { afterEach, describe, expect, it } from "vitest";
import { type EspName, type Simulator, startSimulator } from "../../src/testing/index.ts";
import { exchange } from "./http-client.ts";
import { mailgunRequest, mailjetRequest, sendgridRequest } from "./valid-requests.ts";

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((esp) => esp.close()));
});

async function start<E extends EspName>(name: E): Promise<Simulator<E>> {
  const esp = await startSimulator(name);
  open.push(esp);
  return esp;
}

describe("a batch at a simulated SES", () => {
  const template = { Subject: "{{s}}", Text: "Dear {{name}}", Html: "<p>{{{name}}} {{ other }}</p>" };

  function entryFor(number: number, values: object = {}, changes: object = {}) {
    return {
      Destination: { ToAddresses: [`reader-${number}@example.org`] },
      ReplacementEmailContent: {
        ReplacementTemplate: { ReplacementTemplateData: JSON.stringify({ s: "Hi", name: "a", other: "b", ...values }) },
      },
      ...changes,
    };
  }

  async function send(
    esp: Simulator<"ses">,
    entries: readonly object[],
    TemplateContent: object = template,
    changes = {},
  ) {
    const { region, credentials, baseUrl } = esp.options;
    const client = new SESv2Client({ region, credentials, endpoint: baseUrl, maxAttempts: 1 });
    const input: SendBulkEmailCommandInput = {
      FromEmailAddress: "Shop <orders@example.com>",
      DefaultContent: { Template: { TemplateContent, TemplateData: "{}" } },
      BulkEmailEntries: entries.map((entry) => ({ Destination: {}, ...entry })),
      ...changes,
    };
    try {
      return (await client.send(new SendBulkEmailCommand(input))).BulkEmailEntryResults;
    } finally {
      client.destroy();
    }
  }

  it("gives each entry its mail, with its values as they are", async () => {
    const esp = await start("ses");
    const results = await send(esp, [entryFor(1, { name: "<a> & {{other}}" }), entryFor(2, { s: "Ünï", other: 7 })]);
    expect(esp.inbox).toMatchObject([
      {
        to: [{ address: "reader-1@example.org" }],
        subject: "Hi",
        text: "Dear <a> & {{other}}",
        html: "<p><a> & {{other}} b</p>",
      },
      { to: [{ address: "reader-2@example.org" }], subject: "Ünï", html: "<p>a 7</p>" },
    ]);
    expect(results).toEqual(esp.inbox.map(({ id }) => ({ Status: "SUCCESS", MessageId: id })));
  });

  it("takes the values, tags and headers for all where an entry has none of its own", async () => {
    const esp = await start("ses");
    const own = {
      ReplacementHeaders: [{ Name: "x-note", Value: "own" }],
      ReplacementTags: [{ Name: "order", Value: "2" }],
    };
    await send(esp, [{ Destination: { ToAddresses: ["a@example.org"] } }, entryFor(2, {}, own)], template, {
      DefaultContent: {
        Template: {
          TemplateContent: template,
          TemplateData: JSON.stringify({ s: "For all", name: "reader", other: "-" }),
          Headers: [{ Name: "X-Note", Value: "for all" }],
        },
      },
      DefaultEmailTags: [{ Name: "order", Value: "1" }],
    });
    expect(esp.inbox).toMatchObject([
      { subject: "For all", text: "Dear reader", headers: [["X-Note", "for all"]], metadata: { order: "1" } },
      { subject: "Hi", text: "Dear a", headers: [["x-note", "own"]], metadata: { order: "2" } },
    ]);
  });

  it.each([
    ["one backslash takes the meaning away", "\\{{name}} {{name}}", "{{name}} a"],
    ["two backslashes are one before a value", "\\\\{{name}}", "\\a"],
    ["a backslash before an escaped one counts for itself", "\\{{name}} \\{{name}}", "{{name}} {{name}}"],
    ["braces that close nothing are text", "}} {{name}} }", "}} a }"],
  ])("reads a template as Handlebars does: %s", async (_what, Text, rendered) => {
    const esp = await start("ses");
    await send(esp, [entryFor(1)], { Subject: "Hi", Text });
    expect(esp.inbox[0]?.text).toBe(rendered);
  });

  it("accepts what it cannot render for want of a value, and never sends it", async () => {
    const esp = await start("ses");
    const results = await send(esp, [entryFor(1), entryFor(2)], { Subject: "Hi", Text: "{{name}} {{missing}}" });
    expect(results).toMatchObject([{ Status: "SUCCESS" }, { Status: "SUCCESS" }]);
    expect(esp.inbox).toEqual([]);
  });

  it.each([["{{#if name}}x{{/if}}"], ["{{> part}}"], ["{{name.first}}"], ["{{{{name}}"], ["{{name}}}"], ["{{"]])(
    "refuses a template with more than simple substitutions: %s",
    async (Text) => {
      const esp = await start("ses");
      await expect(send(esp, [entryFor(1)], { Subject: "Hi", Text })).rejects.toMatchObject({
        name: "BadRequestException",
        message: "Template contains unsupported operations.",
      });
      expect(esp.inbox).toEqual([]);
    },
  );

  it("tells of an entry by itself that it cannot take", async () => {
    const esp = await start("ses");
    const results = await send(esp, [
      entryFor(1),
      entryFor(2, {}, { Destination: { ToAddresses: ["nobody"] } }),
      entryFor(3, {}, { ReplacementTags: [{ Name: "a b", Value: "c" }] }),
    ]);
    expect(results?.map(({ Status }) => Status)).toEqual(["SUCCESS", "INVALID_PARAMETER", "INVALID_PARAMETER"]);
    expect(esp.inbox).toHaveLength(1);
  });

  it.each([
    ["no entries", [], {}],
    ["51 entries", Array.from({ length: 51 }, (_, i) => entryFor(i)), {}],
    ["no sender", [entryFor(1)], { FromEmailAddress: undefined }],
    ["a template that it would have to keep", [entryFor(1)], { DefaultContent: { Template: { TemplateName: "a" } } }],
    ["more than a megabyte", [entryFor(1, { name: "x".repeat(1024 * 1024) })], {}],
  ])("refuses %s", async (_what, entries, changes) => {
    const esp = await start("ses");
    await expect(send(esp, entries, template, changes)).rejects.toMatchObject({ name: "BadRequestException" });
    expect(esp.inbox).toEqual([]);
  });
});

describe("a batch at a simulated SendGrid", () => {
  const part = (number: number, substitutions: object, changes: object = {}) => ({
    to: [{ email: `reader-${number}@example.org` }],
    substitutions,
    ...changes,
  });
  const content = [
    { type: "text/plain", value: "Dear -name-, -other-" },
    { type: "text/html", value: "<b>-name-</b>" },
  ];

  it("replaces the tags of each personalization once, in subject, bodies and custom arguments", async () => {
    const esp = await start("sendgrid");
    const personalizations = [
      part(
        1,
        { "-name-": "<-other->", "-other-": "$&" },
        { custom_args: { who: "-name-" }, headers: { "X-Who": "-name-" } },
      ),
      part(2, { "-name-": "b" }, { subject: "Own -name-" }),
    ];
    const sight = await exchange(
      esp.url,
      sendgridRequest(esp.options, { personalizations, subject: "For -name-", content }),
    );
    expect(sight.status).toBe(202);
    expect(esp.inbox).toMatchObject([
      {
        to: [{ address: "reader-1@example.org" }],
        subject: "For <-other->",
        text: "Dear <-other->, $&",
        html: "<b><-other-></b>",
        metadata: { who: "<-other->" },
        headers: [["X-Who", "-name-"]],
      },
      { to: [{ address: "reader-2@example.org" }], subject: "Own b", text: "Dear b, -other-" },
    ]);
  });

  it.each([
    [
      "more than 10,000 bytes of substitutions",
      [part(1, { "-name-": "x".repeat(10_000) })],
      "personalizations.0.substitutions",
    ],
    ["1,001 personalizations", Array.from({ length: 1_001 }, (_, i) => part(i, {})), "personalizations"],
  ])("refuses %s", async (_what, personalizations, field) => {
    const esp = await start("sendgrid");
    const sight = await exchange(esp.url, sendgridRequest(esp.options, { personalizations, content }));
    expect(sight.status).toBe(400);
    expect(JSON.parse(sight.body).errors).toMatchObject([{ field }]);
    expect(esp.inbox).toEqual([]);
  });
});

describe("a batch at a simulated Mailgun", () => {
  const to = 'ada@example.org, "Lovelace, B" <bob@example.org>';
  const variables = { "ada@example.org": { name: "%recipient.id%", id: 7 }, "bob@example.org": { name: "$&" } };
  const batch = (fields: readonly (readonly [string, string])[]) =>
    [["to", to], ["recipient-variables", JSON.stringify(variables)], ...fields] as const;

  it("gives each recipient a mail of its own, with its variables in all of it, once", async () => {
    const esp = await start("mailgun");
    const fields = batch([
      ["subject", "For %recipient.name%"],
      ["text", "%recipient.name% %recipient.id% %recipient.nothing% 100% %recipient_email%"],
      ["html", "<b>%recipient.name%</b>"],
      ["h:X-Who", "%recipient.name%"],
      ["v:who", "%recipient.name%"],
    ]);
    const sight = await exchange(esp.url, mailgunRequest(esp.options, fields));
    expect(sight.status).toBe(200);
    expect(esp.inbox).toMatchObject([
      {
        to: [{ address: "ada@example.org" }],
        subject: "For %recipient.id%",
        text: "%recipient.id% 7 %recipient.nothing% 100% ada@example.org",
        html: "<b>%recipient.id%</b>",
        headers: [["X-Who", "%recipient.id%"]],
        metadata: { who: "%recipient.id%" },
      },
      {
        to: [{ name: "Lovelace, B", address: "bob@example.org" }],
        subject: "For $&",
        text: "$& %recipient.id% %recipient.nothing% 100% bob@example.org",
      },
    ]);
    expect(new Set(esp.inbox.map(({ id }) => id)).size).toBe(1);
  });

  it("shows everybody all recipients where there are no variables", async () => {
    const esp = await start("mailgun");
    await exchange(
      esp.url,
      mailgunRequest(esp.options, [
        ["to", to],
        ["text", "%recipient.name%"],
      ]),
    );
    expect(esp.inbox).toMatchObject([
      { to: [{ address: "ada@example.org" }, { address: "bob@example.org" }], text: "%recipient.name%" },
    ]);
  });

  it("sends by itself to somebody without variables too, with nothing filled in", async () => {
    const esp = await start("mailgun");
    const fields = [
      ["to", to],
      ["recipient-variables", "{}"],
      ["text", "%recipient.name%"],
    ] as const;
    await exchange(esp.url, mailgunRequest(esp.options, fields));
    expect(esp.inbox.map(({ to: [one], text }) => [one?.address, text])).toEqual([
      ["ada@example.org", "%recipient.name%"],
      ["bob@example.org", "%recipient.name%"],
    ]);
  });

  it("counts the room of the options for each recipient, with its variables", async () => {
    const esp = await start("mailgun");
    const long = { "ada@example.org": { a: "x".repeat(9_000), b: "x".repeat(9_000) }, "bob@example.org": {} };
    const send = (fields: readonly (readonly [string, string])[]) =>
      exchange(
        esp.url,
        mailgunRequest(esp.options, [["to", to], ["recipient-variables", JSON.stringify(long)], ...fields]),
      );
    expect((await send([["v:a", "%recipient.a%"]])).status).toBe(200);
    const sight = await send([
      ["v:a", "%recipient.a%"],
      ["h:X-B", "%recipient.b%"],
    ]);
    expect([sight.status, sight.body]).toEqual([400, expect.stringContaining("limited to 16KB")]);
    expect(esp.inbox).toHaveLength(2);
  });

  it.each([
    [
      "variables that are no JSON",
      [["recipient-variables", "{"]],
      "'recipient-variables' parameter is not a valid JSON",
    ],
    [
      "1,001 recipients",
      [["to", Array.from({ length: 1_001 }, (_, i) => `r${i}@example.org`).join(", ")]],
      "Too many recipients",
    ],
    [
      "a list with an address that is none",
      [["to", "ada@example.org, nobody"]],
      "'to' parameter is not a valid address",
    ],
    [
      "a list with an open quote",
      [["to", 'ada@example.org, "bob@example.org']],
      "'to' parameter is not a valid address",
    ],
  ] as const)("refuses %s", async (_what, fields, words) => {
    const esp = await start("mailgun");
    const sight = await exchange(esp.url, mailgunRequest(esp.options, fields));
    expect([sight.status, sight.body]).toEqual([400, expect.stringContaining(words)]);
    expect(esp.inbox).toEqual([]);
  });
});

describe("a batch at a simulated Mailjet", () => {
  const messages = ["ada", "bob"].map((name) => ({
    From: { Email: "orders@example.com" },
    To: [{ Email: `${name}@example.org` }],
    TextPart: "Hi",
    CustomID: name,
  }));

  it.each([
    ["reject-message", 400, "mj-0013"],
    ["sender-unverified", 403, "send-0008"],
  ] as const)("is answered for each message under the fault %s", async (kind, status, code) => {
    const esp = await start("mailjet");
    await esp.fault({ kind });
    const sight = await exchange(esp.url, mailjetRequest(esp.options, {}, { Messages: messages }));
    expect(sight.status).toBe(status);
    const error = { Status: "error", Errors: [{ ErrorCode: code }] };
    expect(JSON.parse(sight.body).Messages).toMatchObject([error, error]);
    expect(esp.inbox).toEqual([]);
  });
});
