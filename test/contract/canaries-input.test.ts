import { inspect } from "node:util";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { Message, Provider } from "../../src/index.ts";
import { mailgun } from "../../src/providers/mailgun/index.ts";
import { mailjet } from "../../src/providers/mailjet/index.ts";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { ses } from "../../src/providers/ses/index.ts";
import { type EspName, memoryProvider, type Simulator } from "../../src/testing/index.ts";
import { adapter, recordEvents } from "../mailer/support.ts";
import { canariesIn, echoesOf, message, startWithCanaries, words } from "./support/canaries.ts";
import { adapterOf, espNames, openMailer, startEsp } from "./support/esps.ts";

const esps = {
  ses: await startWithCanaries("ses"),
  sendgrid: await startWithCanaries("sendgrid"),
  mailgun: await startWithCanaries("mailgun"),
  mailjet: await startWithCanaries("mailjet"),
};
afterAll(() => Promise.all(Object.values(esps).map((esp) => esp.close())));

const echo = echoesOf("ses").join("\n");

async function errorOf(sending: Promise<unknown>): Promise<unknown> {
  return sending.then(
    () => expect.unreachable("the message was accepted"),
    (error: unknown) => error,
  );
}

/** A message may be wrong in any field; the value must not be told. */
const invalid: readonly (readonly [path: string, parts: object])[] = [
  ["from", { from: "walrus" }],
  ["from", { from: "Walrusname <walrus@example.com>, Walrusname <walrus2@example.com>" }],
  ["to[0]", { to: ["Otters: otter@example.org;"] }],
  ["to[0]", { to: [{ name: "Otter\r\nBcc: x", address: "otter@example.org" }] }],
  ["to[0]", { to: [{ address: "otter@localhost" }] }],
  ["cc", { cc: "badger@example..org" }],
  ["bcc", { bcc: "ferret@[127.0.0.1]" }],
  ["replyTo", { replyTo: { address: "marmot@example.org", email: "marmot@example.org" } }],
  ["subject", { subject: "wombat\nBcc: otter@example.org" }],
  ["text", { text: "platypus \ud800" }],
  ["headers.X-Secret", { headers: { "X-Secret": "quokka\r\n" } }],
  ["headers[0]", { headers: { "quokka value": "1" } }],
  ["tags[0]", { tags: ["dingo\n"] }],
  ["metadata.customer", { metadata: { customer: "koala\0" } }],
  ["metadata[0]", { metadata: { "koala@example.org": 4711 } }],
  ["attachments[0].content", { attachments: [{ filename: "bilby.txt", content: "ban*dicoot", encoding: "base64" }] }],
  ["attachments[0].path", { attachments: [{ filename: "bilby.txt", path: "/nowhere/bandicoot/bilby.txt" }] }],
  ["attachments[0].contentType", { attachments: [{ filename: "a", contentType: "bilby", content: new Uint8Array() }] }],
  ["sendAt", { sendAt: "wombat" }],
  ["template.id.x", { template: { id: { x: "wombat" } } }],
  ["providerOptions.mailgun.wombat", { providerOptions: { mailgun: { wombat: () => "otter" } } }],
];

describe("a message that is refused before it is sent", () => {
  it.each(invalid)("tells of %s without the value (%#)", async (_path, parts) => {
    const mailer = openMailer({ providers: [adapterOf(esps.ses), adapterOf(esps.mailgun)] });
    const events = recordEvents(mailer);
    const error = await errorOf(mailer.send({ ...message, ...parts }));
    expect(error).toMatchObject({ kind: "invalid", problems: [expect.anything()] });
    expect(withoutPath(canariesIn([error, events, mailer.health()]), parts)).toEqual([]);
  });

  it("tells of a promise of content that is rejected without its words", async () => {
    const mailer = openMailer({ providers: [adapterOf(esps.ses)] });
    const html = Promise.reject(new Error("platypus otter@example.org"));
    const error = await errorOf(mailer.send({ ...message, html }));
    expect(error).toMatchObject({ kind: "invalid", problems: [{ path: "html" }] });
    expect(canariesIn(error)).toEqual([]);
  });

  it.each(espNames)("is told to be too much for %s without any value of it", async (name) => {
    const mailer = openMailer({ providers: [adapterOf(esps[name])] });
    const events = recordEvents(mailer);
    const in73Hours = new Date(Date.now() + 73 * 60 * 60_000);
    const error = await errorOf(mailer.send({ ...message, sendAt: in73Hours, tags: ["dingo", "größe"] }));
    expect(error).toMatchObject({ kind: "unsupported" });
    expect(canariesIn([error, events, mailer.health()])).toEqual([]);
  });
});

/** Names of properties that the caller chose are a part of the path, so that the caller can find the place. */
function withoutPath(found: readonly string[], parts: object): readonly string[] {
  return "providerOptions" in parts ? found.filter((word) => word !== "wombat") : found;
}

const wrong: readonly (readonly [what: string, create: () => Provider])[] = [
  ["a key with a line break", () => sendgrid({ apiKey: "canary-sendgrid-key.heron\n" })],
  ["a key with a blank", () => mailgun({ apiKey: "canary-mailgun-key-ibis x", domain: "mg.example.com" })],
  ["a key in place of the domain", () => mailgun({ apiKey: "x", domain: "canary-mailgun-key-ibis/x" })],
  ["a secret with a tab", () => mailjet({ apiKey: "x", apiSecret: "canary-mailjet-secret-puma\t" })],
  [
    "a URL with credentials",
    () => sendgrid({ apiKey: "x", baseUrl: "https://x:canary-mailjet-secret-puma@example.com" }),
  ],
  ["a URL that is none", () => sendgrid({ apiKey: "x", baseUrl: "canary-sendgrid-key.heron" })],
  ["a URL with a key in its query", () => ses({ baseUrl: "https://example.com/?k=canary-ses-id-zebra" })],
];

describe("an adapter", () => {
  it.each(wrong)("refuses %s without showing it", (_what, create) => {
    let error: unknown;
    try {
      create();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect(canariesIn(error)).toEqual([]);
  });

  it.each(espNames)(
    "of %s shows no credential, and no message, when it is inspected before and after use",
    async (name) => {
      const esp: Simulator = esps[name];
      const provider = adapterOf(esp);
      const mailer = openMailer({ providers: [provider], defaults: { from: message.from, headers: message.headers } });
      expect(canariesIn([provider, mailer])).toEqual([]);
      const receipt = await mailer.send(message);
      expect(receipt.provider).toBe(name);
      expect(canariesIn([provider, mailer, mailer.health(), receipt])).toEqual([]);
      expect(inspect(provider)).toContain(name);
    },
  );

  it.each(espNames)("of %s shows no credential that its server does not know", async (name) => {
    const stranger: Simulator = await startEsp(name);
    const mailer = openMailer({ providers: [adapterOf<EspName>(esps[name], name, stranger.url)] });
    const events = recordEvents(mailer);
    const error = await errorOf(mailer.send(message, { deadline: 2_000 }));
    expect(error).toMatchObject({ attempts: [{ failure: { reason: "authentication" } }] });
    expect(canariesIn([error, events])).toEqual([]);
  });

  it("of SES with credentials that are fetched shows neither them nor why that failed", async () => {
    const { credentials, ...options } = esps.ses.options;
    const fetched = openMailer({ providers: [ses({ ...options, credentials: async () => credentials })] });
    expect(canariesIn(await fetched.send(message))).toEqual([]);
    const failing = ses({
      ...options,
      credentials: () => Promise.reject(new Error(`no ${credentials.secretAccessKey} of ${echo}`)),
    });
    const mailer = openMailer({ providers: [failing], retry: { maxRounds: 1 } });
    const events = recordEvents(mailer);
    const error = await errorOf(mailer.send(message));
    expect(error).toMatchObject({ attempts: [{ outcome: "not-sent" }] });
    expect(canariesIn([error, events])).toEqual([]);
  });

  it("of one's own that throws what it was given shows nothing of it", async () => {
    const thrown = [
      new Error(echo),
      echo,
      { message: echo },
      Object.assign(new Error("x"), { code: echo, cause: echo }),
    ];
    for (const error of thrown) {
      const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
      const mailer = openMailer({
        providers: [adapter("own", { send: () => Promise.reject(error) })],
        retry: { maxRounds: 1 },
      });
      const failure = await errorOf(mailer.send(message));
      expect(failure).toMatchObject({ kind: "unknown", attempts: [{ failure: { reason: "internal" } }] });
      expect(warned).toHaveBeenCalled();
      const found = canariesIn([failure, warned.mock.calls, mailer.health()]);
      expect(found.filter((canary) => words.includes(canary))).toEqual([]);
      warned.mockRestore();
    }
  });
});

describe("what the mailer itself says", () => {
  it("of a listener that throws the message has nothing of it", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const mailer = openMailer({ providers: [memoryProvider()] });
    mailer.on("accepted", () => {
      throw new Error(echo);
    });
    mailer.on("attempt", () => Promise.reject(new Error(echo)));
    await mailer.send(message);
    await vi.waitFor(() => expect(warned).toHaveBeenCalledTimes(2));
    expect(canariesIn(warned.mock.calls)).toEqual([]);
  });

  it("of a send that is aborted with the message as the reason has it in the cause alone", async () => {
    const mailer = openMailer({ providers: [memoryProvider({ script: ["hang"] })] });
    const events = recordEvents(mailer);
    const reason: Partial<Message> = message;
    const error = await errorOf(mailer.send(message, { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ kind: "aborted", cause: reason });
    const told = Object.entries(Object(error)).filter(([key]) => key !== "cause");
    expect(canariesIn([told, String(error), events.map(({ name }) => name)])).toEqual([]);
  });
});
