import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attachment, faultsWith, prepareWith } from "./preparing.ts";

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "steadymail-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function contentOf(content: unknown, changes: Record<string, unknown> = {}): Promise<Uint8Array | undefined> {
  const draft = await prepareWith(attachment(content, changes));
  return draft.attachments[0]?.content;
}

async function* inPieces(...pieces: unknown[]) {
  yield* pieces;
}

function webStream(...pieces: unknown[]) {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

describe("the content of an attachment", () => {
  it.each<[string, () => unknown]>([
    ["a Uint8Array", () => bytes],
    ["a Buffer", () => Buffer.from(bytes)],
    ["a view into a larger buffer", () => Buffer.concat([Buffer.of(9), bytes, bytes]).subarray(1, 1001)],
    ["a Blob", () => new Blob([bytes])],
    ["a File", () => new File([bytes], "other-name.txt")],
    ["a ReadableStream", () => webStream(bytes.slice(0, 10), bytes.slice(10, 10), bytes.slice(10))],
    ["a byte stream", () => new Blob([bytes]).stream()],
    ["a Node stream", () => Readable.from([Buffer.from(bytes.slice(0, 999)), Buffer.from(bytes.slice(999))])],
    ["an async generator", () => inPieces(bytes.slice(0, 500), bytes.slice(500))],
    ["an async iterable that can be read again", () => ({ [Symbol.asyncIterator]: () => inPieces(bytes) })],
    ["hundreds of pieces", () => inPieces(...Array.from(bytes, (byte) => Uint8Array.of(byte)))],
  ])("may be %s", async (_, make) => {
    expect(await contentOf(make())).toEqual(bytes);
  });

  it("may be a string in UTF-8 or base64, wrapped lines included", async () => {
    expect(await contentOf("é😀", { encoding: "utf8" })).toEqual(new TextEncoder().encode("é😀"));
    const wrapped = Buffer.from(bytes).toString("base64").replace(/.{76}/g, "$&\r\n");
    expect(await contentOf(wrapped, { encoding: "base64" })).toEqual(bytes);
    expect(await contentOf("", { encoding: "base64" })).toEqual(new Uint8Array());
  });

  it("may be a file", async () => {
    const path = join(folder, "whole.bin");
    await writeFile(path, bytes);
    expect(await contentOf(undefined, { path })).toEqual(bytes);
  });

  it("may be empty, by any way of giving it", async () => {
    const path = join(folder, "empty.bin");
    await writeFile(path, "");
    for (const content of [new Uint8Array(), new Blob([]), webStream(), inPieces(), Readable.from([])]) {
      expect(await contentOf(content)).toEqual(new Uint8Array());
    }
    expect(await contentOf(undefined, { path })).toEqual(new Uint8Array());
  });

  it("may come in pieces that share one buffer", async () => {
    const buffer = new Uint8Array(2);
    async function* refilled() {
      for (const value of [1, 2, 3]) yield buffer.fill(value);
    }
    expect(await contentOf(refilled())).toEqual(Uint8Array.of(1, 1, 2, 2, 3, 3));
  });

  it("counts towards the size of the message", async () => {
    const draft = await prepareWith({
      html: "é",
      attachments: [
        { filename: "a", content: bytes },
        { filename: "b", content: webStream(bytes) },
      ],
    });
    expect(draft.size).toBe(10 + 2 + 2000);
  });
});

describe("the content of an attachment is refused", () => {
  const kinds = /^attachments\[0\]\.content: must be a Uint8Array, a Blob/;
  const readBefore = /^attachments\[0\]\.content: was read before/;

  it.each<[string, () => unknown, RegExp]>([
    ["a number", () => 5, kinds],
    ["null", () => null, kinds],
    ["an array", () => [1, 2], kinds],
    ["an ArrayBuffer", () => new ArrayBuffer(2), kinds],
    ["a promise", () => Promise.resolve(bytes), kinds],
    ["a plain object", () => ({}), kinds],
    ["a function", () => () => bytes, kinds],
    ["nothing", () => undefined, /content: is missing; give content or path/],
    ["a string without encoding", () => "text", /content: is a string and so needs an encoding/],
    ["a stream of strings", () => webStream("text"), /content: gives something other than bytes/],
    ["a Node stream of strings", () => Readable.from(["text"]), /content: gives something other than bytes/],
    ["an iterable of numbers", () => inPieces(bytes, 5), /content: gives something other than bytes/],
    ["an iterator without results", () => ({ [Symbol.asyncIterator]: () => ({ next: () => 5 }) }), /content: /],
    [
      "an iterator that throws",
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => fail("secret") }) }),
      /\(RangeError\)/,
    ],
    ["an iterable that throws", () => ({ [Symbol.asyncIterator]: () => fail("secret") }), /\(RangeError\)/],
    ["a stream with a reader", () => locked(webStream(bytes)), readBefore],
    ["a stream that was cancelled", () => cancelled(webStream(bytes)), readBefore],
    ["a Node stream that was destroyed", () => Readable.from([bytes]).destroy(), readBefore],
  ])("when it is %s", async (_, make, expected) => {
    const faults = await faultsWith(attachment(make()));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(expected);
    expect(faults[0]).not.toContain("secret");
  });

  it("when a stream breaks half-way, with no more than the error's code or name", async () => {
    const broken = Object.assign(new Error("secret path"), { code: "ECONNRESET" });
    async function* half() {
      yield bytes;
      throw broken;
    }
    const web = new ReadableStream({ pull: (controller) => controller.error(broken) });
    for (const content of [half(), web, Readable.from(half())]) {
      expect(await faultsWith(attachment(content))).toEqual(["attachments[0].content: could not be read (ECONNRESET)"]);
    }
    const odd = [Promise.reject(null), Promise.reject({ code: "a b@c.de", name: 7 })];
    expect(await faultsWith({ text: odd[0], html: odd[1] })).toEqual([
      "text: could not be read (an error without a name)",
      "html: could not be read (an error without a name)",
    ]);
  });

  it("when a stream was read for an earlier message, or is another attachment's too", async () => {
    for (const make of [() => inPieces(bytes), () => Readable.from([bytes]), () => webStream(bytes)]) {
      const content = make();
      await prepareWith(attachment(content));
      expect((await faultsWith(attachment(content)))[0]).toMatch(readBefore);

      const shared = make();
      const attachments = ["a", "b"].map((filename) => ({ filename, content: shared }));
      expect(await faultsWith({ attachments })).toEqual([
        expect.stringMatching(/^attachments\[1\]\.content: was read before/),
      ]);
    }
  });

  it("when the base64 is not what it says", async () => {
    for (const content of ["a", "QQ", "QQ=", "Q===", "QR==", "Q-_=", "QQ==QQ==", "é===", "data:;base64,QQ=="]) {
      expect(await faultsWith(attachment(content, { encoding: "base64" }))).toEqual([
        "attachments[0].content: is not valid base64 (RFC 4648 §4, with padding)",
      ]);
    }
  });

  it("when its encoding makes no sense", async () => {
    expect(await faultsWith(attachment("text", { encoding: "latin1" }))).toHaveLength(1);
    expect(await faultsWith(attachment("\ud800", { encoding: "utf8" }))).toEqual([
      expect.stringMatching(/half of a surrogate pair/),
    ]);
    expect(await faultsWith(attachment(bytes, { encoding: "base64" }))).toEqual([
      "attachments[0].content: has an encoding although it is not a string",
    ]);
  });

  it("when a file is missing, is a folder, or has an impossible name, without showing its path", async () => {
    const paths: [unknown, string][] = [
      [join(folder, "missing.pdf"), "could not be read (ENOENT)"],
      [folder, "is not a regular file"],
      ["/dev/zero", "is not a regular file"],
      ["a\0b", "could not be read (ERR_INVALID_ARG_VALUE)"],
      [5, "must be a string"],
    ];
    for (const [path, expected] of paths) {
      expect(await faultsWith(attachment(undefined, { path }))).toEqual([`attachments[0].path: ${expected}`]);
    }
    expect(await faultsWith(attachment(bytes, { path: "x" }))).toEqual([
      "attachments[0].content: is given beside path; give one of them",
    ]);
  });

  it("in the order of the attachments, whichever fails first", async () => {
    const slow = new ReadableStream({
      pull: async (controller) => {
        for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
        controller.error(new RangeError());
      },
    });
    const attachments = [slow, 5, slow].map((content) => ({ filename: "a", content }));
    const faults = await faultsWith({ attachments, html: Promise.reject(new TypeError()) });
    expect(faults.map((fault) => fault.split(":")[0])).toEqual([
      "html",
      "attachments[0].content",
      "attachments[1].content",
      "attachments[2].content",
    ]);
  });
});

describe("the other fields of an attachment", () => {
  it("default to the type that the file name tells", async () => {
    const types: [string, string][] = [
      ["invoice.PDF", "application/pdf"],
      ["logo.png", "image/png"],
      ["請求書.pdf", "application/pdf"],
      ["README", "application/octet-stream"],
      ["pdf", "application/octet-stream"],
      ["x.constructor", "application/octet-stream"],
      ["x.__proto__", "application/octet-stream"],
    ];
    const attachments = types.map(([filename]) => ({ filename, content: bytes }));
    const draft = await prepareWith({ attachments });
    expect(draft.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual(types);
  });

  it("are kept, the Content-ID without its brackets", async () => {
    const draft = await prepareWith({
      attachments: [
        { filename: "a", content: bytes, contentType: 'text/plain; charset="utf-8"', contentId: "<logo@example.com>" },
        { filename: "b", content: bytes, contentType: "image/svg+xml", contentId: "logo" },
      ],
    });
    expect(draft.attachments.map(({ content: _, ...rest }) => rest)).toEqual([
      { filename: "a", contentType: 'text/plain; charset="utf-8"', contentId: "logo@example.com" },
      { filename: "b", contentType: "image/svg+xml", contentId: "logo" },
    ]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ filename: undefined }, "filename: must be a string"],
    [{ filename: "" }, "filename: is empty"],
    [{ filename: 'a"\r\nX: y' }, "filename: holds a line break"],
    [{ filename: "a\0.pdf" }, "filename: holds a NUL"],
    [{ contentType: "pdf" }, "contentType: is not a media type"],
    [{ contentType: "text/" }, "contentType: is not a media type"],
    [{ contentType: "a/b; x=é" }, "contentType: is not a media type"],
    [{ contentType: "text/plain\r\nX: y" }, "contentType: holds a line break"],
    [{ contentType: 5 }, "contentType: must be a string"],
    [{ contentId: "" }, "contentId: is empty"],
    [{ contentId: "<>" }, "contentId: is no Content-ID"],
    [{ contentId: "a b" }, "contentId: is no Content-ID"],
    [{ contentId: "<<a>>" }, "contentId: is no Content-ID"],
    [{ contentId: "é" }, "contentId: is no Content-ID"],
    [{ contentId: "a\nb" }, "contentId: holds a line break"],
    [{ cid: "logo" }, "cid: is not a known field"],
    [{ content_type: "a/b" }, "content_type: is not a known field; did you mean contentType?"],
  ])("are refused: %j", async (changes, expected) => {
    const faults = await faultsWith(attachment(bytes, changes));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`attachments[0].${expected}`);
  });

  it("are refused where two attachments have the same Content-ID", async () => {
    const attachments = ["logo", "<logo>"].map((contentId) => ({ filename: "a", content: bytes, contentId }));
    expect(await faultsWith({ attachments })).toEqual([
      "attachments[1].contentId: is the Content-ID of an earlier attachment too",
    ]);
  });

  it("are refused where the attachment is no object", async () => {
    expect(await faultsWith({ attachments: [null, "a.pdf"] })).toEqual([
      expect.stringMatching(/^attachments\[0\]: must be an attachment/),
      expect.stringMatching(/^attachments\[1\]: must be an attachment/),
    ]);
  });
});

function fail(message: string): never {
  throw new RangeError(message);
}

function locked(stream: ReadableStream) {
  stream.getReader();
  return stream;
}

function cancelled(stream: ReadableStream) {
  void stream.cancel();
  return stream;
}
