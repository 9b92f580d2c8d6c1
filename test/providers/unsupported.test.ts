import { describe, expect, it } from "vitest";
import type { PreparedMessage } from "../../src/message/message.ts";
import { espNamed, esps, htmlOnly, message, templated } from "./esps.ts";

const adapters = esps.map(({ name, create }) => ({ name, unsupported: create("http://127.0.0.1:1").unsupported }));

function fieldsOf(name: string, sent: PreparedMessage): readonly string[] {
  return espNamed(name).create("http://127.0.0.1:1").unsupported(sent);
}

const hour = 60 * 60 * 1_000;
const mebibyte = 1024 * 1024;
const people = (count: number) => Array.from({ length: count }, (_, i) => ({ address: `person${i}@example.org` }));
const file = (bytes: number) => ({
  filename: "a.bin",
  contentType: "application/octet-stream",
  content: new Uint8Array(bytes),
});
const header = (length: number): PreparedMessage => message({ headers: [["X-Long", "x".repeat(length)]] });

/** Only SES takes a message whose one part is empty. */
function bodiless(field: "text" | "html") {
  return { sendgrid: [field], mailgun: [field], mailjet: [field] };
}

interface Row {
  readonly what: string;
  readonly sent: PreparedMessage;
  /** What each cannot carry; an ESP that is not named can carry all. */
  readonly cannot: Readonly<Partial<Record<"ses" | "sendgrid" | "mailgun" | "mailjet", readonly string[]>>>;
}

const rows: readonly Row[] = [
  { what: "a plain message", sent: message(), cannot: {} },
  { what: "an html part alone", sent: htmlOnly("<p>x</p>"), cannot: {} },
  {
    what: "names and a subject in any script",
    sent: message({ subject: "注文 😀", to: [{ name: "山田 😀", address: "a@example.org" }] }),
    cannot: {},
  },
  { what: "a header of 900 characters", sent: header(900), cannot: {} },
  { what: "a header of 990 characters", sent: header(990), cannot: {} },
  { what: "a header of 996 characters", sent: header(996), cannot: { ses: ["headers"] } },
  {
    what: "a header that is too long once it is encoded",
    sent: message({ headers: [["X-Long", "é".repeat(500)]] }),
    cannot: { ses: ["headers"] },
  },
  {
    what: "16 headers",
    sent: message({ headers: Array.from({ length: 16 }, (_, i) => [`X-${i}`, "1"] as const) }),
    cannot: { ses: ["headers"] },
  },
  { what: "an empty header", sent: message({ headers: [["X-Empty", ""]] }), cannot: { ses: ["headers"] } },
  {
    what: "headers and metadata of 17 KB together",
    sent: message({ headers: [["X-A", "x".repeat(900)]], metadata: [["m", "y".repeat(16_200)]] }),
    cannot: { ses: ["metadata"], sendgrid: ["metadata"], mailgun: ["metadata"] },
  },
  {
    what: "template variables of 17 KB",
    sent: templated("1", { template: { id: "1", variables: { a: "x".repeat(17_000) } } }),
    cannot: { mailgun: ["template"], sendgrid: ["template"] },
  },
  { what: "a List-Id", sent: message({ headers: [["List-ID", "<a.example.com>"]] }), cannot: { mailjet: ["headers"] } },
  {
    what: "a DKIM-Signature",
    sent: message({ headers: [["DKIM-Signature", "v=1"]] }),
    cannot: { sendgrid: ["headers"], mailjet: ["headers"] },
  },
  {
    what: "a second Reply-To",
    sent: message({ headers: [["reply-to", "x@example.com"]] }),
    cannot: { ses: ["headers"], sendgrid: ["headers"], mailgun: ["headers"], mailjet: ["headers"] },
  },

  {
    what: "50 recipients",
    sent: message({ to: people(20), cc: people(40).slice(20), bcc: people(50).slice(40) }),
    cannot: {},
  },
  {
    what: "51 recipients",
    sent: message({ to: people(51) }),
    cannot: { ses: ["recipients"], mailjet: ["recipients"] },
  },
  {
    what: "1,000 recipients",
    sent: message({ to: people(1), bcc: people(1_000).slice(1) }),
    cannot: { ses: ["recipients"], mailjet: ["recipients"] },
  },
  {
    what: "1,001 recipients",
    sent: message({ to: people(1_001) }),
    cannot: { ses: ["recipients"], sendgrid: ["recipients"], mailgun: ["recipients"], mailjet: ["recipients"] },
  },
  {
    what: "the same address in to and cc",
    sent: message({ cc: [{ address: "ADA@example.org" }] }),
    cannot: { sendgrid: ["cc"] },
  },
  { what: "the same address in to and bcc", sent: message({ bcc: [{ address: "ada@example.org" }] }), cannot: {} },
  { what: "two addresses to reply to", sent: message({ replyTo: people(2) }), cannot: { mailjet: ["replyTo"] } },
  ...(["from", "to", "cc", "bcc", "replyTo"] as const).map((field) => {
    const mailbox = { address: "søren@example.org" };
    return {
      what: `letters outside ASCII before the @ in ${field}`,
      sent: message({ [field]: field === "from" ? mailbox : [mailbox] }),
      cannot: { ses: [field], sendgrid: [field], mailgun: [field] },
    };
  }),
  {
    what: "a name that is too long once it is encoded",
    sent: message({ from: { name: "é".repeat(120), address: "a@example.com" } }),
    cannot: { ses: ["from"] },
  },

  { what: "an empty subject", sent: message({ subject: "" }), cannot: { sendgrid: ["subject"] } },
  { what: "a subject of 255 characters", sent: message({ subject: "😀".repeat(255) }), cannot: {} },
  {
    what: "a subject of 256 characters",
    sent: message({ subject: "x".repeat(256) }),
    cannot: { mailjet: ["subject"] },
  },
  { what: "an empty text beside an html part", sent: message({ text: "", html: "<p>x</p>" }), cannot: {} },
  { what: "an empty text alone", sent: message({ text: "" }), cannot: bodiless("text") },
  { what: "an empty html part alone", sent: htmlOnly(""), cannot: bodiless("html") },

  { what: "one tag", sent: message({ tags: ["order"] }), cannot: {} },
  { what: "two tags", sent: message({ tags: ["order", "eu"] }), cannot: { mailjet: ["tags"] } },
  { what: "a tag with a space", sent: message({ tags: ["order confirmation"] }), cannot: { ses: ["tags"] } },
  {
    what: "a tag outside ASCII",
    sent: message({ tags: ["größe"] }),
    cannot: { ses: ["tags"], sendgrid: ["tags"], mailgun: ["tags"] },
  },
  { what: "a tag of 129 characters", sent: message({ tags: ["x".repeat(129)] }), cannot: { mailgun: ["tags"] } },
  {
    what: "a tag of 256 characters",
    sent: message({ tags: ["x".repeat(256)] }),
    cannot: { sendgrid: ["tags"], mailgun: ["tags"], mailjet: ["tags"] },
  },
  {
    what: "11 tags",
    sent: message({ tags: Array.from({ length: 11 }, (_, i) => `t${i}`) }),
    cannot: { sendgrid: ["tags"], mailgun: ["tags"], mailjet: ["tags"] },
  },
  {
    what: "the same tag twice",
    sent: message({ tags: ["a", "a"] }),
    cannot: { ses: ["tags"], sendgrid: ["tags"], mailjet: ["tags"] },
  },
  {
    what: "a tag and metadata of one name",
    sent: message({ tags: ["order"], metadata: [["order", "42"]] }),
    cannot: { ses: ["tags"] },
  },
  {
    what: "a tag with the name of the id of the send",
    sent: message({ tags: ["steadymail-id"] }),
    cannot: { ses: ["tags"] },
  },
  { what: "metadata with a colon", sent: message({ metadata: [["at", "12:30"]] }), cannot: { ses: ["metadata"] } },
  {
    what: "metadata with a name outside ASCII",
    sent: message({ metadata: [["größe", "1"]] }),
    cannot: { ses: ["metadata"] },
  },
  {
    what: "an empty value in the metadata",
    sent: message({ metadata: [["note", ""]] }),
    cannot: { ses: ["metadata"] },
  },
  {
    what: "10,000 bytes of metadata",
    sent: message({ metadata: [["a", "x".repeat(10_000)]] }),
    cannot: { ses: ["metadata"], sendgrid: ["metadata"] },
  },

  {
    what: "tracking of opens",
    sent: message({ tracking: { opens: true, clicks: false } }),
    cannot: { ses: ["tracking"] },
  },
  {
    what: "tracking of clicks",
    sent: message({ tracking: { opens: false, clicks: true } }),
    cannot: { ses: ["tracking"] },
  },
  {
    what: "a delivery in an hour",
    sent: message({ sendAt: Date.now() + hour }),
    cannot: { ses: ["sendAt"], mailjet: ["sendAt"] },
  },
  {
    what: "a delivery in 73 hours",
    sent: message({ sendAt: Date.now() + 73 * hour }),
    cannot: { ses: ["sendAt"], sendgrid: ["sendAt"], mailgun: ["sendAt"], mailjet: ["sendAt"] },
  },
  { what: "a time of delivery that has passed", sent: message({ sendAt: Date.now() - hour }), cannot: {} },

  {
    what: "a template with a number as id",
    sent: templated("176375", { template: { id: "176375", variables: {} } }),
    cannot: {},
  },
  { what: "a template with a name as id", sent: templated("d-welcome"), cannot: { mailjet: ["template"] } },
  {
    what: "a template with a number too large to be exact",
    sent: templated("9007199254740993", { template: { id: "9007199254740993", variables: {} } }),
    cannot: { mailjet: ["template"] },
  },
  {
    what: "variables for a template of SendGrid's old kind",
    sent: templated("176375"),
    cannot: { sendgrid: ["template"] },
  },
  {
    what: "a subject beside a template",
    sent: templated("1", { subject: "Hi", template: { id: "1", variables: {} } }),
    cannot: { ses: ["subject"] },
  },
  {
    what: "a subject beside a dynamic template of SendGrid",
    sent: templated("d-1", { subject: "Hi" }),
    cannot: { ses: ["subject"], sendgrid: ["subject"], mailjet: ["template"] },
  },
  {
    what: "a text beside a template",
    sent: templated("d-1", { text: "Hi" }),
    cannot: { ses: ["text"], sendgrid: ["text"], mailjet: ["text", "template"] },
  },
  {
    what: "an html part beside a template",
    sent: templated("d-1", { html: "Hi" }),
    cannot: { ses: ["html"], sendgrid: ["html"], mailgun: ["html"], mailjet: ["html", "template"] },
  },

  {
    what: "an attachment of 10 MB",
    sent: message({ attachments: [file(10 * mebibyte)], size: 10 * mebibyte }),
    cannot: {},
  },
  {
    what: "an attachment of 16 MB",
    sent: message({ attachments: [file(16 * mebibyte)], size: 16 * mebibyte }),
    cannot: { mailjet: ["attachments"] },
  },
  { what: "a size of 23 MB", sent: message({ size: 23 * mebibyte }), cannot: { sendgrid: ["size"] } },
  {
    what: "a size of 26 MB",
    sent: message({ size: 26 * mebibyte }),
    cannot: { sendgrid: ["size"], mailgun: ["size"] },
  },
  {
    what: "a size of 31 MB",
    sent: message({ size: 31 * mebibyte }),
    cannot: { ses: ["size"], sendgrid: ["size"], mailgun: ["size"] },
  },
  {
    what: "an empty attachment",
    sent: message({ attachments: [file(0)] }),
    cannot: { sendgrid: ["attachments"], mailjet: ["attachments"] },
  },
  {
    what: "a content type with parameters",
    sent: message({ attachments: [{ ...file(1), contentType: "text/plain; charset=utf-8" }] }),
    cannot: { sendgrid: ["attachments"] },
  },
  {
    what: "a Content-ID of 79 characters",
    sent: message({ attachments: [{ ...file(1), contentId: "x".repeat(79) }] }),
    cannot: { ses: ["attachments"] },
  },
  {
    what: "a file name of 256 characters",
    sent: message({ attachments: [{ ...file(1), filename: "x".repeat(256) }] }),
    cannot: { ses: ["attachments"] },
  },
];

describe("what an ESP cannot carry", () => {
  it.each(rows)("$what", ({ sent, cannot }) => {
    const found = Object.fromEntries(
      adapters.flatMap(({ name, unsupported }) => {
        const fields = unsupported(sent);
        return fields.length > 0 ? [[name, [...fields].sort()]] : [];
      }),
    );
    const expected = Object.fromEntries(Object.entries(cannot).map(([name, fields]) => [name, [...fields].sort()]));
    expect(found).toEqual(expected);
  });
});

describe("providerOptions", () => {
  const allowed: readonly (readonly [name: string, options: object])[] = [
    ["ses", { ConfigurationSetName: "a", ListManagementOptions: { ContactListName: "b" } }],
    ["ses", { FromEmailAddressIdentityArn: "arn", Content: { Simple: { Subject: { Charset: "UTF-8" } } } }],
    ["sendgrid", { asm: { group_id: 1 }, ip_pool_name: "x", mail_settings: { footer: { enable: true } } }],
    ["mailgun", { "o:dkim": "no", "o:require-tls": "yes", "v:x": "1", "h:X-To": "a" }],
    ["mailjet", { URLTags: "a=b", DeduplicateCampaign: true, Priority: 2, EventPayload: "x" }],
  ];
  it.each(allowed)("of %s are taken: %o", (name, providerOptions) => {
    expect(fieldsOf(name, message({ providerOptions: { ...providerOptions } }))).toEqual([]);
  });

  const refused: readonly (readonly [name: string, options: object])[] = [
    ["ses", { Destination: { BccAddresses: ["eve@example.org"] } }],
    ["ses", { EmailTags: [{ Name: "steadymail-id", Value: "other" }] }],
    ["sendgrid", { personalizations: [{ to: [{ email: "eve@example.org" }] }] }],
    ["sendgrid", { mail_settings: { sandbox_mode: { enable: true } } }],
    ["sendgrid", { mailSettings: { sandboxMode: { enable: true } } }],
    ["sendgrid", { mail_settings: { bcc: { enable: true, email: "eve@example.org" } } }],
    ["sendgrid", { custom_args: { "steadymail-id": "other" } }],
    ["sendgrid", { bcc: ["eve@example.org"] }],
    ["mailgun", { to: "eve@example.org" }],
    ["mailgun", { bcc: ["eve@example.org"] }],
    ["mailgun", { "h:Bcc": "eve@example.org" }],
    ["mailgun", { "o:testmode": "yes" }],
    ["mailgun", { "v:steadymail-id": "other" }],
    ["mailjet", { Bcc: [{ Email: "eve@example.org" }] }],
    ["mailjet", { SandboxMode: true }],
    ["mailjet", { Messages: [] }],
    ["mailjet", { Globals: { Bcc: [] } }],
    ["mailjet", { CustomID: "other" }],
    ...esps.map(({ name }) => [name, JSON.parse('{"a":{"__proto__":{"polluted":true}}}')] as const),
    ...esps.map(({ name }) => [name, JSON.parse('{"__proto__":{"polluted":true}}')] as const),
  ];
  it.each(refused)("of %s are refused: %o", (name, options) => {
    const providerOptions = Object.defineProperties({}, Object.getOwnPropertyDescriptors(options));
    expect(fieldsOf(name, message({ providerOptions }))).toEqual(["providerOptions"]);
  });
});
