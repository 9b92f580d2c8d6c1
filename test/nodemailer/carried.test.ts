import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { arrived, type Mail, mail, transporterOver } from "./harness.ts";

const bytes = Uint8Array.from({ length: 3_000 }, (_, at) => (at * 31) % 256);
let folder = "";
let url = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nodemailer-"));
  await writeFile(join(folder, "terms v1.bin"), bytes);
  await writeFile(join(folder, "body.html"), "<p>Grüße</p>");
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/missing")) response.writeHead(404);
    response.end(Buffer.from(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  };
});

describe("addresses", () => {
  it.each([
    ["a text", "Ada <ada@example.org>", [{ name: "Ada", address: "ada@example.org" }]],
    [
      "a text with several",
      'ada@example.org, "Doe, Jane" <jane@example.org>',
      [{ address: "ada@example.org" }, { name: "Doe, Jane", address: "jane@example.org" }],
    ],
    ["an object", { name: "Ada", address: "ada@example.org" }, [{ name: "Ada", address: "ada@example.org" }]],
    [
      "an array of both",
      ["ada@example.org, bob@example.org", { name: "Eve", address: "eve@example.org" }],
      [{ address: "ada@example.org" }, { address: "bob@example.org" }, { name: "Eve", address: "eve@example.org" }],
    ],
    [
      "a group",
      "Team: ada@example.org, Bob <bob@example.org>;",
      [{ address: "ada@example.org" }, { name: "Bob", address: "bob@example.org" }],
    ],
    [
      "letters beyond ASCII",
      "Jürgen <jürgen@bücher.example>",
      [{ name: "Jürgen", address: "jürgen@xn--bcher-kva.example" }],
    ],
  ])("given as %s arrive", async (_, given, expected) => {
    for (const field of ["to", "cc", "bcc", "replyTo"] as const) {
      expect((await arrived({ [field]: given }))[field]).toEqual(expected);
    }
  });

  it("of the sender arrive, also where it is named a second time", async () => {
    const from = { name: "Shop", address: "orders@example.com" };
    expect((await arrived({ from, sender: "orders@example.com" })).from).toEqual(from);
    expect((await arrived({ from: [from] })).from).toEqual(from);
    const idn = "Shop <orders@bücher.example>";
    expect((await arrived({ from: idn, sender: idn })).from.address).toBe("orders@xn--bcher-kva.example");
  });

  it("that the envelope repeats arrive, in whichever form it has them", async () => {
    const envelope = { from: "orders@example.com", to: ["ada@example.org", "Hidden <archive@example.com>"] };
    expect((await arrived({ bcc: "archive@example.com", envelope })).bcc).toEqual([{ address: "archive@example.com" }]);
    for (const to of ['"Doe, Jane" <jane@example.org>, bob@example.org', "Team: Jürgen <j@bücher.example>;"]) {
      expect((await arrived({ to, envelope: { from: "Shop <orders@example.com>", to } })).subject).toBe("Your order");
    }
  });
});

describe("texts", () => {
  const given = (): readonly (readonly [string, Mail["html"]])[] => [
    ["a text", "<p>Grüße</p>"],
    ["a Buffer", Buffer.from("<p>Grüße</p>")],
    ["a stream", Readable.from([Buffer.from("<p>Gr"), Buffer.from("üße</p>")])],
    ["a file", { path: join(folder, "body.html") }],
    ["a content", { content: "<p>Grüße</p>" }],
    ["an encoded content", { content: Buffer.from("<p>Grüße</p>").toString("base64"), encoding: "base64" }],
    ["a data URI", { path: `data:text/html;base64,${Buffer.from("<p>Grüße</p>").toString("base64")}` }],
  ];

  it("arrive, however they are given", async () => {
    for (const field of ["text", "html"] as const) {
      for (const [how, value] of given()) {
        expect((await arrived({ [field]: value }))[field], `${field} as ${how}`).toBe("<p>Grüße</p>");
      }
    }
  });

  it("may be missing beside an attachment", async () => {
    const message = await arrived({ text: undefined, attachments: [{ filename: "a.txt", content: "x" }] });
    expect(message.text).toBe("");
    expect(message.attachments).toHaveLength(1);
  });

  it("of html alone stay alone", async () => {
    expect(await arrived({ text: undefined, html: "<p>x</p>" })).not.toHaveProperty("text");
  });

  it("with images as data URIs have them as attachments", async () => {
    const html = `<img src="data:image/png;base64,${Buffer.from(bytes).toString("base64")}">`;
    const message = await arrived({ html, attachDataUrls: true });
    const [image] = message.attachments;
    expect(image).toMatchObject({ contentType: "image/png", contentId: expect.stringMatching(/@/) });
    expect(new Uint8Array(image?.content ?? [])).toEqual(bytes);
    expect(message.html).toBe(`<img src="cid:${image?.contentId}">`);
  });
});

describe("attachments", () => {
  it("arrive byte by byte, however they are given", async () => {
    const base64 = Buffer.from(bytes).toString("base64");
    const message = await arrived({
      attachments: [
        { filename: "a.bin", content: Buffer.from(bytes) },
        { filename: "b.bin", content: Readable.from([bytes.subarray(0, 1_000), bytes.subarray(1_000)]) },
        { filename: "c.bin", content: base64, encoding: "base64" },
        { filename: "d.bin", content: Buffer.from(bytes).toString("hex"), encoding: "hex" },
        { path: join(folder, "terms v1.bin") },
        { path: `${url}/files/from-path.bin?version=2` },
        { href: `${url}/from-href.bin` },
        { filename: "e.bin", path: `data:application/x-thing;base64,${base64}` },
      ],
    });
    expect(message.attachments.map(({ filename }) => filename)).toEqual([
      "a.bin",
      "b.bin",
      "c.bin",
      "d.bin",
      "terms v1.bin",
      "from-path.bin",
      "from-href.bin",
      "e.bin",
    ]);
    for (const { content } of message.attachments) expect(new Uint8Array(content)).toEqual(bytes);
    expect(message.attachments.at(-1)?.contentType).toBe("application/x-thing");
  });

  it("have the name, type and Content-ID that they were given, or those that Nodemailer makes up", async () => {
    const { attachments } = await arrived({
      html: '<img src="cid:logo">',
      attachments: [
        { filename: "Rechnung für März.pdf", content: "x" },
        { filename: "notes", content: "x", contentType: "text/x-notes; charset=utf-8" },
        { content: "x", contentType: "application/pdf" },
        { filename: false, content: "x", contentType: "image/png" },
        { filename: "logo.png", content: "x", cid: "logo", contentDisposition: "inline" },
        { filename: "empty.txt", content: "" },
      ],
    });
    expect(attachments.map(({ filename, contentType, contentId }) => [filename, contentType, contentId])).toEqual([
      ["Rechnung für März.pdf", "application/pdf", undefined],
      ["notes", "text/x-notes; charset=utf-8", undefined],
      ["attachment-3.pdf", "application/pdf", undefined],
      ["attachment-4.png", "image/png", undefined],
      ["logo.png", "image/png", "logo"],
      ["empty.txt", "text/plain", undefined],
    ]);
    expect(attachments.at(-1)?.content).toHaveLength(0);
  });

  it("that are objects of a class of the app's arrive", async () => {
    class Invoice {
      readonly filename = "invoice.txt";
      readonly content = Readable.from(["42"]);
    }
    const invoice = new Invoice();
    const { content } = invoice;
    const { attachments } = await arrived({ attachments: [invoice] });
    expect(Buffer.from(attachments[0]?.content ?? []).toString()).toBe("42");
    expect(invoice.content).toBe(content);
  });

  it("of the caller's are not changed", async () => {
    const stream = Readable.from([bytes]);
    const attachments = [{ path: join(folder, "terms v1.bin") }, { filename: "b.bin", content: stream }];
    await arrived({ attachments });
    expect(attachments).toEqual([{ path: join(folder, "terms v1.bin") }, { filename: "b.bin", content: stream }]);
    expect(attachments[1]?.content).toBe(stream);
  });

  it.each(["icalEvent", "alternatives"] as const)("hold a calendar that is given as %s", async (field) => {
    const content = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR";
    const contentType = "text/calendar; charset=utf-8; method=REQUEST";
    const fields = { icalEvent: { method: "request", content }, alternatives: [{ contentType, content }] };
    const { attachments } = await arrived({ [field]: fields[field] });
    expect(attachments).toMatchObject([{ filename: "invite.ics", contentType }]);
    const named = {
      icalEvent: { filename: "party.ics", content },
      alternatives: [{ contentType, filename: "party.ics", content }],
    };
    expect((await arrived({ [field]: named[field] })).attachments).toMatchObject([{ filename: "party.ics" }]);
    expect(Buffer.from(attachments[0]?.content ?? []).toString()).toBe(content);
  });
});

describe("what Nodemailer has no fields for", () => {
  it("arrives from steadymail, of the mail before that of the transport", async () => {
    const steadymail = { id: "order-4711", tags: ["order"], metadata: { number: "4711" }, tracking: { opens: true } };
    const { transporter, provider } = transporterOver({ steadymail: { tags: ["mail"], onUnknown: "stop" } });
    await transporter.sendMail({ ...mail, ...{ steadymail } });
    expect(provider.inbox[0]).toMatchObject({
      id: "order-4711",
      message: { tags: ["order"], metadata: [["number", "4711"]], tracking: { opens: true, clicks: false } },
    });
  });

  it("can come from the transporter's defaults", async () => {
    const { transporter, standby } = transporterOver(
      {},
      {},
      { from: "Shop <orders@example.com>", steadymail: { only: ["second"] } },
    );
    await transporter.sendMail({ to: "ada@example.org", subject: "x", text: "x" });
    expect(standby.inbox).toHaveLength(1);
  });
});

it("a subject that is a number arrives", async () => {
  const { subject } = await arrived({ ...{ subject: 4711 } } as unknown as Mail);
  expect(subject).toBe("4711");
});

it("fields about the form of a mail that the provider writes have no effect", async () => {
  const plain = await arrived({});
  const message = await arrived({
    encoding: "base64",
    textEncoding: "base64",
    newline: "linux",
    boundaryPrefix: "b",
    baseBoundary: "c",
    normalizeHeaderKey: (key: string) => key,
    maxRecipients: 10,
  } as Mail);
  expect(message).toEqual(plain);
});
