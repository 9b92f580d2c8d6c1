import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { domainToASCII, fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { messageFromEml } from "../../examples/eml.ts";
import { createMailer, isSteadyMailError, type Mailer, type Message } from "../../src/index.ts";
import { mailgun } from "../../src/providers/mailgun/index.ts";
import { mailjet } from "../../src/providers/mailjet/index.ts";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { ses } from "../../src/providers/ses/index.ts";
import { type EspName, type ReceivedMessage, type Simulator, startSimulator } from "../../src/testing/index.ts";

/** Real-world and malformed messages beside the project, which are not part of it. */
const folder = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".eml")) : [];
if (files.length === 0) console.info(`No .eml files in ${folder}: the messages of the corpus are not tested.`);

const esps = ["ses", "sendgrid", "mailgun", "mailjet"] as const satisfies readonly EspName[];

/** The files that no mail can be made of, with the paths of their problems. */
const refused: Readonly<Record<string, { readonly paths: readonly string[]; readonly because: string }>> = {
  "attachment_emails__attachment_with_quoted_filename.eml": { paths: ["text"], because: "a picture and no body" },
  "error_emails__bad_date_header.eml": { paths: ["text"], because: "it breaks off in its headers" },
  "error_emails__bad_encoded_subject.eml": { paths: ["from", "to"], because: "a subject is its only header" },
  "error_emails__content_transfer_encoding_empty.eml": { paths: ["bcc[0]"], because: 'its Bcc is the word "Array"' },
  "error_emails__empty_group_lists.eml": { paths: ["to"], because: "its To is a group without members" },
  "error_emails__missing_content_disposition.eml": { paths: ["text"], because: "a picture and no body" },
  "error_emails__must_supply_encoding.eml": { paths: ["text"], because: "a multipart body without a part" },
  "rfc2822__example11.eml": { paths: ["to[0]", "to[1]"], because: "a source route, and spaces in a domain" },
  "rfc2822__example13.eml": { paths: ["to[0]"], because: "its To has a name and breaks off before the address" },
};

type Missing = Readonly<Partial<Record<EspName, readonly string[]>>>;
const subjectRequired: Missing = { sendgrid: ["subject"] };

/** What an ESP cannot carry, by its own rules. */
const notCarried: Readonly<Record<string, { readonly fields: Missing; readonly because: string }>> = {
  "plain_emails__raw_email10.eml": { fields: subjectRequired, because: "SendGrid requires a subject" },
  "plain_emails__raw_email6.eml": { fields: subjectRequired, because: "SendGrid requires a subject" },
  "rfc2822__example03.eml": { fields: subjectRequired, because: "SendGrid requires a subject" },
  "rfc6532__utf8_headers.eml": {
    fields: { ses: ["from", "to"], sendgrid: ["from", "to"], mailgun: ["from", "to"] },
    because: "they know no letters outside ASCII before an @",
  },
};

describe.runIf(files.length > 0)("an .eml file of the corpus", () => {
  let simulators: { readonly [E in EspName]: Simulator<E> };
  let mailer: Mailer<EspName>;

  beforeAll(async () => {
    simulators = {
      ses: await startSimulator("ses"),
      sendgrid: await startSimulator("sendgrid"),
      mailgun: await startSimulator("mailgun"),
      mailjet: await startSimulator("mailjet"),
    };
    mailer = createMailer({
      providers: [
        ses(simulators.ses.options),
        sendgrid(simulators.sendgrid.options),
        mailgun(simulators.mailgun.options),
        mailjet(simulators.mailjet.options),
      ],
    });
  });

  beforeEach(() => {
    for (const esp of esps) simulators[esp].clear();
  });

  afterAll(async () => {
    await mailer.close();
    for (const esp of esps) await simulators[esp].close();
  });

  const refusedFiles = files.filter((file) => file in refused);
  const sentFiles = files.filter((file) => !(file in refused));

  it.each(refusedFiles)("%s is refused, and each problem says where and why", async (file) => {
    const error = await mailer.send(await read(file)).catch((thrown: unknown) => thrown);

    if (!isSteadyMailError(error) || error.kind !== "invalid") throw error;
    expect(error.problems.map(({ path }) => path)).toEqual(refused[file]?.paths);
    for (const { message } of error.problems) expect(message).toMatch(/\w+ \w+/);
    expect(error.sent).toBe("no");
    expect(esps.map((esp) => simulators[esp].requests)).toEqual([0, 0, 0, 0]);
  });

  it.each(sentFiles)("%s arrives whole at each ESP that can carry it", async (file) => {
    const message = await read(file);
    const missing = notCarried[file]?.fields ?? {};
    expect(Object.keys(missing).length).toBeLessThan(esps.length);

    for (const esp of esps) {
      const outcome = await mailer.send(message, { only: [esp] }).catch((thrown: unknown) => thrown);
      const fields = missing[esp];
      if (fields) {
        expect(outcome, esp).toMatchObject({ kind: "unsupported", missing: fields, sent: "no" });
        expect(simulators[esp].requests, esp).toBe(0);
      } else {
        expect(outcome, esp).toMatchObject({ provider: esp, dropped: [], skipped: [] });
        expect(simulators[esp].inbox.map(arrived), esp).toEqual([expected(message, esp)]);
      }
    }
  });

  it("is known to this test, if the test speaks of it", () => {
    expect(files).toEqual(expect.arrayContaining([...Object.keys(refused), ...Object.keys(notCarried)]));
  });
});

async function read(file: string): Promise<Message> {
  return messageFromEml(await readFile(`${folder}${file}`));
}

function arrived({ from, to, cc, bcc, replyTo, subject, text, html, headers, attachments }: ReceivedMessage) {
  return { from, to, cc, bcc, replyTo, subject, text, html, headers, attachments: attachments.map(file) };
}

/** What the message says, with no more changed than what this ESP cannot have otherwise. */
function expected(message: Message, esp: EspName) {
  const { subject, text, html, headers = {}, attachments = [] } = message;
  const to = mailboxes(message.to);
  return {
    from: mailboxes(message.from)[0],
    // SendGrid refuses a recipient who is named twice.
    to: esp === "sendgrid" ? unique(to) : to,
    cc: mailboxes(message.cc),
    bcc: mailboxes(message.bcc),
    replyTo: mailboxes(message.replyTo),
    subject,
    text,
    html,
    headers: Object.entries(headers),
    attachments: attachments.map((each) => {
      if (!("content" in each)) throw new Error("an attachment of an .eml file has its content");
      // At Mailgun an inline file has no other name.
      const filename = esp === "mailgun" ? (each.contentId ?? each.filename) : each.filename;
      return file({ ...each, filename });
    }),
  };
}

interface File {
  readonly filename: string;
  readonly contentType?: string | undefined;
  readonly contentId?: string | undefined;
  readonly content: unknown;
}

function file({ filename, contentType, contentId, content }: File) {
  if (!(content instanceof Uint8Array)) throw new Error("an attachment of an .eml file is bytes");
  return { filename, contentType, contentId, content: Buffer.from(content).toString("base64") };
}

function mailboxes(value: Message["cc"]) {
  const all = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return all.map((mailbox) => {
    if (typeof mailbox === "string") throw new Error("a message that can be sent has an address everywhere");
    const { name, address } = mailbox;
    const [local, domain = ""] = address.split("@");
    const ascii = `${local}@${/^[ -~]*$/.test(domain) ? domain : domainToASCII(domain)}`;
    return name === undefined ? { address: ascii } : { name, address: ascii };
  });
}

function unique(all: ReturnType<typeof mailboxes>) {
  return all.filter(({ address }, index) => all.findIndex((other) => other.address === address) === index);
}
