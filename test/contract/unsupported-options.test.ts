import { describe, expect, it } from "vitest";
import type { Message } from "../../src/index.ts";
import type { EspName } from "../../src/testing/index.ts";
import { adapterOf, espNames, openMailer, useEsps } from "./support/esps.ts";
import { arrivalIn, letter, letterAt, missingOf } from "./support/features.ts";

const esps = await useEsps();
const eve = "eve@example.org";

/** What providerOptions must not reach, in each spelling that the ESP or its SDK would take. */
const refused: Readonly<Record<EspName, Readonly<Record<string, object>>>> = {
  ses: {
    recipients: { Destination: { ToAddresses: [eve] } },
    "hidden recipients": { Destination: { BccAddresses: [eve] } },
    "recipients in another case": { destination: { bccAddresses: [eve] } },
    "the id of the send": { EmailTags: [{ Name: "steadymail-id", Value: "other" }] },
    "the id of the send in another case": { EmailTags: [{ Name: "Steadymail-ID", Value: "other" }] },
  },
  sendgrid: {
    recipients: { personalizations: [{ to: [{ email: eve }] }] },
    "recipients at the top": { bcc: [{ email: eve }] },
    "a hidden copy of all": { mail_settings: { bcc: { enable: true, email: eve } } },
    "the sandbox": { mail_settings: { sandbox_mode: { enable: true } } },
    "the sandbox as the SDK writes it": { mailSettings: { sandboxMode: { enable: true } } },
    "the id of the send": { custom_args: { "steadymail-id": "other" } },
    "the id of the send as the SDK writes it": { customArgs: { "steadymail-id": "other" } },
  },
  mailgun: {
    recipients: { to: eve },
    "hidden recipients": { bcc: [eve] },
    "recipients in another case": { Cc: eve },
    "recipients by a header": { "h:Bcc": eve },
    "the test mode": { "o:testmode": "yes" },
    "the test mode in another case": { "O:TestMode": true },
    "the id of the send": { "v:steadymail-id": "other" },
  },
  mailjet: {
    recipients: { To: [{ Email: eve }] },
    "hidden recipients": { Bcc: [{ Email: eve }] },
    "recipients of all messages": { Globals: { Bcc: [{ Email: eve }] } },
    "further messages": { Messages: [{ To: [{ Email: eve }] }] },
    "the sandbox": { SandboxMode: true },
    "the sandbox in another case": { sandboxmode: true },
    "the id of the send": { CustomID: "other" },
  },
};

const rows = espNames.flatMap((name) =>
  Object.entries(refused[name]).map(([what, options]) => [name, what, options] as const),
);

describe("providerOptions", () => {
  it.each(rows)("of %s that reach for %s are refused", async (name, _what, options) => {
    expect(await missingOf(esps, name, { ...letter, providerOptions: { [name]: options } })).toEqual([
      "providerOptions",
    ]);
  });

  it.each(espNames)("of %s that are refused leave the message to the others", async (name) => {
    const mailer = openMailer({
      providers: [adapterOf(esps[name]), adapterOf(esps[name === "ses" ? "mailjet" : "ses"], "standby")],
    });
    const [options] = Object.values(refused[name]);
    const receipt = await mailer.send({ ...letter, providerOptions: { [name]: options } });
    expect(receipt).toMatchObject({ provider: "standby", skipped: [{ provider: name, fields: ["providerOptions"] }] });
    expect(esps[name].requests).toBe(0);
  });

  it.each(espNames)("of %s cannot set a prototype, however deep", async (name) => {
    const mailer = openMailer({ providers: [adapterOf(esps[name])] });
    for (const text of ['{"__proto__":{"polluted":1}}', '{"a":{"b":[{"__proto__":{"polluted":1}}]}}']) {
      const sending = mailer.send({ ...letter, providerOptions: { [name]: JSON.parse(text) } });
      await expect(sending).rejects.toMatchObject({
        kind: "invalid",
        problems: [
          { path: expect.stringMatching(/^providerOptions\./), message: expect.stringContaining("prototype") },
        ],
      });
    }
    expect("polluted" in {}).toBe(false);
    expect(esps[name].requests).toBe(0);
  });

  it.each(espNames)("of %s cannot reach a prototype by its constructor", async (name) => {
    const mailer = openMailer({ providers: [adapterOf(esps[name])] });
    const options = { constructor: { prototype: { polluted: 1 } } };
    await mailer.send({ ...letter, providerOptions: { [name]: options } }).catch(() => {});
    expect("polluted" in {}).toBe(false);
  });
});

const png = new Uint8Array([137, 80, 78, 71]);
const inAnHour = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 60 * 60_000);

/** Every field at once, in values that are easy to lose. */
const everything = {
  from: { name: "Bücher & Söhne", address: "orders@example.com" },
  to: [{ name: "Lovelace, Ada", address: "ada@example.org" }, { address: "bob@bücher.example" }],
  cc: [{ name: "山田太郎 😀", address: "taro@example.org" }],
  bcc: [{ address: "archive+1@example.com" }],
  replyTo: [{ name: "Support", address: "support@example.com" }, { address: "shop@example.com" }],
  subject: "Ihre Bestellung – 注文 😀",
  text: "Grüße\r\n.\r\n",
  html: '<p>Grüße <img src="cid:logo"></p>',
  attachments: [
    { filename: "Rechnung ä.pdf", contentType: "application/pdf", content: png },
    { filename: "logo.png", contentType: "image/png", contentId: "logo", content: png },
  ],
  headers: { "X-Campaign": "spring", "List-Unsubscribe": "<https://example.com/u>", "X-Note": "schön" },
  tags: ["order", "new-customer"],
  metadata: { order_id: "42", customer: "0" },
  tracking: { opens: true, clicks: true },
  sendAt: inAnHour,
} satisfies Message;

/** The fields of it that an ESP cannot carry, and what it carries in their place. */
const beyond: Readonly<Record<EspName, readonly string[]>> = {
  ses: ["tracking", "sendAt"],
  sendgrid: [],
  mailgun: [],
  mailjet: ["replyTo", "tags", "sendAt"],
};
const within: Readonly<Record<EspName, Partial<Message>>> = {
  ses: { tracking: undefined, sendAt: undefined },
  sendgrid: {},
  mailgun: {},
  mailjet: { replyTo: everything.replyTo[0], tags: ["order"], sendAt: undefined },
};

function everythingAt(name: EspName) {
  const [file, logo] = everything.attachments;
  return {
    ...letterAt(name),
    ...everything,
    to: [everything.to[0], { address: "bob@xn--bcher-kva.example" }],
    headers: Object.entries(everything.headers),
    // At Mailgun the name of an inline file is its Content-ID.
    attachments: name === "mailgun" ? [file, { ...logo, filename: "logo" }] : everything.attachments,
    ...within[name],
    replyTo: name === "mailjet" ? everything.replyTo.slice(0, 1) : everything.replyTo,
  };
}

describe("a message with every field", () => {
  const openAll = () =>
    openMailer({
      providers: [adapterOf(esps.ses), adapterOf(esps.mailjet), adapterOf(esps.sendgrid), adapterOf(esps.mailgun)],
    });

  it.each(["sendgrid", "mailgun"] as const)("arrives whole at %s, and the others are named", async (name) => {
    const receipt = await openAll().send(everything, { except: name === "mailgun" ? ["sendgrid"] : [], mayDrop: [] });
    expect(receipt).toMatchObject({
      provider: name,
      skipped: [
        { provider: "ses", fields: beyond.ses },
        { provider: "mailjet", fields: beyond.mailjet },
      ],
      dropped: [],
    });
    expect(esps[name].inbox).toHaveLength(1);
    expect(arrivalIn(esps[name].inbox[0])).toEqual(everythingAt(name));
  });

  it.each(["ses", "mailjet"] as const)("is refused by %s alone, with the fields that it cannot carry", async (name) => {
    expect(await missingOf(esps, name, everything)).toEqual(beyond[name]);
  });

  it.each(espNames)("arrives whole at %s without the fields that it cannot carry", async (name) => {
    const receipt = await openAll().send({ ...everything, ...within[name] }, { only: [name], mayDrop: [] });
    expect(receipt).toMatchObject({ provider: name, skipped: [], dropped: [] });
    expect(arrivalIn(esps[name].inbox[0])).toEqual(everythingAt(name));
    expect(esps[name].inbox[0]?.steadymailId).toBe(receipt.id);
  });

  it("arrives whole at the next provider after one that failed halfway", async () => {
    esps.sendgrid.fault({ kind: "reset-after-request" });
    const receipt = await openAll().send(everything, { mayDrop: [] });
    expect(receipt).toMatchObject({ provider: "mailgun", duplicate: "possible" });
    expect(arrivalIn(esps.mailgun.inbox[0])).toEqual(everythingAt("mailgun"));
    expect(esps.mailgun.inbox[0]?.steadymailId).toBe(receipt.id);
  });
});
