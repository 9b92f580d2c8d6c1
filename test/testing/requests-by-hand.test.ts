import { SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AdapterOptions, type Simulator, startSimulator } from "../../src/testing/index.ts";
import { exchange, type HttpRequest } from "./http-client.ts";
import { mailgunRequest, mailjetRequest, sendgridRequest, sesRequest } from "./valid-requests.ts";

/** A request with any body, which the SDK only signs. */
async function signed(
  { region, credentials, baseUrl }: AdapterOptions<"ses">,
  body: string,
  contentType = "application/json",
): Promise<HttpRequest> {
  let built: HttpRequest | undefined;
  const client = new SESv2Client({
    region,
    credentials,
    endpoint: baseUrl,
    maxAttempts: 1,
    requestHandler: {
      handle({ method, path, headers }: Omit<HttpRequest, "body">) {
        built = { method, path, headers, body };
        return Promise.reject(new Error("built, not sent"));
      },
    },
  });
  client.middlewareStack.add(
    (next) => (args) => {
      const headers = { host: new URL(baseUrl).host, "content-type": contentType };
      return next({ ...args, request: Object.assign(Object(args.request), { body, headers }) });
    },
    { step: "build", priority: "low" },
  );
  const command = new SendEmailCommand({ Content: { Template: { TemplateName: "any" } } });
  await client.send(command).catch(() => {});
  client.destroy();
  if (!built) throw new Error("The SDK built no request");
  return built;
}

const sesMail = {
  FromEmailAddress: "orders@example.com",
  Destination: { ToAddresses: ["ada@example.org"] },
  Content: { Simple: { Subject: { Data: "Your order" }, Body: { Text: { Data: "It is on its way." } } } },
};
const sesFile = (members: object) => ({
  Content: { Simple: { ...sesMail.Content.Simple, Attachments: [{ FileName: "a", ...members }] } },
});

describe("a simulated SES, asked without the SDK", () => {
  let esp: Simulator<"ses">;
  beforeEach(async () => {
    esp = await startSimulator("ses");
    return () => esp.close();
  });

  it("takes what has the right form", async () => {
    expect(await exchange(esp.url, await signed(esp.options, JSON.stringify(sesMail)))).toMatchObject({ status: 200 });
    expect(esp.inbox).toMatchObject([{ subject: "Your order", text: "It is on its way." }]);
  });

  it("refuses another content type", async () => {
    const request = await signed(esp.options, JSON.stringify(sesMail), "text/plain");
    expect(await exchange(esp.url, request)).toMatchObject({
      status: 415,
      headers: { "x-amzn-errortype": "UnsupportedMediaTypeException" },
    });
  });

  it.each([
    ["a body that is no JSON", "{", /not a JSON object/],
    ["an array", "[]", /not a JSON object/],
    ["a text in place of an object", { ...sesMail, Destination: "ada@example.org" }, /STRING_VALUE .* object/],
    ["a number in place of a text", { ...sesMail, FromEmailAddress: 1.5 }, /NUMBER_VALUE .* string/],
    ["an integer in place of a text", { ...sesMail, FromEmailAddress: 1 }, /INTEGER_VALUE .* string/],
    ["null in a list", { ...sesMail, EmailTags: [null] }, /NULL_VALUE .* object/],
    ["a file that is not base64", { ...sesMail, ...sesFile({ RawContent: "ü" }) }, /RawContent is not base64/],
  ])("refuses %s as impossible to read", async (_, body, message) => {
    const request = await signed(esp.options, typeof body === "string" ? body : JSON.stringify(body));
    const seen = await exchange(esp.url, request);
    expect(seen).toMatchObject({ status: 400, headers: { "x-amzn-errortype": "SerializationException" } });
    expect(seen.body).toMatch(message);
    expect(esp.inbox).toEqual([]);
  });

  it.each([
    ["no content", { ...sesMail, Content: undefined }, /'Content'/],
    ["a tag without a value", { ...sesMail, EmailTags: [{ Name: "a" }] }, /'EmailTags\.0\.Value'/],
    ["null for what is required", { ...sesMail, Content: null }, /'Content'/],
    [
      "an address of more than 320 characters",
      { ...sesMail, FromEmailAddress: `${"a".repeat(320)}@example.com` },
      /too long/,
    ],
  ])("refuses %s", async (_, body, message) => {
    const seen = await exchange(esp.url, await signed(esp.options, JSON.stringify(body)));
    expect(seen).toMatchObject({ status: 400, headers: { "x-amzn-errortype": "BadRequestException" } });
    expect(seen.body).toMatch(message);
    expect(esp.inbox).toEqual([]);
  });

  it("passes over null for what may be left out", async () => {
    const body = JSON.stringify({ ...sesMail, ReplyToAddresses: null });
    expect(await exchange(esp.url, await signed(esp.options, body))).toMatchObject({ status: 200 });
  });

  it.each([
    ["for another service", (header: string) => header.replace("/ses/", "/s3/"), /correct service: 'ses'/],
    ["without the host", (header: string) => header.replace(/host;|;host/, ""), /'Host' must be/],
    ["of a header that is not there", (header: string) => header.replace("host", "absent;host"), /does not match/],
  ])("refuses a signature %s", async (_, change, message) => {
    const request = await sesRequest(esp.options);
    const headers = { ...request.headers, authorization: change(request.headers.authorization ?? "") };
    const seen = await exchange(esp.url, { ...request, headers });
    expect(seen).toMatchObject({ status: 403, headers: { "x-amzn-errortype": "InvalidSignatureException" } });
    expect(seen.body).toMatch(message);
  });

  it("refuses a signature without a date", async () => {
    const { headers, ...request } = await sesRequest(esp.options);
    const { "x-amz-date": _, ...others } = headers;
    const seen = await exchange(esp.url, { ...request, headers: others });
    expect(seen).toMatchObject({ status: 403, body: expect.stringContaining("expired or not yet current") });
  });
});

describe("a simulated SendGrid, asked without the SDK", () => {
  let esp: Simulator<"sendgrid">;
  beforeEach(async () => {
    esp = await startSimulator("sendgrid");
  });
  afterEach(() => esp.close());

  it("needs no subject where every personalization has one", async () => {
    const personalizations = [{ to: [{ email: "ada@example.org" }], subject: "Your own" }];
    const request = sendgridRequest(esp.options, { personalizations, subject: undefined });
    expect(await exchange(esp.url, request)).toMatchObject({ status: 202 });
  });

  it("takes one reply-to", async () => {
    await exchange(esp.url, sendgridRequest(esp.options, { reply_to: { email: "help@example.com", name: "Help" } }));
    expect(esp.inbox).toMatchObject([{ replyTo: [{ name: "Help", address: "help@example.com" }] }]);
  });

  it("takes a file without a type as bytes", async () => {
    await exchange(esp.url, sendgridRequest(esp.options, { attachments: [{ content: "AQI=", filename: "a" }] }));
    expect(esp.inbox[0]?.attachments).toEqual([
      { filename: "a", contentType: "application/octet-stream", content: new Uint8Array([1, 2]) },
    ]);
  });

  it("refuses a file with an empty type", async () => {
    const request = sendgridRequest(esp.options, { attachments: [{ content: "AQI=", filename: "a", type: "" }] });
    const { status, body } = await exchange(esp.url, request);
    expect(status).toBe(400);
    expect(JSON.parse(body).errors).toMatchObject([{ field: "attachments.0.type" }]);
  });

  it("refuses a request without a content type", async () => {
    const { headers, ...request } = sendgridRequest(esp.options);
    const { "content-type": _, ...others } = headers;
    expect(await exchange(esp.url, { ...request, headers: others })).toMatchObject({ status: 415 });
  });
});

describe("a simulated Mailgun, asked without the SDK", () => {
  let esp: Simulator<"mailgun">;
  beforeEach(async () => {
    esp = await startSimulator("mailgun");
  });
  afterEach(() => esp.close());

  it("takes a delivery time in seconds", async () => {
    const at = Math.floor(Date.now() / 1_000) + 3_600;
    const request = mailgunRequest(esp.options, [["o:deliverytime", String(at)]]);
    expect(await exchange(esp.url, request)).toMatchObject({ status: 200 });
    expect(esp.inbox).toMatchObject([{ sendAt: new Date(at * 1_000) }]);
  });

  it("takes a template without variables", async () => {
    await exchange(esp.url, mailgunRequest(esp.options, [["template", "welcome"]]));
    expect(esp.inbox).toMatchObject([{ template: { id: "welcome", variables: {} } }]);
  });

  it.each([
    ["without a content type", undefined],
    ["as something that is no form", "text/plain"],
    ["as a form without its boundary", "multipart/form-data"],
  ])("finds no field in a body %s", async (_, contentType) => {
    const { headers, ...request } = mailgunRequest(esp.options);
    const { "content-type": __, ...others } = headers;
    const changed = contentType === undefined ? others : { ...others, "content-type": contentType };
    const seen = await exchange(esp.url, { ...request, headers: changed });
    expect(seen).toMatchObject({ status: 400, body: expect.stringContaining("from parameter is missing") });
  });
});

describe("a simulated Mailjet, asked without the SDK", () => {
  let esp: Simulator<"mailjet">;
  beforeEach(async () => {
    esp = await startSimulator("mailjet");
  });
  afterEach(() => esp.close());

  it.each([["text/plain"], [undefined]])("refuses a body of type %s", async (contentType) => {
    const { headers, ...request } = mailjetRequest(esp.options);
    const { "content-type": _, ...others } = headers;
    const changed = contentType === undefined ? others : { ...others, "content-type": contentType };
    const seen = await exchange(esp.url, { ...request, headers: changed });
    expect(seen.status).toBe(400);
    expect(esp.inbox).toEqual([]);
  });

  it("refuses a message that is no object", async () => {
    const seen = await exchange(esp.url, mailjetRequest(esp.options, {}, { Messages: ["a"] }));
    expect(seen.status).toBe(400);
    expect(esp.inbox).toEqual([]);
  });
});

it("a fault that needs a message leaves a request without one as it is refused anyway", async () => {
  await using esp = await startSimulator("mailgun");
  esp.fault({ kind: "reject-message" });
  const seen = await exchange(esp.url, mailgunRequest(esp.options, [["to", "ada"]]));
  expect(seen).toMatchObject({ status: 400, body: expect.stringContaining("'to' parameter is not a valid address") });
});
