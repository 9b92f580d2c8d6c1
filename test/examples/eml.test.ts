import { describe, expect, it } from "vitest";
import { messageFromEml } from "../../examples/eml.ts";
import { createMailer, isSteadyMailError, type Message, type Problem } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/index.ts";

const body = ["", "Hello"];

function eml(...lines: readonly string[]): Promise<Message> {
  return messageFromEml(Buffer.from(lines.join("\r\n")));
}

/** The problems that a mailer finds in the message, or none if it sends it. */
async function problemsOf(message: Message): Promise<readonly Problem[]> {
  await using mailer = createMailer({ providers: [memoryProvider()] });
  try {
    await mailer.send(message);
    return [];
  } catch (error) {
    if (isSteadyMailError(error) && error.kind === "invalid") return error.problems;
    throw error;
  }
}

describe("an .eml file becomes a message", () => {
  it("with the addresses of its headers, a group taken for its members", async () => {
    const message = await eml(
      "From: =?utf-8?q?J=C3=B6?= <jo@example.com>",
      "To: Team: ada@example.org, Bob <bob@example.org>;, carl@example.org",
      "Cc: dora@example.org (Dora)",
      "Subject: =?utf-8?b?5rOo5paH?=",
      ...body,
    );

    expect(message).toMatchObject({
      from: { name: "Jö", address: "jo@example.com" },
      to: [
        { address: "ada@example.org" },
        { name: "Bob", address: "bob@example.org" },
        { address: "carl@example.org" },
      ],
      cc: [{ name: "Dora", address: "dora@example.org" }],
      bcc: [],
      replyTo: [],
      subject: "注文",
      text: "Hello\n",
    });
    expect(await problemsOf(message)).toEqual([]);
  });

  it("with the headers that keep a conversation together, on one line each", async () => {
    const message = await eml(
      "From: a@example.com",
      "To: b@example.org",
      "In-Reply-To: <2@example.org>",
      "References: <1@example.org>",
      "\t<2@example.org>",
      "X-Mailer: another program",
      ...body,
    );

    expect(message.headers).toEqual({
      "In-Reply-To": "<2@example.org>",
      References: "<1@example.org> <2@example.org>",
    });
  });

  it("without a Reply-To that has no address", async () => {
    const message = await eml("From: a@example.com", "To: b@example.org", 'Reply-To: "Nobody" <>', ...body);

    expect(message.replyTo).toEqual([]);
    expect(await problemsOf(message)).toEqual([]);
  });

  it("in which a picture that the html shows is inline, and any other file is not", async () => {
    const part = (name: string, id: string) => [
      "--x",
      `Content-Type: image/png; name="${name}"`,
      "Content-Transfer-Encoding: base64",
      `Content-ID: <${id}>`,
      "",
      Buffer.from(name).toString("base64"),
    ];
    const message = await eml(
      "From: a@example.com",
      "To: b@example.org",
      "Content-Type: multipart/related; boundary=x",
      "",
      "--x",
      "Content-Type: text/html",
      "",
      '<img src="cid:logo"><img src="cid:me%40here">',
      ...part("logo.png", "logo"),
      ...part("me.png", "me@here"),
      ...part("other.png", "other"),
      "--x--",
    );

    expect(message.attachments).toEqual([
      { filename: "logo.png", contentType: "image/png", contentId: "logo", content: bytes("logo.png") },
      { filename: "me.png", contentType: "image/png", contentId: "me@here", content: bytes("me.png") },
      { filename: "other.png", contentType: "image/png", contentId: undefined, content: bytes("other.png") },
    ]);
    expect(await problemsOf(message)).toEqual([]);
  });

  it("in which a file without a name gets one, and one with a malformed type is known by its name", async () => {
    const message = await eml(
      "From: a@example.com",
      "To: b@example.org",
      "Content-Type: multipart/mixed; boundary=x",
      "",
      "--x",
      "",
      "See below",
      "--x",
      "Content-Type: image/png",
      "",
      "one",
      "--x",
      "Content-Type: spreadsheet",
      'Content-Disposition: attachment; filename="two.csv"',
      "",
      "two",
      "--x--",
    );

    expect(message.attachments).toMatchObject([
      { filename: "attachment-1", contentType: "image/png" },
      { filename: "two.csv", contentType: undefined },
    ]);
    expect(await problemsOf(message)).toEqual([]);
  });
});

describe("an .eml file is refused by the mailer", () => {
  it.each([
    ["with two authors", ["From: a@example.com, c@example.com", "To: b@example.org"], "from", "more than one address"],
    ["with a comma in an author's name", ["From: Doe, J <a@example.com>", "To: b@example.org"], "from", "quotes"],
    [
      "with a recipient who has no address",
      ["From: a@example.com", "To: b@example.org", "Bcc: Array"],
      "bcc[0]",
      "no @",
    ],
    ["without recipients", ["From: a@example.com", "To: undisclosed-recipients:;"], "to", "at least one recipient"],
    ["without an author", ["To: b@example.org"], "from", "is missing"],
  ])("%s", async (_, headers, path, words) => {
    const problems = await problemsOf(await eml(...headers, ...body));

    expect(problems).toEqual([{ path, message: expect.stringContaining(words) }]);
  });

  it("with nothing in it", async () => {
    const problems = await problemsOf(await eml(""));

    expect(problems.map(({ path }) => path)).toEqual(["from", "to", "text"]);
  });
});

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}
