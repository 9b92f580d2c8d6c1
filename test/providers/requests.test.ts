import { describe, expect, it } from "vitest";
import type { PreparedMessage } from "../../src/message/message.ts";
import { formOf, type SeenRequest, startServer } from "./esp-server.ts";
import { canaries, context, espNamed, htmlOnly, message, templated } from "./esps.ts";

const logo = new Uint8Array([137, 80, 78, 71, 0, 255]);
const invoice = new TextEncoder().encode("%PDF-1.7 invoice");

/** Every field that all or most ESPs can carry, in values that are easy to garble. */
const full = {
  from: { name: "Bücher & Söhne", address: "orders@example.com" },
  to: [{ name: "Lovelace, Ada", address: "ada@example.org" }, { address: "bob@xn--bcher-kva.example" }],
  cc: [{ name: "山田太郎 😀", address: "taro@example.org" }],
  bcc: [{ address: "archive@example.com" }],
  replyTo: [{ name: "Support", address: "support@example.com" }],
  subject: "Ihre Bestellung – 注文 😀",
  text: "Grüße",
  html: '<p>Grüße <img src="cid:logo@shop"></p>',
  attachments: [
    { filename: "Rechnung_ä.pdf", contentType: "application/pdf", content: invoice },
    { filename: "logo.png", contentType: "image/png", contentId: "logo@shop", content: logo },
  ],
  headers: [
    ["X-Campaign", "spring"],
    ["X-Note", "schön"],
  ],
  tags: ["order"],
  metadata: [["order-id", "42"]],
  tracking: { opens: false, clicks: false },
} satisfies Partial<PreparedMessage>;

async function requestOf(name: string, sent: PreparedMessage): Promise<SeenRequest> {
  const esp = espNamed(name);
  const server = await startServer(() => esp.accept("id-1"));
  const provider = esp.create(server.url);
  expect(await provider.send(sent, context())).toEqual({ providerMessageId: esp.accepted });
  await provider.close?.();
  expect(server.requests).toHaveLength(1);
  const [request] = server.requests;
  if (!request) throw new Error("no request arrived");
  return request;
}

async function jsonOf(name: string, sent: PreparedMessage): Promise<unknown> {
  return JSON.parse((await requestOf(name, sent)).body.toString());
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const inSixHours = Math.ceil(Date.now() / 1_000) * 1_000 + 6 * 60 * 60 * 1_000;

describe("SES", () => {
  it("is sent every field in its place", async () => {
    const request = await requestOf("ses", message(full));
    expect(request.method).toBe("POST");
    expect(request.path).toBe("/v2/email/outbound-emails");
    expect(request.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIACANARYCANARY0001\/\d{8}\/eu-west-1\/ses\/aws4_request, /,
    );
    expect(JSON.parse(request.body.toString())).toEqual({
      FromEmailAddress: "=?UTF-8?B?QsO8Y2hlciAmIFPDtmhuZQ==?= <orders@example.com>",
      Destination: {
        ToAddresses: ['"Lovelace, Ada" <ada@example.org>', "bob@xn--bcher-kva.example"],
        CcAddresses: ["=?UTF-8?B?5bGx55Sw5aSq6YOOIPCfmIA=?= <taro@example.org>"],
        BccAddresses: ["archive@example.com"],
      },
      ReplyToAddresses: ["Support <support@example.com>"],
      Content: {
        Simple: {
          Subject: { Data: full.subject, Charset: "UTF-8" },
          Body: { Text: { Data: full.text, Charset: "UTF-8" }, Html: { Data: full.html, Charset: "UTF-8" } },
          Headers: [
            { Name: "X-Campaign", Value: "spring" },
            { Name: "X-Note", Value: "=?UTF-8?B?c2Now7Zu?=" },
          ],
          Attachments: [
            {
              FileName: "Rechnung_ä.pdf",
              ContentType: "application/pdf",
              ContentDisposition: "ATTACHMENT",
              ContentTransferEncoding: "BASE64",
              RawContent: base64(invoice),
            },
            {
              FileName: "logo.png",
              ContentType: "image/png",
              ContentDisposition: "INLINE",
              ContentId: "logo@shop",
              ContentTransferEncoding: "BASE64",
              RawContent: base64(logo),
            },
          ],
        },
      },
      EmailTags: [
        { Name: "order", Value: "order" },
        { Name: "order-id", Value: "42" },
        { Name: "steadymail-id", Value: "send-1" },
      ],
    });
  });

  it("is sent a template with its variables, attachments and headers", async () => {
    const sent = templated("welcome", { headers: [["X-A", "1"]], attachments: full.attachments.slice(0, 1) });
    expect(await jsonOf("ses", sent)).toMatchObject({
      Content: {
        Template: {
          TemplateName: "welcome",
          TemplateData: '{"name":"Ada","items":[1,2]}',
          Headers: [{ Name: "X-A", Value: "1" }],
          Attachments: [{ FileName: "Rechnung_ä.pdf" }],
        },
      },
    });
  });

  it("has its own options merged deep, with the id of the send still in its tags", async () => {
    const providerOptions = {
      ConfigurationSetName: "transactional",
      Content: { Simple: { Subject: { Charset: "ISO-8859-1" } } },
      EmailTags: [{ Name: "team", Value: "shop" }],
    };
    expect(await jsonOf("ses", message({ tags: ["order"], providerOptions }))).toMatchObject({
      ConfigurationSetName: "transactional",
      Content: { Simple: { Subject: { Data: "Your order", Charset: "ISO-8859-1" } } },
      EmailTags: [
        { Name: "team", Value: "shop" },
        { Name: "steadymail-id", Value: "send-1" },
      ],
    });
  });
});

describe("SendGrid", () => {
  it("is sent every field in its place", async () => {
    const request = await requestOf("sendgrid", message({ ...full, sendAt: inSixHours }));
    expect(request.method).toBe("POST");
    expect(request.path).toBe("/v3/mail/send");
    expect(request.headers.authorization).toBe(`Bearer ${canaries.sendgrid}`);
    expect(request.headers["content-type"]).toBe("application/json");
    expect(Object.keys(request.headers)).not.toContain("x-campaign");
    expect(JSON.parse(request.body.toString())).toEqual({
      from: { email: "orders@example.com", name: "Bücher & Söhne" },
      reply_to_list: [{ email: "support@example.com", name: "Support" }],
      subject: full.subject,
      personalizations: [
        {
          to: [{ email: "ada@example.org", name: '"Lovelace, Ada"' }, { email: "bob@xn--bcher-kva.example" }],
          cc: [{ email: "taro@example.org", name: "山田太郎 😀" }],
          bcc: [{ email: "archive@example.com" }],
          headers: { "X-Campaign": "spring", "X-Note": "=?UTF-8?B?c2Now7Zu?=" },
        },
      ],
      content: [
        { type: "text/plain", value: full.text },
        { type: "text/html", value: full.html },
      ],
      attachments: [
        {
          filename: "Rechnung_ä.pdf",
          type: "application/pdf",
          disposition: "attachment",
          content: base64(invoice),
        },
        {
          filename: "logo.png",
          type: "image/png",
          disposition: "inline",
          content_id: "logo@shop",
          content: base64(logo),
        },
      ],
      categories: ["order"],
      custom_args: { "order-id": "42", "steadymail-id": "send-1" },
      tracking_settings: {
        click_tracking: { enable: false, enable_text: false },
        open_tracking: { enable: false },
      },
      send_at: inSixHours / 1_000,
    });
  });

  it("is sent a dynamic template with its variables as they are", async () => {
    const variables = { firstName: "Ada", "snake_case-and.more": { nestedKey: [1, "two"] } };
    const sent = templated("d-0123", { template: { id: "d-0123", variables } });
    const body = await jsonOf("sendgrid", sent);
    expect(body).toMatchObject({ template_id: "d-0123", personalizations: [{ dynamic_template_data: variables }] });
    expect(body).not.toHaveProperty("content");
    expect(body).not.toHaveProperty("subject");
  });

  it("keeps the case of metadata and headers", async () => {
    const sent = message({ metadata: [["orderId_x", "1"]], headers: [["X-camelCase_y", "2"]] });
    expect(await jsonOf("sendgrid", sent)).toMatchObject({
      custom_args: { orderId_x: "1" },
      personalizations: [{ headers: { "X-camelCase_y": "2" } }],
    });
  });

  it("turns tracking on where the message asks for it", async () => {
    expect(await jsonOf("sendgrid", message({ tracking: { opens: true, clicks: true } }))).toMatchObject({
      tracking_settings: { click_tracking: { enable: true, enable_text: true }, open_tracking: { enable: true } },
    });
  });

  it("leaves out an empty text beside an html part, and repetitions that nobody would see", async () => {
    const sent = message({
      text: "",
      html: "<p>x</p>",
      to: [{ address: "ada@example.org" }, { address: "Ada@example.org" }],
      bcc: [{ address: "ada@example.org" }, { address: "eve@example.org" }],
    });
    expect(await jsonOf("sendgrid", sent)).toMatchObject({
      content: [{ type: "text/html", value: "<p>x</p>" }],
      personalizations: [{ to: [{ email: "ada@example.org" }], bcc: [{ email: "eve@example.org" }] }],
    });
  });

  it("has its own options merged deep, also those that the SDK does not know", async () => {
    const providerOptions = {
      asm: { group_id: 7, groups_to_display: [7] },
      tracking_settings: { open_tracking: { substitution_tag: "%open%" } },
      brand_new_field: { a: 1 },
    };
    expect(await jsonOf("sendgrid", message({ providerOptions }))).toMatchObject({
      asm: { group_id: 7, groups_to_display: [7] },
      tracking_settings: {
        click_tracking: { enable: false },
        open_tracking: { enable: false, substitution_tag: "%open%" },
      },
      brand_new_field: { a: 1 },
    });
  });
});

describe("Mailgun", () => {
  it("is sent every field in its place", async () => {
    const request = await requestOf("mailgun", message({ ...full, sendAt: inSixHours }));
    expect(request.method).toBe("POST");
    expect(request.path).toBe("/v3/mg.example.com/messages");
    expect(request.headers.authorization).toBe(`Basic ${Buffer.from(`api:${canaries.mailgun}`).toString("base64")}`);
    const fields: [string, unknown][] = [];
    for (const [name, value] of await formOf(request)) {
      fields.push([
        name,
        typeof value === "string" ? value : [value.name, value.type, Buffer.from(await value.arrayBuffer())],
      ]);
    }
    expect(fields).toEqual([
      ["from", "Bücher & Söhne <orders@example.com>"],
      ["to", '"Lovelace, Ada" <ada@example.org>'],
      ["to", "bob@xn--bcher-kva.example"],
      ["cc", "山田太郎 😀 <taro@example.org>"],
      ["bcc", "archive@example.com"],
      ["subject", full.subject],
      ["text", full.text],
      ["html", full.html],
      ["attachment", ["Rechnung_ä.pdf", "application/pdf", Buffer.from(invoice)]],
      ["inline", ["logo@shop", "image/png", Buffer.from(logo)]],
      ["h:Reply-To", "Support <support@example.com>"],
      ["h:X-Campaign", "spring"],
      ["h:X-Note", "schön"],
      ["o:tag", "order"],
      ["o:tracking-clicks", "no"],
      ["o:tracking-opens", "no"],
      ["o:deliverytime", new Date(inSixHours).toUTCString()],
      ["v:order-id", "42"],
      ["v:steadymail-id", "send-1"],
    ]);
  });

  it("is sent a template with its variables", async () => {
    const form = await formOf(await requestOf("mailgun", templated("welcome")));
    expect(form.get("template")).toBe("welcome");
    expect(form.get("t:variables")).toBe('{"name":"Ada","items":[1,2]}');
    expect(form.has("subject")).toBe(false);
    expect(form.has("text")).toBe(false);
  });

  it("is sent what is empty too: a subject, a text, a value of the metadata", async () => {
    const form = await formOf(
      await requestOf("mailgun", message({ subject: "", text: "", html: "<p>x</p>", metadata: [["note", ""]] })),
    );
    expect([form.getAll("subject"), form.getAll("text"), form.getAll("v:note")]).toEqual([[""], [""], [""]]);
  });

  it("is sent texts with the line breaks that they have, and files with any name", async () => {
    const text = "one\ntwo\r\nthree\r";
    const attachments = [{ filename: 'a "b".txt', contentType: "text/plain; charset=utf-8", content: invoice }];
    const form = await formOf(await requestOf("mailgun", message({ text, attachments })));
    expect(form.get("text")).toBe(text);
    const file = form.get("attachment");
    if (!(file instanceof File)) throw new Error("the form has no file");
    expect([file.name, file.type]).toEqual(['a "b".txt', "text/plain; charset=utf-8"]);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(Buffer.from(invoice));
  });

  it("is sent several addresses to reply to, and tracking where the message asks for it", async () => {
    const form = await formOf(
      await requestOf(
        "mailgun",
        message({
          replyTo: [{ address: "a@example.com" }, { name: "B, C", address: "b@example.com" }],
          tracking: { opens: true, clicks: true },
        }),
      ),
    );
    expect(form.get("h:Reply-To")).toBe('a@example.com, "B, C" <b@example.com>');
    expect([form.get("o:tracking-opens"), form.get("o:tracking-clicks")]).toEqual(["yes", "yes"]);
  });

  it("has its own options merged, with lists replaced", async () => {
    const providerOptions = { "o:dkim": false, "o:tag": ["other", 7], "v:cart": { items: [1] }, "o:sto": 24 };
    const form = await formOf(await requestOf("mailgun", message({ tags: ["order"], providerOptions })));
    expect([form.get("o:dkim"), form.getAll("o:tag")]).toEqual(["no", ["other", "7"]]);
    expect([form.get("v:cart"), form.get("o:sto")]).toEqual(['{"items":[1]}', "24"]);
  });
});

describe("Mailjet", () => {
  it("is sent every field in its place", async () => {
    const request = await requestOf("mailjet", message(full));
    expect(request.method).toBe("POST");
    expect(request.path).toBe("/v3.1/send");
    expect(request.headers.authorization).toBe(
      `Basic ${Buffer.from(`${canaries.mailjetKey}:${canaries.mailjetSecret}`).toString("base64")}`,
    );
    expect(request.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(request.body.toString())).toEqual({
      Messages: [
        {
          From: { Email: "orders@example.com", Name: "Bücher & Söhne" },
          To: [{ Email: "ada@example.org", Name: "Lovelace, Ada" }, { Email: "bob@xn--bcher-kva.example" }],
          Cc: [{ Email: "taro@example.org", Name: "山田太郎 😀" }],
          Bcc: [{ Email: "archive@example.com" }],
          ReplyTo: { Email: "support@example.com", Name: "Support" },
          Subject: full.subject,
          TextPart: full.text,
          HTMLPart: full.html,
          Attachments: [{ Filename: "Rechnung_ä.pdf", ContentType: "application/pdf", Base64Content: base64(invoice) }],
          InlinedAttachments: [
            { Filename: "logo.png", ContentType: "image/png", ContentID: "logo@shop", Base64Content: base64(logo) },
          ],
          Headers: { "X-Campaign": "spring", "X-Note": "=?UTF-8?B?c2Now7Zu?=" },
          CustomID: "send-1",
          EventPayload: '{"order-id":"42"}',
          CustomCampaign: "order",
          TrackOpens: "disabled",
          TrackClicks: "disabled",
        },
      ],
    });
  });

  it("is sent a template by its number, with its variables", async () => {
    expect(await jsonOf("mailjet", templated("176375"))).toEqual({
      Messages: [
        {
          From: { Email: "orders@example.com", Name: "Shop" },
          To: [{ Email: "ada@example.org" }],
          TemplateID: 176375,
          TemplateLanguage: true,
          Variables: { name: "Ada", items: [1, 2] },
          CustomID: "send-1",
          TrackOpens: "disabled",
          TrackClicks: "disabled",
        },
      ],
    });
  });

  it("has its own options merged into the message", async () => {
    const providerOptions = { URLTags: "a=1", Headers: { "X-B": "2" }, TrackOpens: "account_default" };
    expect(await jsonOf("mailjet", message({ headers: [["X-A", "1"]], providerOptions }))).toMatchObject({
      Messages: [{ URLTags: "a=1", Headers: { "X-A": "1", "X-B": "2" }, TrackOpens: "account_default" }],
    });
  });
});

describe.each(["ses", "sendgrid", "mailgun", "mailjet"])("%s", (name) => {
  it("is sent an html part alone", async () => {
    const body = (await requestOf(name, htmlOnly("<p>only html</p>"))).body.toString();
    expect(body).toContain("<p>only html</p>");
    expect(body).not.toContain("Thank you");
  });

  it("is sent bytes of every value unchanged", async () => {
    const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 256);
    const sent = message({ attachments: [{ filename: "all.bin", contentType: "application/octet-stream", content }] });
    const request = await requestOf(name, sent);
    const carried = name === "mailgun" ? await fileIn(request) : base64In(request);
    expect(carried.equals(content)).toBe(true);
  });

  it("is asked under the path of its base URL", async () => {
    const esp = espNamed(name);
    const server = await startServer(() => esp.accept("id-1"));
    for (const base of [`${server.url}/gateway`, `${server.url}/gateway/`]) {
      await esp.create(base).send(message(), context());
    }
    const expected = {
      ses: "/v2/email/outbound-emails",
      sendgrid: "/v3/mail/send",
      mailgun: "/v3/mg.example.com/messages",
      mailjet: "/v3.1/send",
    };
    const path = `/gateway${Object.entries(expected).find(([key]) => key === name)?.[1]}`;
    expect(server.requests.map((request) => request.path)).toEqual([path, path]);
  });
});

async function fileIn(request: SeenRequest): Promise<Buffer> {
  const file = (await formOf(request)).get("attachment");
  if (!(file instanceof File)) throw new Error("the form has no file");
  return Buffer.from(await file.arrayBuffer());
}

function base64In({ body }: SeenRequest): Buffer {
  const longest = body.toString().match(/[A-Za-z0-9+/=]{1000,}/g)?.[0] ?? "";
  return Buffer.from(longest, "base64");
}
