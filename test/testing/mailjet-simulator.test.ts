import mailjet, { type SendEmailV3_1 } from "node-mailjet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../src/testing/index.ts";
import { exchange } from "./http-client.ts";
import { mailjetRequest } from "./valid-requests.ts";

// For the whole process: the SDK knows no other place for it.
Reflect.set(mailjet.Request, "protocol", "http://");

let esp: Simulator<"mailjet">;

beforeEach(async () => {
  esp = await startSimulator("mailjet");
});
afterEach(() => esp.close());

function send(Messages: readonly object[], { apiKey, apiSecret } = esp.options) {
  const client = new mailjet.Client({ apiKey, apiSecret, config: { host: esp.url.replace("http://", "") } });
  return client.post("send", { version: "v3.1" }).request<SendEmailV3_1.Response>({ Messages });
}

const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
const base64 = (content: Uint8Array) => Buffer.from(content).toString("base64");

const mail = {
  From: { Email: "orders@example.com", Name: "Shop" },
  To: [{ Email: "ada@example.org", Name: "Lovelace, Ada" }, { Email: "bob@example.org" }],
  Cc: [{ Email: "carol@example.org" }],
  Bcc: [{ Email: "dave@example.org" }],
  ReplyTo: { Email: "one@example.com" },
  Subject: "ご注文 🚀",
  TextPart: "Grüße\n",
  HTMLPart: "<p>Hi</p>",
};

describe("a simulated Mailjet", () => {
  it("takes what the SDK sends and keeps all of it", async () => {
    const { body, response } = await send([
      {
        ...mail,
        Attachments: [{ Filename: "rechnung ü.pdf", ContentType: "application/pdf", Base64Content: base64(bytes) }],
        InlinedAttachments: [
          { Filename: "logo.png", ContentType: "image/png", ContentID: "logo", Base64Content: base64(bytes) },
        ],
        Headers: { "X-Campaign": "spring", "X-Note": "=?UTF-8?Q?gr=C3=BCn?=" },
        CustomCampaign: "spring",
        CustomID: "send-1",
        EventPayload: '{"order":"4711"}',
        TrackOpens: "enabled",
        TrackClicks: "disabled",
      },
    ]);
    expect(response.status).toBe(200);
    const [message] = body.Messages;
    expect(message).toMatchObject({ Status: "success", CustomID: "send-1" });
    expect(message?.To.map(({ Email }) => Email)).toEqual(["ada@example.org", "bob@example.org"]);
    expect(message?.Cc).toHaveLength(1);
    expect(message?.Bcc).toHaveLength(1);
    expect(esp.inbox).toEqual([
      {
        id: message?.To[0]?.MessageUUID,
        steadymailId: "send-1",
        at: expect.any(Date),
        from: { name: "Shop", address: "orders@example.com" },
        to: [{ name: "Lovelace, Ada", address: "ada@example.org" }, { address: "bob@example.org" }],
        cc: [{ address: "carol@example.org" }],
        bcc: [{ address: "dave@example.org" }],
        replyTo: [{ address: "one@example.com" }],
        subject: "ご注文 🚀",
        text: "Grüße\n",
        html: "<p>Hi</p>",
        attachments: [
          { filename: "rechnung ü.pdf", contentType: "application/pdf", content: bytes },
          { filename: "logo.png", contentType: "image/png", contentId: "logo", content: bytes },
        ],
        headers: [
          ["X-Campaign", "spring"],
          ["X-Note", "grün"],
        ],
        tags: ["spring"],
        metadata: { order: "4711" },
        tracking: { opens: true, clicks: false },
        raw: expect.objectContaining({ CustomID: "send-1" }),
      },
    ]);
  });

  it("gives ids that are larger than what a number holds, which the SDK reads as strings", async () => {
    const { body } = await send([mail]);
    expect(String(body.Messages[0]?.To[0]?.MessageID)).toMatch(/^1152921\d{12}$/);
    expect(body.Messages[0]?.To[0]?.MessageHref).toContain(String(body.Messages[0]?.To[0]?.MessageID));
  });

  it("takes a template with its variables", async () => {
    const { TextPart: _, HTMLPart: __, ...rest } = mail;
    await send([{ ...rest, TemplateID: 4711, TemplateLanguage: true, Variables: { name: "Ada" } }]);
    expect(esp.inbox[0]).toMatchObject({ template: { id: "4711", variables: { name: "Ada" } } });
    expect(esp.inbox[0]).not.toHaveProperty("text");
    expect(esp.inbox[0]).not.toHaveProperty("tracking");
  });

  it("takes the valid messages of a call and says what is wrong with the others", async () => {
    const { body, response } = await send([mail, { ...mail, To: [{ Email: "ada" }] }]);
    expect(response.status).toBe(200);
    expect(body.Messages).toMatchObject([
      { Status: "success" },
      { Status: "error", Errors: [{ ErrorCode: "mj-0013", ErrorRelatedTo: ["To[0].Email"], StatusCode: 400 }] },
    ]);
    expect(esp.inbox).toHaveLength(1);
  });

  it("has globals stand in for what a message does not say", async () => {
    const Globals = { Subject: "All", CustomCampaign: "spring" };
    await exchange(esp.url, mailjetRequest(esp.options, { Subject: "Own" }, { Globals }));
    expect(esp.inbox[0]).toMatchObject({ subject: "Own", tags: ["spring"] });
  });

  it("answers in the sandbox as always and sends nothing", async () => {
    const seen = await exchange(esp.url, mailjetRequest(esp.options, {}, { SandboxMode: true }));
    expect(seen).toMatchObject({ status: 200, body: expect.stringContaining('"Status":"success"') });
    expect(esp.inbox).toEqual([]);
  });

  it("takes 50 messages at once, each once", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => send([mail])));
    const ids = new Set(answers.map(({ body }) => body.Messages[0]?.To[0]?.MessageUUID));
    expect(ids.size).toBe(50);
    expect(new Set(esp.inbox.map(({ id }) => id))).toEqual(ids);
  });

  it("refuses in a form that the SDK reads", async () => {
    await expect(send([mail], { ...esp.options, apiSecret: "other" })).rejects.toMatchObject({
      statusCode: 401,
      response: { data: { ErrorCode: "mj-0015" } },
    });
    esp.fault({ kind: "sender-unverified" });
    await expect(send([mail])).rejects.toMatchObject({
      statusCode: 403,
      response: { data: { Messages: [{ Status: "error", Errors: [{ ErrorCode: "send-0008" }] }] } },
    });
    expect(esp.inbox).toEqual([]);
  });
});

const many = (count: number) => Array.from({ length: count }, (_, i) => ({ Email: `a${i}@example.org` }));
const file = (members: object) => ({
  Attachments: [{ Filename: "a", ContentType: "text/plain", Base64Content: "AAAA", ...members }],
});

describe("what Mailjet refuses", () => {
  const refused: readonly [string, object, string, readonly string[]][] = [
    ["no sender", { From: undefined }, "mj-0003", ["From"]],
    ["no to", { To: undefined }, "mj-0003", ["To"]],
    ["an empty to", { To: [] }, "mj-0007", ["To"]],
    ["a malformed recipient", { Bcc: [{ Email: "a@@b.example" }] }, "mj-0013", ["Bcc[0].Email"]],
    ["a malformed sender", { From: { Email: "orders" } }, "mj-0013", ["From.Email"]],
    ["two reply-to", { ReplyTo: many(2) }, "mj-0004", ["ReplyTo"]],
    ["51 recipients in all", { To: many(50), Cc: [{ Email: "b@example.org" }] }, "send-0015", ["To", "Cc", "Bcc"]],
    ["neither text nor html nor template", { TextPart: "" }, "send-0003", ["HTMLPart", "TextPart"]],
    ["a subject of 256 characters", { Subject: "🚀".repeat(256) }, "mj-0006", ["Subject"]],
    ["URL tags of 257 characters", { URLTags: "a".repeat(257) }, "mj-0006", ["URLTags"]],
    ["a template id that is no number", { TemplateID: "4711" }, "mj-0004", ["TemplateID"]],
    ["an empty file", file({ Base64Content: "" }), "mj-0012", ["Attachments[0].Base64Content"]],
    ["a file without a name", file({ Filename: "" }), "mj-0012", ["Attachments[0].Filename"]],
    ["a file that is not base64", file({ Base64Content: "ü" }), "mj-0004", ["Attachments[0].Base64Content"]],
    ["a file without a type", file({ ContentType: undefined }), "mj-0003", ["Attachments[0].ContentType"]],
    ["a forbidden header", { Headers: { "Message-ID": "x" } }, "send-0011", ['Headers["Message-ID"]']],
    ["a header that is no string", { Headers: { "X-A": 1 } }, "mj-0004", ["Headers.X-A"]],
    ["an unknown value for tracking", { TrackOpens: "yes" }, "mj-0005", ["TrackOpens"]],
    ["a priority beyond 3", { Priority: 4 }, "mj-0005", ["Priority"]],
    [
      "deduplication without a campaign",
      { DeduplicateCampaign: true },
      "send-0012",
      ["CustomCampaign", "DeduplicateCampaign"],
    ],
    ["error delivery without a template language", { TemplateErrorDeliver: true }, "send-0016", ["TemplateLanguage"]],
    ["a Sender header", { Sender: { Email: "a@example.org" } }, "send-0006", ["Sender"]],
    ["a property that it does not know", { TextPArt: "a" }, "mj-0002", ["TextPArt"]],
  ];

  it.each(refused)("%s", async (_, members, code, relatedTo) => {
    const { status, body } = await exchange(esp.url, mailjetRequest(esp.options, members));
    const errorStatus = code === "send-0006" ? 403 : 400;
    expect(status).toBe(errorStatus);
    expect(JSON.parse(body)).toEqual({
      Messages: [
        {
          Status: "error",
          Errors: [
            {
              ErrorIdentifier: expect.any(String),
              ErrorCode: code,
              StatusCode: errorStatus,
              ErrorMessage: expect.any(String),
              ErrorRelatedTo: relatedTo,
            },
          ],
        },
      ],
    });
    expect(esp.inbox).toEqual([]);
  });

  it("more than 15 MB of files, and takes 15 MB", async () => {
    const content = Buffer.alloc(15 * 1024 * 1024 + 1);
    const over = await exchange(esp.url, mailjetRequest(esp.options, file({ Base64Content: base64(content) })));
    expect(over).toMatchObject({ status: 400, body: expect.stringContaining("mj-0011") });
    const full = file({ Base64Content: base64(content.subarray(1)) });
    expect(await exchange(esp.url, mailjetRequest(esp.options, full))).toMatchObject({ status: 200 });
    expect(esp.inbox).toHaveLength(1);
  });

  it("takes a subject of 255 characters and 50 recipients, repetitions not counted", async () => {
    const members = { Subject: "🚀".repeat(255), To: [...many(50), ...many(1)] };
    expect(await exchange(esp.url, mailjetRequest(esp.options, members))).toMatchObject({ status: 200 });
  });

  it.each([
    ["no messages", { Messages: [] }, "mj-0007"],
    ["51 messages", { Messages: Array.from({ length: 51 }, () => mail) }, "mj-0008"],
    ["an unknown property of the call", { messages: [] }, "mj-0002"],
    ["a sandbox mode that is no boolean", { SandboxMode: "true" }, "mj-0002"],
  ])("%s", async (_, payload, code) => {
    const seen = await exchange(esp.url, mailjetRequest(esp.options, {}, payload));
    expect(seen).toMatchObject({ status: 400, body: expect.stringContaining(`"ErrorCode":"${code}"`) });
  });

  it.each([
    ["another path", { path: "/v3/send" }, 404],
    ["another method", { method: "PUT" }, 405],
    ["no credentials", { headers: { "content-type": "application/json" } }, 401],
    ["a body that is no JSON", { body: "{" }, 400],
    ["more than 25 MB", { body: Buffer.alloc(25 * 1024 * 1024 + 1, "a") }, 400],
  ])("%s", async (_, changed, status) => {
    const seen = await exchange(esp.url, { ...mailjetRequest(esp.options), ...changed });
    expect(seen.status).toBe(status);
    expect(JSON.parse(seen.body)).toMatchObject({ StatusCode: status });
    expect(esp.inbox).toEqual([]);
  });
});
