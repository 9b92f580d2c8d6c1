import { once } from "node:events";
import PostalMime, { decodeWords, type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Message } from "../../src/message/message.ts";
import { Context, encrypted, failureOf, prepared, providerAt } from "./harness.ts";
import { cert, key } from "./scripted-server.ts";

interface Received {
  readonly raw: Buffer;
  readonly mail: Email;
  readonly to: readonly string[];
  readonly from: string;
}

/** The server of the `smtp-server` package, with TLS. */
async function realServer(options: SMTPServerOptions = {}) {
  const inbox: Received[] = [];
  let connections = 0;
  let mostAtOnce = 0;
  let open = 0;
  const server = new SMTPServer({
    key,
    cert,
    logger: false,
    onAuth: (auth, _session, done) =>
      auth.username === "ada" && (auth.password === "pa55-word" || auth.accessToken === "token-1")
        ? done(null, { user: "ada" })
        : done(new Error("Invalid login")),
    authMethods: ["PLAIN", "LOGIN", "XOAUTH2"],
    onConnect(_session, done) {
      connections += 1;
      open += 1;
      mostAtOnce = Math.max(mostAtOnce, open);
      done();
    },
    onClose() {
      open -= 1;
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", async () => {
        const raw = Buffer.concat(chunks);
        const { mailFrom, rcptTo } = session.envelope;
        inbox.push({
          raw,
          mail: await PostalMime.parse(raw),
          to: rcptTo.map(({ address }) => address),
          from: mailFrom === false ? "" : mailFrom.address,
        });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => {});
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  const address = listening.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  return { port: address.port, inbox, counts: () => ({ connections, mostAtOnce }) };
}

async function arrived(fields: Partial<Message>, id = "order-1"): Promise<Received> {
  const esp = await realServer();
  await providerAt(esp, encrypted).send(await prepared(fields), new Context({ id }));
  const [received] = esp.inbox;
  if (!received) throw new Error("nothing arrived");
  return received;
}

describe("over TLS, to smtp-server,", () => {
  it("a mail with everything arrives as it was written", async () => {
    const logo = Uint8Array.from({ length: 4_000 }, (_, at) => at % 256);
    const binary = Uint8Array.from({ length: 70_000 }, (_, at) => (at * 7919) % 256);
    const { mail, to, from } = await arrived({
      from: { name: 'Lädchen, "das" =?x?=', address: "orders@example.com" },
      to: ["Ada <ada@example.org>", { name: "Doe, Jane", address: "jane@bücher.example" }],
      cc: "team@example.com",
      bcc: "archive@example.com",
      replyTo: "Hilfe für alle <support@example.com>",
      subject: "Grüße 🎉 an alle, die das lesen, und noch ein paar Wörter, damit der Betreff gefaltet werden muss",
      text: "Hallo.\n.\n..zwei Punkte\n.eins\nEnde\n",
      html: '<p>Grüße</p><img src="cid:logo@shop">',
      attachments: [
        { filename: "Rechnung für März.bin", content: binary, contentType: "application/octet-stream" },
        { filename: "logo.png", content: logo, contentId: "logo@shop" },
        { filename: "mail.eml", content: "From: x@example.com\n\nbare line feeds\n", encoding: "utf8" },
        { filename: "empty.txt", content: new Uint8Array(0) },
      ],
      headers: { "X-Campaign": "spring — 2026", References: "<a@example.com> <b@example.com>" },
      unsubscribe: { url: "https://example.com/u?t=1" },
    });
    expect(from).toBe("orders@example.com");
    // The server shows a domain in letters that came in ASCII.
    expect(to).toEqual(["ada@example.org", "jane@bücher.example", "team@example.com", "archive@example.com"]);
    expect(mail.from).toEqual({ name: 'Lädchen, "das" =?x?=', address: "orders@example.com" });
    expect(mail.to).toEqual([
      { name: "Ada", address: "ada@example.org" },
      { name: "Doe, Jane", address: "jane@xn--bcher-kva.example" },
    ]);
    expect(mail.cc?.map(({ address }) => address)).toEqual(["team@example.com"]);
    expect(mail.bcc).toBeUndefined();
    expect(mail.replyTo).toEqual([{ name: "Hilfe für alle", address: "support@example.com" }]);
    expect(mail.subject).toBe(
      "Grüße 🎉 an alle, die das lesen, und noch ein paar Wörter, damit der Betreff gefaltet werden muss",
    );
    expect(mail.text?.trimEnd()).toBe("Hallo.\n.\n..zwei Punkte\n.eins\nEnde");
    expect(mail.html?.trim()).toBe('<p>Grüße</p><img src="cid:logo@shop">');
    const files = mail.attachments.map(({ filename, content, contentId, mimeType, disposition }) => ({
      filename,
      mimeType,
      disposition,
      contentId,
      content: new Uint8Array(content as ArrayBuffer),
    }));
    expect(files.map(({ filename }) => filename)).toEqual([
      "logo.png",
      "Rechnung für März.bin",
      "mail.eml",
      "empty.txt",
    ]);
    expect(files[0]).toMatchObject({ disposition: "inline", contentId: "<logo@shop>", content: logo });
    expect(files[1]).toMatchObject({ disposition: "attachment", content: binary });
    expect(Buffer.from(files[2]?.content ?? []).toString()).toBe("From: x@example.com\n\nbare line feeds\n");
    expect(files[3]?.content).toHaveLength(0);
    const header = (name: string) => decodeWords(mail.headers.find(({ key }) => key === name)?.value ?? "");
    expect(header("x-campaign")).toBe("spring — 2026");
    expect(header("references")).toBe("<a@example.com> <b@example.com>");
    expect(header("list-unsubscribe")).toBe("<https://example.com/u?t=1>");
    expect(header("list-unsubscribe-post")).toBe("List-Unsubscribe=One-Click");
    expect(header("x-steadymail-id")).toBe("order-1");
    expect(mail.messageId).toMatch(/^<order-1\.[0-9a-f]{16}@example\.com>$/);
    expect(Date.parse(mail.date ?? "")).not.toBeNaN();
  });

  it.each([
    ["an empty text", { text: "" }, (mail: Email) => mail.text?.trim() ?? ""],
    [
      "an empty text beside html",
      { text: "", html: "<p>x</p>" },
      (mail: Email) => (mail.html?.includes("<p>x</p>") ? "" : "?"),
    ],
  ])("%s arrives", async (_, fields, shown) => {
    expect(shown((await arrived(fields)).mail)).toBe("");
  });

  it("a text of one very long line arrives whole, and no line on the way is longer than SMTP allows", async () => {
    const text = `${"x".repeat(5_000)} end`;
    const { mail, raw } = await arrived({ text });
    expect(mail.text?.trimEnd()).toBe(text);
    expect(
      Math.max(
        ...raw
          .toString("latin1")
          .split("\r\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(998);
  });

  it("letters outside ASCII before the @ go by SMTPUTF8", async () => {
    const { mail, to } = await arrived({ to: "grüße@example.org" });
    expect(to).toEqual(["grüße@example.org"]);
    expect(mail.to?.[0]?.address).toBe("grüße@example.org");
  });

  it("the same are left to another provider where the server does not offer it", async () => {
    const esp = await realServer({ hideSMTPUTF8: true });
    const failure = await failureOf(providerAt(esp, encrypted), await prepared({ to: "grüße@example.org" }));
    expect(failure).toMatchObject({ reason: "unsupported", sent: "no" });
    expect(esp.inbox).toEqual([]);
  });

  it("a mail above the size that the server takes is not begun", async () => {
    const esp = await realServer({ size: 10_000 });
    const failure = await failureOf(providerAt(esp, encrypted), await prepared({ text: "x".repeat(20_000) }));
    expect(failure).toMatchObject({ reason: "too-large", sent: "no" });
    expect(failure.detail).toMatch(/the mail has \d+ bytes, and the server takes 10000 at most/);
  });

  it("tags and metadata go by the headers that the ESP reads", async () => {
    const esp = await realServer();
    const provider = providerAt(esp, { ...encrypted, tagHeader: "X-PM-Tag", metadataHeader: "X-PM-Metadata-" });
    const message = await prepared({ tags: ["order", "münchen"], metadata: { orderId: "4711", city: "Köln" } });
    expect(provider.unsupported(message)).toEqual([]);
    await provider.send(message, new Context());
    const headers = esp.inbox[0]?.mail.headers.map(({ key, value }) => `${key}: ${decodeWords(value)}`);
    expect(headers).toEqual(
      expect.arrayContaining([
        "x-pm-tag: order",
        "x-pm-tag: münchen",
        "x-pm-metadata-orderid: 4711",
        "x-pm-metadata-city: Köln",
        "x-pm-metadata-steadymail-id: order-1",
      ]),
    );
    // The name is that of the metadata at the ESP, and keeps its capitals.
    expect(esp.inbox[0]?.raw.toString("latin1")).toContain("\r\nX-PM-Metadata-orderId: 4711\r\n");
  });

  it("an access token is a login too", async () => {
    const esp = await realServer();
    const auth = { user: "ada", accessToken: async () => "token-1" };
    await providerAt(esp, { ...encrypted, auth }).send(await prepared(), new Context());
    expect(esp.inbox).toHaveLength(1);
  });

  it("an access token that is refused, missing or not to be had is an authentication failure", async () => {
    const esp = await realServer();
    const given: (() => string)[] = [
      () => "token-2",
      () => "",
      () => {
        throw new Error("token-3 of ada@example.org");
      },
    ];
    for (const accessToken of given) {
      const failure = await failureOf(providerAt(esp, { ...encrypted, auth: { user: "ada", accessToken } }));
      expect(failure).toMatchObject({ reason: "authentication", sent: "no" });
      expect(JSON.stringify(failure)).not.toMatch(/token-\d|ada/);
    }
  });

  it("fifty mails at once go over as many connections as are allowed, and each arrives once", async () => {
    const esp = await realServer();
    const provider = providerAt(esp, { ...encrypted, maxConnections: 4 });
    const ids = Array.from({ length: 50 }, (_, at) => `order-${at}`);
    const message = await prepared();
    await Promise.all(ids.map((id) => provider.send(message, new Context({ id }))));
    const seen = esp.inbox.map(({ mail }) => mail.headers.find(({ key }) => key === "x-steadymail-id")?.value);
    expect(seen.toSorted()).toEqual(ids.toSorted());
    expect(esp.counts()).toEqual({ connections: 4, mostAtOnce: 4 });
  });
});
