import { SESv2Client, SendEmailCommand, type SendEmailCommandInput } from "@aws-sdk/client-sesv2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../src/testing/index.ts";
import { exchange } from "./http-client.ts";
import { sesRequest } from "./valid-requests.ts";

let esp: Simulator<"ses">;
let client: SESv2Client;

beforeEach(async () => {
  esp = await startSimulator("ses");
  const { region, credentials, baseUrl } = esp.options;
  client = new SESv2Client({ region, credentials, endpoint: baseUrl, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await esp.close();
});

const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256);

const input = {
  FromEmailAddress: '"Shop, Inc." <orders@example.com>',
  Destination: {
    ToAddresses: ["=?UTF-8?B?QWRhIPCfmoA=?= <ada@example.org>", '"a b"@example.org'],
    CcAddresses: ["carol@xn--bcher-kva.example"],
    BccAddresses: ["dave@example.org"],
  },
  ReplyToAddresses: ["one@example.com", "Two <two@example.com>"],
  Content: {
    Simple: {
      Subject: { Data: "ご注文 🚀", Charset: "UTF-8" },
      Body: { Text: { Data: "Grüße\n", Charset: "UTF-8" }, Html: { Data: "<p>Hi</p>" } },
      Headers: [
        { Name: "X-Campaign", Value: "spring" },
        { Name: "X-Note", Value: "=?UTF-8?Q?gr=C3=BCn?=" },
      ],
      Attachments: [
        { FileName: "rechnung ü.pdf", ContentType: "application/pdf", RawContent: bytes },
        {
          FileName: "logo.png",
          ContentType: "image/png",
          ContentDisposition: "INLINE",
          ContentId: "logo",
          RawContent: new Uint8Array([1, 2, 3]),
        },
      ],
    },
  },
  EmailTags: [
    { Name: "welcome", Value: "welcome" },
    { Name: "order", Value: "4711" },
    { Name: "steadymail-id", Value: "send-1" },
  ],
} satisfies SendEmailCommandInput;

describe("a simulated SES", () => {
  it("takes what the SDK sends and keeps all of it", async () => {
    const { MessageId, $metadata } = await client.send(new SendEmailCommand(input));
    expect($metadata.httpStatusCode).toBe(200);
    expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(esp.inbox).toEqual([
      {
        id: MessageId,
        steadymailId: "send-1",
        at: expect.any(Date),
        from: { name: "Shop, Inc.", address: "orders@example.com" },
        to: [{ name: "Ada 🚀", address: "ada@example.org" }, { address: '"a b"@example.org' }],
        cc: [{ address: "carol@xn--bcher-kva.example" }],
        bcc: [{ address: "dave@example.org" }],
        replyTo: [{ address: "one@example.com" }, { name: "Two", address: "two@example.com" }],
        subject: "ご注文 🚀",
        text: "Grüße\n",
        html: "<p>Hi</p>",
        attachments: [
          { filename: "rechnung ü.pdf", contentType: "application/pdf", content: bytes },
          { filename: "logo.png", contentType: "image/png", contentId: "logo", content: new Uint8Array([1, 2, 3]) },
        ],
        headers: [
          ["X-Campaign", "spring"],
          ["X-Note", "grün"],
        ],
        tags: ["welcome"],
        metadata: { order: "4711" },
        raw: expect.objectContaining({ FromEmailAddress: input.FromEmailAddress }),
      },
    ]);
  });

  it("takes a template with its variables", async () => {
    const Content = { Template: { TemplateName: "welcome", TemplateData: '{"name":"Ada"}' } };
    await client.send(new SendEmailCommand({ ...input, Content }));
    expect(esp.inbox[0]).toMatchObject({ subject: "", template: { id: "welcome", variables: { name: "Ada" } } });
    expect(esp.inbox[0]).not.toHaveProperty("text");
  });

  it("makes question marks of what is not ASCII where no charset is given", async () => {
    const Content = { Simple: { Subject: { Data: "Grüße" }, Body: { Text: { Data: "日本" } } } };
    await client.send(new SendEmailCommand({ ...input, Content }));
    expect(esp.inbox[0]).toMatchObject({ subject: "Gr??e", text: "??" });
  });

  it("takes 50 messages at once, each once", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.send(new SendEmailCommand(input))));
    expect(new Set(answers.map(({ MessageId }) => MessageId)).size).toBe(50);
    expect(new Set(esp.inbox.map(({ id }) => id))).toEqual(new Set(answers.map(({ MessageId }) => MessageId)));
    expect(esp.requests).toBe(50);
  });

  it("refuses in a form that the SDK reads", async () => {
    esp.fault({ kind: "suspended" });
    await expect(client.send(new SendEmailCommand(input))).rejects.toMatchObject({
      name: "AccountSuspendedException",
      message: expect.stringContaining("permanently restricted"),
      $metadata: { httpStatusCode: 400, requestId: expect.any(String) },
    });
  });
});

describe("the signature of a request to SES", () => {
  it.each([
    ["another access key", { accessKeyId: "AKIAOTHER" }, "UnrecognizedClientException"],
    ["another secret", { secretAccessKey: "other" }, "InvalidSignatureException"],
  ])("with %s is refused", async (_, changed, type) => {
    const credentials = { ...esp.options.credentials, ...changed };
    const other = new SESv2Client({ region: "eu-west-1", credentials, endpoint: esp.url, maxAttempts: 1 });
    await expect(other.send(new SendEmailCommand(input))).rejects.toMatchObject({
      name: type,
      $metadata: { httpStatusCode: 403 },
    });
    other.destroy();
    expect(esp.inbox).toEqual([]);
    expect(esp.requests).toBe(1);
  });

  it("for another region is refused", async () => {
    const { credentials } = esp.options;
    const other = new SESv2Client({ region: "us-east-1", credentials, endpoint: esp.url, maxAttempts: 1 });
    await expect(other.send(new SendEmailCommand(input))).rejects.toThrow("valid region, not 'us-east-1'");
    other.destroy();
  });

  it("covers the body", async () => {
    const request = await sesRequest(esp.options);
    const forged = { ...request, body: request.body.toString().replace("ada@", "eve@") };
    expect(await exchange(esp.url, forged)).toMatchObject({
      status: 403,
      headers: { "x-amzn-errortype": "InvalidSignatureException" },
    });
  });

  it.each([
    ["authorization", undefined, "MissingAuthenticationTokenException"],
    ["authorization", "Bearer x", "IncompleteSignatureException"],
    ["x-amz-date", "20200101T000000Z", "InvalidSignatureException"],
  ])("with %s as %s is refused", async (name, value, type) => {
    const { [name]: _, ...headers } = (await sesRequest(esp.options)).headers;
    const request = { ...(await sesRequest(esp.options)), headers: value ? { ...headers, [name]: value } : headers };
    expect(await exchange(esp.url, request)).toMatchObject({ status: 403, headers: { "x-amzn-errortype": type } });
  });
});

const simple = input.Content.Simple;
const address = (index: number) => `ada${index}@example.org`;
const header = (Name: string, Value: string) => ({ Content: { Simple: { ...simple, Headers: [{ Name, Value }] } } });
const attachment = (members: object) => ({
  Content: { Simple: { ...simple, Attachments: [{ FileName: "a", RawContent: bytes, ...members }] } },
});

describe("what SES refuses", () => {
  const refused: readonly [string, Partial<SendEmailCommandInput>, RegExp][] = [
    ["no sender", { FromEmailAddress: undefined }, /FromEmailAddress/],
    ["no recipient", { Destination: {} }, /recipient/],
    ["51 recipients", { Destination: { ToAddresses: Array.from({ length: 51 }, (_, i) => address(i)) } }, /exceeds 50/],
    ["an address without a domain", { Destination: { ToAddresses: ["ada"] } }, /Missing final '@domain'/],
    ["two addresses in one string", { Destination: { CcAddresses: ["a@example.org, b@example.org"] } }, /illegal/],
    ["a name that is not encoded", { FromEmailAddress: "Jürgen <j@example.org>" }, /not ASCII/],
    ["a local part outside ASCII", { Destination: { ToAddresses: ["jürgen@example.org"] } }, /not ASCII/],
    ["a malformed reply-to", { ReplyToAddresses: ["a@@example.org"] }, /malformed/],
    ["no content", { Content: {} }, /Exactly one/],
    ["raw content, which the simulator does not read", { Content: { Raw: { Data: bytes } } }, /simulator/],
    ["no subject", { Content: { Simple: { Subject: undefined, Body: simple.Body } } }, /Subject/],
    ["no body", { Content: { Simple: { Subject: { Data: "" }, Body: {} } } }, /Text or Html/],
    ["a template without a name", { Content: { Template: { TemplateData: "{}" } } }, /TemplateName/],
    ["template data that are no object", { Content: { Template: { TemplateName: "a", TemplateData: "[" } } }, /JSON/],
    ["a reserved header", header("Reply-To", "a@example.org"), /not allowed: Reply-To/],
    ["a header name with a space", header("X Y", "z"), /header name/],
    ["a header name of 127 characters", header("x".repeat(127), "z"), /header name/],
    ["a header value outside ASCII", header("X-Y", "ü"), /header value/],
    ["an empty header value", header("X-Y", ""), /header value/],
    ["a header value of 996 characters", header("X", "v".repeat(996)), /header value/],
    ["a header of 997 characters", header("Xy", "v".repeat(995)), /996 characters/],
    [
      "16 headers",
      {
        Content: {
          Simple: { ...simple, Headers: Array.from({ length: 16 }, (_, i) => ({ Name: `X-${i}`, Value: "v" })) },
        },
      },
      /less than or equal to 15/,
    ],
    ["a tag with a space", { EmailTags: [{ Name: "a", Value: "b c" }] }, /Tag names and values/],
    ["a tag of 257 characters", { EmailTags: [{ Name: "a".repeat(257), Value: "b" }] }, /Tag names and values/],
    ["an unknown disposition", attachment({ ContentDisposition: "ASIDE" }), /ContentDisposition/],
    ["a content id of 79 characters", attachment({ ContentId: "c".repeat(79) }), /ContentId/],
    ["a file name of 256 characters", attachment({ FileName: "f".repeat(256) }), /FileName/],
    ["an unknown charset", { Content: { Simple: { ...simple, Subject: { Data: "a", Charset: "x" } } } }, /charset/],
    ["more than 40 MB", attachment({ RawContent: new Uint8Array(32 * 1024 * 1024) }), /more than 41943040 bytes long/],
  ];

  it.each(refused)("%s", async (_, changed, message) => {
    await expect(client.send(new SendEmailCommand({ ...input, ...changed }))).rejects.toMatchObject({
      name: "BadRequestException",
      message: expect.stringMatching(message),
    });
    expect(esp.inbox).toEqual([]);
  });

  it("but takes 50 recipients, 15 headers, a header of 996 characters and 23 MB", async () => {
    const Headers = Array.from({ length: 15 }, (_, i) => ({
      Name: String.fromCharCode(65 + i),
      Value: "v".repeat(995),
    }));
    const Attachments = [{ FileName: "a", RawContent: new Uint8Array(23 * 1024 * 1024) }];
    const ToAddresses = Array.from({ length: 50 }, (_, i) => address(i));
    const Content = { Simple: { ...simple, Headers, Attachments } };
    await client.send(new SendEmailCommand({ ...input, Destination: { ToAddresses }, Content }));
    expect(esp.inbox[0]?.to).toHaveLength(50);
    expect(esp.inbox[0]?.headers).toHaveLength(15);
    expect(esp.inbox[0]?.attachments[0]?.content.byteLength).toBe(23 * 1024 * 1024);
  });

  it.each([
    ["another path", { path: "/v2/email/outbound-calls" }, 404, "UnknownOperationException"],
    ["another method", { method: "PUT" }, 404, "UnknownOperationException"],
  ])("%s", async (_, changed, status, type) => {
    const request = { ...(await sesRequest(esp.options)), ...changed };
    expect(await exchange(esp.url, request)).toMatchObject({ status, headers: { "x-amzn-errortype": type } });
  });
});
