import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Attachment, isSteadyMailError, type Message } from "../../src/index.ts";
import type { EspName } from "../../src/testing/index.ts";
import { adapterOf, espNames, openMailer, useEsps } from "./support/esps.ts";
import { arrivalOf, describeFeatures, type Feature, letter, letterAt } from "./support/features.ts";

const esps = await useEsps();
const kilobyte = 1024;
const megabyte = 1024 * kilobyte;

/** Bytes of every value, in an order that shows any loss or shift. */
function bytes(size: number): Uint8Array {
  const content = new Uint8Array(size);
  for (let i = 0; i < size; i++) content[i] = (i * 31 + (i >> 8)) & 255;
  return content;
}

function file(size: number): { filename: string; contentType: string; content: Uint8Array } {
  return { filename: `${size}.bin`, contentType: "application/octet-stream", content: bytes(size) };
}

const digest = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

/** The arrival with digests in place of contents, which are too long to compare one byte after the other. */
async function digestedArrival(name: EspName, message: Message) {
  const { attachments, ...rest } = await arrivalOf(esps, name, message);
  return { ...rest, attachments: attachments.map((each) => ({ ...each, content: digest(each.content) })) };
}

describe.each(espNames)("at %s", (name) => {
  it.each([
    ["300 KB", [300 * kilobyte]],
    ["10 MB", [10 * megabyte]],
    ["a byte less and more than 64 KB", [64 * kilobyte - 1, 64 * kilobyte + 1]],
    ["10 MB in five files", Array(5).fill(2 * megabyte)],
  ])("attachments of %s arrive byte for byte", async (_what, sizes) => {
    const files = sizes.map(file);
    const expected = files.map((each) => ({ ...each, content: digest(each.content) }));
    const arrival = await digestedArrival(name, { ...letter, attachments: files });
    expect(arrival).toEqual({ ...letterAt(name), attachments: expected });
  });

  it("an attachment of 10 MB arrives from a stream as well", async () => {
    const { filename, contentType, content } = file(10 * megabyte);
    const attachments: Attachment[] = [{ filename, content: new Blob([content]).stream() }];
    const arrival = await digestedArrival(name, { ...letter, attachments });
    expect(arrival.attachments).toEqual([{ filename, contentType, content: digest(content) }]);
  });

  it("a text and an html part of 1 MB each arrive whole", async () => {
    const text = "Grüße, 注文 😀\r\n".repeat(megabyte / 24);
    const arrival = await arrivalOf(esps, name, { ...letter, text, html: `<pre>${text}</pre>` });
    expect(arrival.text === text).toBe(true);
    expect(arrival.html === `<pre>${text}</pre>`).toBe(true);
  });
});

const people = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => ({ name: `P ${index}`, address: `${prefix}${index}@example.org` }));
const recipients = (to: number, cc: number, bcc: number) => ({
  to: people(to, "to"),
  cc: people(cc, "cc"),
  bcc: people(bcc, "bcc"),
});
const allFour = (field: string) => Object.fromEntries(espNames.map((name) => [name, [field]]));
const metadata = (length: number) => ({ metadata: { m: "x".repeat(length) } });
const header = (length: number) => ({ "X-Long": "x".repeat(length) });

/** Just within and just beyond what the ESPs say that they take. */
const limits: readonly Feature[] = [
  { what: "50 recipients", message: recipients(20, 20, 10), arrives: recipients(20, 20, 10) },
  {
    what: "51 recipients",
    message: recipients(20, 20, 11),
    arrives: recipients(20, 20, 11),
    refused: { ses: ["recipients"], mailjet: ["recipients"] },
  },
  {
    what: "1,000 recipients",
    message: recipients(400, 300, 300),
    arrives: recipients(400, 300, 300),
    refused: { ses: ["recipients"], mailjet: ["recipients"] },
  },
  { what: "1,001 recipients", message: recipients(401, 300, 300), refused: allFour("recipients") },
  {
    what: "a header of 900 characters",
    message: { headers: header(900) },
    arrives: { headers: [["X-Long", "x".repeat(900)]] },
  },
  {
    // SES takes 996 characters, name and value together.
    what: "a header of 990 characters beside a name of 6",
    message: { headers: header(990) },
    arrives: { headers: [["X-Long", "x".repeat(990)]] },
  },
  {
    what: "a header of 991 characters beside a name of 6",
    message: { headers: header(991) },
    arrives: { headers: [["X-Long", "x".repeat(991)]] },
    refused: { ses: ["headers"] },
  },
  {
    what: "an empty subject",
    message: { subject: "" },
    arrives: { subject: "" },
    refused: { sendgrid: ["subject"] },
  },
  {
    what: "an emoji in a display name",
    message: { to: "Ada 😀 <ada@example.org>" },
    arrives: { to: [{ name: "Ada 😀", address: "ada@example.org" }] },
  },
  { what: "a subject of 255 emoji", message: { subject: "😀".repeat(255) }, arrives: { subject: "😀".repeat(255) } },
  {
    what: "a subject of 256 characters",
    message: { subject: "x".repeat(256) },
    arrives: { subject: "x".repeat(256) },
    refused: { mailjet: ["subject"] },
  },
  { what: "256 characters of metadata", message: metadata(256), arrives: metadata(256) },
  {
    what: "257 characters of metadata",
    message: metadata(257),
    arrives: metadata(257),
    refused: { ses: ["metadata"] },
  },
  {
    what: "9,000 bytes of metadata",
    message: metadata(9_000),
    arrives: metadata(9_000),
    refused: { ses: ["metadata"] },
  },
  {
    what: "10,000 bytes of metadata",
    message: metadata(10_000),
    arrives: metadata(10_000),
    refused: { ses: ["metadata"], sendgrid: ["metadata"] },
  },
  {
    what: "16 KB of metadata",
    message: metadata(16 * kilobyte),
    arrives: metadata(16 * kilobyte),
    refused: { ses: ["metadata"], sendgrid: ["metadata"], mailgun: ["metadata"] },
  },
];
describeFeatures("limits", esps, limits);

/** Limits that the message shares with what the adapter adds: the id of the send, tracking, addresses to reply to. */
const sharedLimits: readonly (readonly [EspName, what: string, most: number, (length: number) => Partial<Message>])[] =
  [
    ["sendgrid", "10,000 bytes of metadata", 10_000, metadata],
    ["mailgun", "16 KB of metadata", 16 * kilobyte, metadata],
    [
      "mailgun",
      "16 KB of metadata and addresses to reply to",
      16 * kilobyte,
      (length) => ({ ...metadata(length - 2_500), replyTo: people(50, "a-rather-long-local-part") }),
    ],
    [
      "mailgun",
      "16 KB of metadata, tags, headers and variables",
      16 * kilobyte,
      (length) => ({
        ...metadata(length - 1_500),
        tags: ["x".repeat(128), "y".repeat(128)],
        headers: header(900),
        text: undefined,
        subject: "",
        sendAt: new Date(Date.now() + 60 * 60_000),
        template: { id: "welcome", variables: { name: "ü".repeat(100) } },
      }),
    ],
  ];

describe("near a limit that is shared with what the adapter adds", () => {
  it.each(sharedLimits)("%s takes, or the adapter refuses, up to %s", async (name, _what, most, message) => {
    const mailer = openMailer({ providers: [adapterOf(esps[name])] });
    const id = "i".repeat(128);
    const outcomes = new Set<string>();
    for (let length = most - 600; length <= most; length += 10) {
      const sending = mailer.send({ ...letter, ...message(length) }, { id, mayDrop: [] });
      outcomes.add(await sending.then(() => "accepted", kindOf));
    }
    expect(outcomes).toEqual(new Set(["accepted", "unsupported"]));
  });
});

function kindOf(error: unknown): string {
  if (!isSteadyMailError(error)) throw error;
  const [attempt] = error.attempts;
  return attempt && attempt.outcome !== "accepted" ? `${error.kind}: ${attempt.failure.detail}` : error.kind;
}
