import { Client } from "@sendgrid/client";
import { type MailDataRequired, MailService } from "@sendgrid/mail";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../src/testing/index.ts";
import { exchange } from "./http-client.ts";
import { sendgridRequest } from "./valid-requests.ts";

let esp: Simulator<"sendgrid">;

beforeEach(async () => {
  esp = await startSimulator("sendgrid");
});
afterEach(() => esp.close());

function service(apiKey = esp.options.apiKey): MailService {
  const client = new Client();
  const mail = new MailService();
  mail.setClient(client);
  mail.setApiKey(apiKey);
  client.setDefaultRequest("baseUrl", esp.url);
  return mail;
}

const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
const base64 = (content: Uint8Array) => Buffer.from(content).toString("base64");

const mail = {
  from: { email: "orders@example.com", name: "Shop" },
  replyToList: [{ email: "one@example.com" }, { email: "two@example.com", name: "Two" }],
  subject: "ご注文 🚀",
  text: "Grüße\n",
  html: "<p>Hi</p>",
  personalizations: [
    {
      to: [{ email: "ada@example.org", name: "Lovelace, Ada" }, { email: "bob@example.org" }],
      cc: [{ email: "carol@example.org" }],
      bcc: [{ email: "dave@example.org" }],
      headers: { "X-Note": "=?UTF-8?Q?gr=C3=BCn?=" },
    },
  ],
  attachments: [{ content: base64(bytes), filename: "rechnung ü.pdf", type: "application/pdf" }],
  categories: ["order", "spring"],
  customArgs: { order: "4711", "steadymail-id": "send-1" },
  trackingSettings: { clickTracking: { enable: false }, openTracking: { enable: true } },
  sendAt: Math.floor(Date.now() / 1_000) + 3_600,
} satisfies MailDataRequired;

describe("a simulated SendGrid", () => {
  it("takes what the SDK sends and keeps all of it", async () => {
    const [answer] = await service().send(mail);
    expect(answer.statusCode).toBe(202);
    expect(esp.inbox).toEqual([
      {
        id: answer.headers["x-message-id"],
        steadymailId: "send-1",
        at: expect.any(Date),
        from: { name: "Shop", address: "orders@example.com" },
        to: [{ name: "Lovelace, Ada", address: "ada@example.org" }, { address: "bob@example.org" }],
        cc: [{ address: "carol@example.org" }],
        bcc: [{ address: "dave@example.org" }],
        replyTo: [{ address: "one@example.com" }, { name: "Two", address: "two@example.com" }],
        subject: "ご注文 🚀",
        text: "Grüße\n",
        html: "<p>Hi</p>",
        attachments: [{ filename: "rechnung ü.pdf", contentType: "application/pdf", content: bytes }],
        headers: [["X-Note", "grün"]],
        tags: ["order", "spring"],
        metadata: { order: "4711" },
        tracking: { opens: true, clicks: false },
        sendAt: new Date(mail.sendAt * 1_000),
        raw: expect.objectContaining({ personalizations: expect.any(Array) }),
      },
    ]);
  });

  it("reads an inline file with its content id", async () => {
    const file = {
      content: base64(bytes),
      filename: "a.png",
      type: "image/png",
      disposition: "inline",
      content_id: "logo",
    };
    await exchange(esp.url, sendgridRequest(esp.options, { attachments: [file] }));
    expect(esp.inbox[0]?.attachments).toEqual([
      { filename: "a.png", contentType: "image/png", contentId: "logo", content: bytes },
    ]);
  });

  it("takes a template with its variables, and then needs neither subject nor content", async () => {
    const { from } = mail;
    await service().send({
      from,
      to: "ada@example.org",
      templateId: "d-1",
      dynamicTemplateData: { name: "Ada", items: [1] },
      hideWarnings: true,
    });
    expect(esp.inbox[0]).toMatchObject({
      subject: "",
      template: { id: "d-1", variables: { name: "Ada", items: [1] } },
    });
    expect(esp.inbox[0]).not.toHaveProperty("text");
    expect(esp.inbox[0]).not.toHaveProperty("tracking");
  });

  it("makes a message of each personalization, whose own fields come first", async () => {
    const personalizations = [
      { to: [{ email: "a@example.org" }], subject: "Own", custom_args: { who: "a" } },
      { to: [{ email: "b@example.org" }] },
    ];
    await exchange(esp.url, sendgridRequest(esp.options, { personalizations, custom_args: { who: "all" } }));
    expect(esp.inbox).toMatchObject([
      { to: [{ address: "a@example.org" }], subject: "Own", metadata: { who: "a" } },
      { to: [{ address: "b@example.org" }], subject: "Your order", metadata: { who: "all" } },
    ]);
    expect(esp.inbox[0]?.id).toBe(esp.inbox[1]?.id);
  });

  it("answers in the sandbox with 200 and sends nothing", async () => {
    const sandbox = { mail_settings: { sandbox_mode: { enable: true } } };
    expect(await exchange(esp.url, sendgridRequest(esp.options, sandbox))).toMatchObject({ status: 200, body: "" });
    expect(esp.inbox).toEqual([]);
  });

  it("takes 50 messages at once, each once", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => service().send(mail)));
    const ids = new Set(answers.map(([{ headers }]) => headers["x-message-id"]));
    expect(ids.size).toBe(50);
    expect(new Set(esp.inbox.map(({ id }) => id))).toEqual(ids);
  });

  it("refuses in a form that the SDK reads", async () => {
    await expect(service("SG.other.key").send(mail)).rejects.toMatchObject({
      code: 401,
      response: {
        body: {
          errors: [
            { message: "The provided authorization grant is invalid, expired, or revoked", field: null, help: null },
          ],
        },
      },
    });
    expect(esp.inbox).toEqual([]);
  });
});

const far = Math.floor(Date.now() / 1_000) + 72 * 3_600 + 60;
const to = (email: string) => ({ personalizations: [{ to: [{ email }] }] });
const file = (members: object) => ({ attachments: [{ content: "AAAA", filename: "a", ...members }] });
const header = (name: string) => ({ headers: { [name]: "v" } });

describe("what SendGrid refuses", () => {
  const refused: readonly [string, object, string | null, RegExp][] = [
    ["no personalization", { personalizations: [] }, "personalizations", /at least one personalization/],
    ["no recipient", { personalizations: [{ to: [] }] }, "personalizations.0.to", /required/],
    ["no to", { personalizations: [{}] }, "personalizations.0.to", /required/],
    ["no sender", { from: undefined }, "from", /required/],
    ["a malformed recipient", to("ada@@example.org"), "personalizations.0.to.0.email", /valid address/],
    ["a recipient with a name in the address", to("Ada <ada@example.org>"), "personalizations.0.to.0.email", /valid/],
    ["a recipient at a single label", to("ada@localhost"), "personalizations.0.to.0.email", /valid address/],
    ["a malformed sender", { from: { email: "orders" } }, "from.email", /valid address/],
    [
      "a recipient named twice",
      { personalizations: [{ to: [{ email: "a@example.org" }], cc: [{ email: "A@example.org" }] }] },
      "personalizations.0",
      /should be unique between to, cc, and bcc.*personalizations\.0\.cc\.0/,
    ],
    [
      "1,001 recipients",
      { personalizations: [{ to: Array.from({ length: 1_001 }, (_, i) => ({ email: `a${i}@example.org` })) }] },
      "personalizations",
      /limit of 1000/,
    ],
    [
      "reply_to beside reply_to_list",
      { reply_to: { email: "a@example.org" }, reply_to_list: [{ email: "b@example.org" }] },
      "reply_to_list",
      /mutually exclusive/,
    ],
    [
      "a repeated reply-to",
      { reply_to_list: [{ email: "b@example.org" }, { email: "b@example.org" }] },
      "reply_to_list",
      /unique/,
    ],
    ["an empty subject", { subject: "" }, "subject", /subject is required/],
    ["no content", { content: [] }, "content", /content parameter is required/],
    ["an empty text", { content: [{ type: "text/plain", value: "" }] }, "content.0.value", /at least one character/],
    [
      "html before text",
      {
        content: [
          { type: "text/html", value: "a" },
          { type: "text/plain", value: "b" },
        ],
      },
      "content",
      /text\/plain content must be first/,
    ],
    ["an empty file", file({ content: "" }), "attachments.0.content", /at least one character/],
    ["a file that is not base64", file({ content: "ü" }), "attachments.0.content", /base64/],
    ["a media type with parameters", file({ type: "text/plain; charset=utf-8" }), "attachments.0.type", /';'/],
    ["an unknown disposition", file({ disposition: "aside" }), "attachments.0.disposition", /aside/],
    ["an inline file without content id", file({ disposition: "inline" }), "attachments.0.content_id", /required/],
    ["a line break in a file name", file({ filename: "a\r\nb" }), "attachments.0.filename", /CRLF/],
    [
      "a member that it does not know",
      file({ contentId: "logo" }),
      "attachments.0",
      /property contentId is not allowed/,
    ],
    ["a member of another type", { subject: 5 }, "subject", /Expected: string, given: integer/],
    ["an array", { personalizations: {} }, "personalizations", /Expected: array, given: object/],
    ["a reserved header", header("Reply-To"), "headers", /reserved keys/],
    ["a header with a space", header("X Y"), "headers", /empty spaces/],
    ["11 categories", { categories: Array.from({ length: 11 }, (_, i) => `c${i}`) }, "categories", /limit of 10/],
    ["a category of 256 characters", { categories: ["c".repeat(256)] }, "categories", /255/],
    ["a category outside ASCII", { categories: ["grün"] }, "categories", /non-ASCII/],
    ["a repeated category", { categories: ["a", "a"] }, "categories", /unique/],
    ["custom arguments that are no strings", { custom_args: { a: 1 } }, "custom_args.a", /Expected: string/],
    ["custom arguments of more than 10,000 bytes", { custom_args: { a: "b".repeat(10_000) } }, "custom_args", /10,000/],
    ["a schedule beyond 72 hours", { send_at: far }, "send_at", /72 hours/],
  ];

  it.each(refused)("%s", async (_, members, field, message) => {
    const { status, body } = await exchange(esp.url, sendgridRequest(esp.options, members));
    expect(status).toBe(400);
    expect(JSON.parse(body).errors).toEqual([
      { message: expect.stringMatching(message), field, help: expect.stringContaining("/errors.html#message.") },
    ]);
    expect(esp.inbox).toEqual([]);
  });

  it("names all faults at once", async () => {
    const { body } = await exchange(esp.url, sendgridRequest(esp.options, { ...to("ada"), subject: "" }));
    expect(JSON.parse(body).errors.map(({ field }: { field: string }) => field)).toEqual([
      "personalizations.0.to.0.email",
      "subject",
    ]);
  });

  it.each([
    ["another path", { path: "/v2/mail/send" }, 404],
    ["another method", { method: "PUT" }, 405],
    ["no credentials", { headers: { "content-type": "application/json" } }, 401],
    ["a body that is no JSON", { body: "{" }, 400],
    ["more than 30 MB", { body: Buffer.alloc(30 * 1024 * 1024 + 1, "a") }, 413],
  ])("%s", async (_, changed, status) => {
    const seen = await exchange(esp.url, { ...sendgridRequest(esp.options), ...changed });
    expect(seen.status).toBe(status);
    expect(JSON.parse(seen.body).errors).toHaveLength(1);
    expect(esp.requests).toBe(1);
    expect(esp.inbox).toEqual([]);
  });

  it("another content type", async () => {
    const request = sendgridRequest(esp.options);
    const headers = { ...request.headers, "content-type": "text/plain" };
    expect(await exchange(esp.url, { ...request, headers })).toMatchObject({ status: 415 });
  });
});
