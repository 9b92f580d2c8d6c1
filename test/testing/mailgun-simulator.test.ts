import Mailgun from "mailgun.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../src/testing/index.ts";
import { exchange } from "./http-client.ts";
import { mailgunRequest } from "./valid-requests.ts";

let esp: Simulator<"mailgun">;

beforeEach(async () => {
  esp = await startSimulator("mailgun");
});
afterEach(() => esp.close());

function send(data: object, { apiKey, domain } = esp.options) {
  const client = new Mailgun(FormData).client({ username: "api", key: apiKey, url: esp.url });
  return client.messages.create(domain, { ...mail, ...data });
}

const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256);

const mail = {
  from: "Jürgen 🚀 <orders@example.com>",
  to: ['"Lovelace, Ada" <ada@example.org>', "bob@example.org"],
  cc: ["carol@example.org"],
  bcc: ["dave@example.org"],
  subject: "ご注文 🚀",
  text: "Grüße",
  html: "<p>Hi</p>",
};

describe("a simulated Mailgun", () => {
  it("takes what the SDK sends and keeps all of it", async () => {
    const time = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000);
    const answer = await send({
      "h:Reply-To": "one@example.com, Two <two@example.com>",
      "h:X-Campaign": "spring",
      "h:X-Note": "=?UTF-8?Q?gr=C3=BCn?=",
      "o:tag": ["order", "spring"],
      "v:order": "4711",
      "v:steadymail-id": "send-1",
      "o:tracking-opens": true,
      "o:tracking-clicks": "no",
      "o:deliverytime": time.toUTCString(),
      attachment: [new File([bytes], "rechnung ü.pdf", { type: "application/pdf" })],
      inline: [new File([new Uint8Array([1, 2, 3])], "logo", { type: "image/png" })],
    });
    expect(answer).toEqual({
      status: 200,
      id: expect.stringMatching(/^<.+@mg\.example\.com>$/),
      message: "Queued. Thank you.",
    });
    expect(esp.inbox).toEqual([
      {
        id: answer.id,
        steadymailId: "send-1",
        at: expect.any(Date),
        from: { name: "Jürgen 🚀", address: "orders@example.com" },
        to: [{ name: "Lovelace, Ada", address: "ada@example.org" }, { address: "bob@example.org" }],
        cc: [{ address: "carol@example.org" }],
        bcc: [{ address: "dave@example.org" }],
        replyTo: [{ address: "one@example.com" }, { name: "Two", address: "two@example.com" }],
        subject: "ご注文 🚀",
        text: "Grüße",
        html: "<p>Hi</p>",
        attachments: [
          { filename: "rechnung ü.pdf", contentType: "application/pdf", content: bytes },
          { filename: "logo", contentType: "image/png", contentId: "logo", content: new Uint8Array([1, 2, 3]) },
        ],
        headers: [
          ["X-Campaign", "spring"],
          ["X-Note", "grün"],
        ],
        tags: ["order", "spring"],
        metadata: { order: "4711" },
        tracking: { opens: true, clicks: false },
        sendAt: time,
        raw: { fields: expect.arrayContaining([["cc", "carol@example.org"]]), files: expect.any(Array) },
      },
    ]);
  });

  it("takes a template with its variables", async () => {
    await send({ text: undefined, html: undefined, template: "welcome", "t:variables": '{"name":"Ada"}' });
    expect(esp.inbox[0]).toMatchObject({ template: { id: "welcome", variables: { name: "Ada" } } });
    expect(esp.inbox[0]).not.toHaveProperty("html");
  });

  it("takes addresses in one field or in several, and a message without a subject", async () => {
    const to = ["to", "a@example.org, B <b@example.org>"] as const;
    await exchange(esp.url, mailgunRequest(esp.options, [to, ["to", "c@example.org"], ["subject", ""]]));
    expect(esp.inbox[0]).toMatchObject({
      to: [{ address: "a@example.org" }, { name: "B", address: "b@example.org" }, { address: "c@example.org" }],
      subject: "",
    });
  });

  it("has the options for opens and clicks go before the one for both", async () => {
    const both = ["o:tracking", "yes"] as const;
    await exchange(esp.url, mailgunRequest(esp.options, [both, ["o:tracking-opens", "no"]]));
    expect(esp.inbox[0]?.tracking).toEqual({ opens: false, clicks: true });
  });

  it("passes over parameters that it does not know, and files that have no name", async () => {
    await exchange(
      esp.url,
      mailgunRequest(esp.options, [
        ["o:taag", "a"],
        ["attachment", "text"],
      ]),
    );
    expect(esp.inbox[0]).toMatchObject({ tags: [], attachments: [] });
  });

  it("answers in test mode as always and sends nothing", async () => {
    expect(await send({ "o:testmode": "yes" })).toMatchObject({ status: 200, message: "Queued. Thank you." });
    expect(esp.inbox).toEqual([]);
  });

  it("takes 50 messages at once, each once", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => send({})));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(50);
    expect(new Set(esp.inbox.map(({ id }) => id))).toEqual(new Set(answers.map(({ id }) => id)));
  });

  it("takes a file of 10 MB", async () => {
    const content = new Uint8Array(10 * 1024 * 1024).fill(13);
    await send({ attachment: [new File([content], "large")] });
    expect(Buffer.compare(esp.inbox[0]?.attachments[0]?.content ?? new Uint8Array(), content)).toBe(0);
  });

  it.each([
    ["another key", { apiKey: "key-other" }, 401, "Forbidden"],
    ["another domain", { domain: "other.example.com" }, 404, "Domain not found: other.example.com"],
  ])("refuses %s in a form that the SDK reads", async (_, changed, status, details) => {
    await expect(send({}, { ...esp.options, ...changed })).rejects.toMatchObject({ status, details });
    expect(esp.inbox).toEqual([]);
  });
});

describe("what Mailgun refuses", () => {
  const refused: readonly [string, readonly (readonly [string, string])[], string | RegExp][] = [
    ["no sender", [["from", ""]], "from parameter is missing"],
    ["no recipient", [["to", ""]], "to parameter is missing"],
    ["no content", [["text", ""]], /Need at least one of 'text', 'html'/],
    ["a malformed recipient", [["to", "ada"]], "'to' parameter is not a valid address. please check documentation"],
    ["one malformed of two", [["cc", "a@example.org, b"]], /'cc' parameter is not a valid address/],
    ["a recipient at a single label", [["to", "ada@localhost"]], /'to' parameter is not a valid address/],
    ["a local part outside ASCII", [["to", "jürgen@example.org"]], /'to' parameter is not a valid address/],
    ["a malformed reply-to", [["h:Reply-To", "x"]], /'h:Reply-To' parameter is not a valid address/],
    ["1,001 recipients", Array.from({ length: 1_001 }, (_, i) => ["to", `a${i}@example.org`] as const), /Too many/],
    ["options of more than 16 KB", [["v:a", "b".repeat(16 * 1024)]], /limited to 16KB/],
    ["an unknown value of an option", [["o:tracking", "perhaps"]], /'o:tracking' parameter is not valid/],
    ["variables that are no JSON object", [["t:variables", "[1]"]], /'t:variables' parameter is not a valid JSON/],
    ["a delivery time that is no date", [["o:deliverytime", "soon"]], /not a valid date/],
    ["a delivery in four days", [["o:deliverytime", new Date(Date.now() + 4 * 86_400_000).toUTCString()]], /too far/],
  ];

  it.each(refused)("%s", async (_, fields, message) => {
    const { status, body } = await exchange(esp.url, mailgunRequest(esp.options, fields));
    expect(status).toBe(400);
    expect(JSON.parse(body)).toEqual({
      message: typeof message === "string" ? message : expect.stringMatching(message),
    });
    expect(esp.inbox).toEqual([]);
  });

  it.each([
    ["another path, with a 200", { path: "/v3/messages" }, 200, "Mailgun Magnificent API"],
    ["another method", { method: "PUT" }, 405, "Method not allowed"],
    ["no credentials", { headers: {} }, 401, "Forbidden"],
    ["more than 25 MB", { body: Buffer.alloc(25 * 1024 * 1024 + 1, "a") }, 413, "Too Large"],
    ["a broken form", { body: "" }, 400, "from parameter is missing"],
  ])("%s", async (_, changed, status, text) => {
    const seen = await exchange(esp.url, { ...mailgunRequest(esp.options), ...changed });
    expect(seen.status).toBe(status);
    expect(seen.body).toContain(text);
    expect(esp.inbox).toEqual([]);
  });
});
