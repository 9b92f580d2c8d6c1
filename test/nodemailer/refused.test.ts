import { Readable } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import { isSteadyMailError } from "../../src/index.ts";
import { steadymailTransport } from "../../src/nodemailer/index.ts";
import { arrived, type Mail, mail, problemsOf, transporterOver } from "./harness.ts";

const fields: readonly (readonly [string, Mail])[] = [
  ["messageId", { messageId: "<mine@example.com>" }],
  ["date", { date: new Date(0) }],
  ["sender", { sender: "other@example.com" }],
  ["envelope", { envelope: { from: "bounces@example.com", to: "ada@example.org" } }],
  ["envelope", { envelope: { from: "orders@example.com", to: "other@example.org" } }],
  ["dsn", { dsn: { notify: "success" } }],
  ["requireTLSExtensionEnabled", { requireTLSExtensionEnabled: true }],
  ["auth", { auth: { user: "a", pass: "b" } }],
  ["ses", { ses: { ConfigurationSetName: "x" } }],
  ["dkim", { dkim: { domainName: "example.com", keySelector: "k", privateKey: "x" } }],
  ["amp", { amp: "<html amp4email></html>" }],
  ["watchHtml", { watchHtml: "<p>x</p>" }],
  ["alternatives", { alternatives: [{ contentType: "text/x-web-markdown", content: "*x*" }] }],
];

describe("a mail with", () => {
  it.each(fields)("%s is refused, unless that is to be ignored", async (field, given) => {
    const problems = await problemsOf(given);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.split(/[[:]/)[0]).toBe(field);
    expect(await arrived(given, { ignore: [field as "date"] })).toMatchObject({
      subject: "Your order",
      attachments: [],
    });
  });

  it.each([
    ["raw", { raw: "From: x\r\n\r\nx" }],
    ["from", { from: "a@example.com, b@example.com" }],
    ["headers.X-Two", { headers: { "X-Two": ["1", "2"] } }],
    [
      "headers.X-two",
      {
        headers: [
          { key: "X-Two", value: "1" },
          { key: "X-two", value: "2" },
        ],
      },
    ],
    ["text.raw", { text: { raw: "Content-Type: text/plain\r\n\r\nx" } }],
    ["html.headers", { html: { content: "<p>x</p>", headers: { "X-Part": "1" } } }],
    ["icalEvent.raw", { icalEvent: { raw: "Content-Type: text/calendar\r\n\r\nx" } }],
    ["to", { to: [], bcc: "ada@example.org" }],
    ["attachments[0].raw", { attachments: [{ raw: "Content-Type: text/plain\r\n\r\nx" }] }],
    ["attachments[0].headers", { attachments: [{ content: "x", headers: { "X-Part": "1" } }] }],
    ["attachments[0].contentDisposition", { attachments: [{ content: "x", contentDisposition: "inline" }] }],
    ["headers.Return-Path", { headers: { "Return-Path": "<x@example.com>" } }],
  ] as readonly (readonly [string, Mail])[])("%s is refused", async (path, given) => {
    const problems = await problemsOf(given);
    expect(problems.map((problem) => problem.split(": ")[0])).toEqual([path]);
  });

  it.each([
    ["a Blob", new Blob(["x"])],
    ["a web stream", new Blob(["x"]).stream()],
    ["an ArrayBuffer", new ArrayBuffer(1)],
    ["a number", 1],
  ])("%s as content, which Nodemailer does not read, is refused and not sent empty", async (_, content) => {
    const given = { text: content, attachments: [{ filename: "a.txt", content }] } as unknown as Mail;
    const what = "is neither text nor bytes, nor a stream of Node.js";
    expect((await problemsOf(given)).toSorted()).toEqual([`attachments[0]: ${what}`, `text: ${what}`]);
  });

  it("an alternative that is to be ignored does not have to be there", async () => {
    const alternatives = [{ contentType: "text/x-web-markdown", path: "/does/not/exist.md" }];
    expect(await arrived({ alternatives }, { ignore: ["alternatives"] })).toMatchObject({ attachments: [] });
  });

  it("much that cannot be carried is told all of it at once", async () => {
    const problems = await problemsOf({
      date: new Date(0),
      amp: "x",
      attachments: [{ content: "x" }, { content: "x", headers: { "X-Part": "1" } }],
    });
    expect(problems.map((problem) => problem.split(": ")[0])).toEqual(["date", "amp", "attachments[1].headers"]);
  });

  it("a content that cannot be read is refused, by its place and a code, without its name", async () => {
    const broken = new Readable({ read() {} });
    setImmediate(() => broken.destroy(Object.assign(new Error("of ada@example.org"), { code: "EBROKEN" })));
    const problems = await problemsOf({
      attachments: [
        { path: "/does/not/exist/secret.pdf" },
        { filename: "b.bin", content: broken },
        { filename: "c.bin", href: "http://127.0.0.1:1/secret" },
      ],
    });
    expect(problems.toSorted()).toEqual([
      "attachments[0]: could not be read (ENOENT)",
      "attachments[1]: could not be read (EBROKEN)",
      expect.stringMatching(/^attachments\[2\]: could not be read \(E[A-Z]+\)$/),
    ]);
  });

  it("a stream that does not end is not waited for when the time is over, and let go", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const stream = new Readable({ read() {} });
    const { transporter } = transporterOver();
    const sending = transporter
      .sendMail({ ...mail, text: stream, ...{ steadymail: { deadline: 500 } } })
      .catch((error) => error);
    await vi.advanceTimersByTimeAsync(500);
    const error: unknown = await sending;
    expect(isSteadyMailError(error) && error).toMatchObject({
      kind: "unavailable",
      sent: "no",
      retryable: true,
      attempts: [],
    });
    vi.useRealTimers();
    expect(stream.destroyed).toBe(true);
  });

  it.each([
    ["disableFileAccess", { path: "/etc/hostname" }, "attachments[0]: is a file, and disableFileAccess is set"],
    ["disableUrlAccess", { href: "http://127.0.0.1:1/x" }, "attachments[0]: is a URL, and disableUrlAccess is set"],
    ["disableUrlAccess", { path: "http://127.0.0.1:1/x" }, "attachments[0]: is a URL, and disableUrlAccess is set"],
  ])("%s reads no such content", async (flag, attachment, problem) => {
    expect(await problemsOf({ [flag]: true, attachments: [attachment] })).toEqual([problem]);
    expect(await problemsOf({ [flag]: true, html: attachment })).toEqual([problem.replace("attachments[0]", "html")]);
  });
});

it.each([[undefined], [{}], [{ host: "smtp.example.com" }]])("what is no mailer is refused at once: %s", (mailer) => {
  expect(() => Reflect.apply(steadymailTransport, undefined, [mailer])).toThrow(
    /^steadymailTransport: mailer must be what createMailer\(\) returns, but is /,
  );
});

it("an option that does not exist is told at once", () => {
  const { mailer } = transporterOver();
  expect(() => steadymailTransport(mailer, { ignored: [] } as object)).toThrow(
    /"ignored" is no option; there are steadymail, ignore/,
  );
  expect(() => steadymailTransport(mailer, { ignore: ["raw" as never] })).toThrow(
    /ignore names a field that it cannot/,
  );
});
