import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll } from "vitest";
import type { Attachment } from "../../src/index.ts";
import { useEsps } from "./support/esps.ts";
import { describeFeatures, type Feature } from "./support/features.ts";

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const png = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10, 0, 255);
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

const directory = await mkdtemp(join(tmpdir(), "steadymail-"));
afterAll(() => rm(directory, { recursive: true }));
const path = join(directory, "stored.bin");
await writeFile(path, everyByte);

async function* inChunks(): AsyncIterable<Uint8Array> {
  yield everyByte.subarray(0, 100);
  yield new Uint8Array();
  yield everyByte.subarray(100);
}

const sources: readonly (readonly [what: string, source: () => Attachment])[] = [
  ["a Uint8Array", () => ({ filename: "a.bin", content: everyByte })],
  ["a Buffer", () => ({ filename: "a.bin", content: Buffer.from(everyByte) })],
  [
    "a part of a larger buffer",
    () => ({
      filename: "a.bin",
      content: Buffer.concat([Buffer.alloc(7), everyByte, Buffer.alloc(9)]).subarray(7, 263),
    }),
  ],
  ["a Blob", () => ({ filename: "a.bin", content: new Blob([everyByte]) })],
  ["a ReadableStream", () => ({ filename: "a.bin", content: new Blob([everyByte]).stream() })],
  ["an AsyncIterable", () => ({ filename: "a.bin", content: inChunks() })],
  ["a stream of Node", () => ({ filename: "a.bin", content: Readable.from(inChunks()) })],
  [
    "base64",
    () => ({ filename: "a.bin", content: Buffer.from(everyByte).toString("base64"), encoding: "base64" as const }),
  ],
  [
    "base64 in lines",
    () => ({
      filename: "a.bin",
      content: Buffer.from(everyByte).toString("base64").replace(/.{76}/g, "$&\r\n"),
      encoding: "base64" as const,
    }),
  ],
  ["a path", () => ({ filename: "a.bin", path })],
];

const filenames = [
  "Rechnung Größe.pdf",
  "請求書.pdf",
  "😀.pdf",
  'the "final" one.pdf',
  "a;b=c.pdf",
  "100% off.pdf",
  "../etc/passwd.pdf",
  "C:\\temp\\a.pdf",
  "it's, 'quoted' <here> & there.pdf",
  " blanks around .pdf",
  ".pdf",
  `${"x".repeat(200)}.pdf`,
  "=?UTF-8?Q?a?=.pdf",
];

/** A file whose type follows from its name. */
function pdf(filename: string, content = "%PDF-1.7") {
  return { filename, contentType: "application/pdf", content: bytes(content) };
}

function typed(contentType: string) {
  return { filename: "a.dat", contentType, content: bytes("a") };
}

const files: readonly Feature[] = [
  ...sources.map(([what, source]) => ({
    what: `an attachment from ${what}`,
    message: () => ({ attachments: [source()] }),
    arrives: { attachments: [{ filename: "a.bin", contentType: "application/octet-stream", content: everyByte }] },
  })),
  {
    what: "an attachment from a text",
    message: { attachments: [{ filename: "a.txt", content: "Grüße\r\n😀\n", encoding: "utf8" }] },
    arrives: { attachments: [{ filename: "a.txt", contentType: "text/plain", content: bytes("Grüße\r\n😀\n") }] },
  },
  ...filenames.map((filename) => ({
    what: `a file with the name ${filename}`,
    message: { attachments: [{ filename, content: bytes("%PDF-1.7"), contentType: "application/pdf" }] },
    arrives: { attachments: [pdf(filename)] },
  })),
  {
    // A form writes a quote as %22, so that the two cannot be told apart (HTML standard, multipart/form-data).
    what: "a file with %22 in its name",
    message: { attachments: [pdf("100%22off.pdf")] },
    arrives: { attachments: [pdf("100%22off.pdf")] },
    at: { mailgun: { attachments: [pdf('100"off.pdf')] } },
  },
  {
    what: "files of one name, in their order",
    message: { attachments: ["1", "2", "3"].map((content) => pdf("a.pdf", content)) },
    arrives: { attachments: ["1", "2", "3"].map((content) => pdf("a.pdf", content)) },
  },
  {
    what: "30 files",
    message: { attachments: Array.from({ length: 30 }, (_, index) => pdf(`${index}.pdf`, `${index}`)) },
    arrives: { attachments: Array.from({ length: 30 }, (_, index) => pdf(`${index}.pdf`, `${index}`)) },
  },
  {
    // SendGrid and Mailjet refuse an empty string as content.
    what: "an empty file",
    message: { attachments: [pdf("a.pdf", "")] },
    arrives: { attachments: [pdf("a.pdf", "")] },
    refused: { sendgrid: ["attachments"], mailjet: ["attachments"] },
  },
  {
    what: "a file with line breaks of every kind",
    message: { attachments: [pdf("a.pdf", "\r\na\nb\rc\r\n--\r\n")] },
    arrives: { attachments: [pdf("a.pdf", "\r\na\nb\rc\r\n--\r\n")] },
  },
  {
    what: "types that follow from the names, whatever their case",
    message: {
      attachments: ["A.PDF", "a.png", "a.ics", "a.unknown", "README"].map((filename) => ({ filename, content: png })),
    },
    arrives: {
      attachments: [
        ["A.PDF", "application/pdf"],
        ["a.png", "image/png"],
        ["a.ics", "text/calendar"],
        ["a.unknown", "application/octet-stream"],
        ["README", "application/octet-stream"],
      ].map(([filename = "", contentType = ""]) => ({ filename, contentType, content: png })),
    },
  },
  {
    what: "a type of another kind than the name's",
    message: { attachments: [typed("application/vnd.oasis.opendocument.text")] },
    arrives: { attachments: [typed("application/vnd.oasis.opendocument.text")] },
  },
  ...["text/plain; charset=utf-8", 'text/plain; charset="us-ascii"; format=flowed'].map(
    // SendGrid takes no parameters.
    (contentType): Feature => ({
      what: `a file of the type ${contentType}`,
      message: { attachments: [typed(contentType)] },
      arrives: { attachments: [typed(contentType)] },
      refused: { sendgrid: ["attachments"] },
    }),
  ),
  {
    // mailgun.js takes files as File, which has its type in small letters (File API, section 3.1).
    what: "a type in capitals",
    message: { attachments: [typed("Text/Calendar; charset=UTF-8; method=REQUEST")] },
    arrives: { attachments: [typed("Text/Calendar; charset=UTF-8; method=REQUEST")] },
    at: { mailgun: { attachments: [typed("text/calendar; charset=utf-8; method=request")] } },
    refused: { sendgrid: ["attachments"] },
  },
];

const logo = { filename: "logo.png", contentType: "image/png", contentId: "logo", content: png };
const banner = { ...logo, filename: "banner.png", contentId: "banner@shop.example.com" };
const html = '<img src="cid:logo"><img src="cid:banner@shop.example.com">';

const inline: readonly Feature[] = [
  {
    // At Mailgun the name of an inline file is its Content-ID.
    what: "images that are shown inline",
    message: { html, attachments: [logo, banner] },
    arrives: { html, attachments: [logo, banner] },
    at: {
      mailgun: {
        attachments: [
          { ...logo, filename: "logo" },
          { ...banner, filename: "banner@shop.example.com" },
        ],
      },
    },
  },
  {
    // Mailgun and Mailjet keep two lists.
    what: "inline images between ordinary files",
    message: { html, attachments: [logo, pdf("1.pdf"), banner, pdf("2.pdf")] },
    arrives: { html, attachments: [logo, pdf("1.pdf"), banner, pdf("2.pdf")] },
    at: {
      mailgun: {
        attachments: [
          pdf("1.pdf"),
          pdf("2.pdf"),
          { ...logo, filename: "logo" },
          { ...banner, filename: "banner@shop.example.com" },
        ],
      },
      mailjet: { attachments: [pdf("1.pdf"), pdf("2.pdf"), logo, banner] },
    },
  },
  {
    what: "a Content-ID in angle brackets",
    message: { html, attachments: [{ ...logo, contentId: "<logo>" }] },
    arrives: { html, attachments: [logo] },
    at: { mailgun: { attachments: [{ ...logo, filename: "logo" }] } },
  },
  {
    what: "an inline image without an html part",
    message: { attachments: [logo] },
    arrives: { attachments: [logo] },
    at: { mailgun: { attachments: [{ ...logo, filename: "logo" }] } },
  },
];

const esps = await useEsps();
describeFeatures("attachments", esps, files);
describeFeatures("inline attachments", esps, inline);
