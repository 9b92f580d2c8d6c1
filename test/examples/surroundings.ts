/** What a reader of a snippet has around it, to the compiler. */
export const declarations = `
import type { CampaignState, createMailer as createMailerOf, Mailer, Message } from "steadymail";
import type { mailgun as mailgunAdapter } from "steadymail/mailgun";
import type { mailjet as mailjetAdapter } from "steadymail/mailjet";
import type { sendgrid as sendgridAdapter } from "steadymail/sendgrid";
import type { ses as sesAdapter } from "steadymail/ses";
type Log = (...words: readonly unknown[]) => void;
declare global {
  const createMailer: typeof createMailerOf;
  const ses: typeof sesAdapter, sendgrid: typeof sendgridAdapter;
  const mailgun: typeof mailgunAdapter, mailjet: typeof mailjetAdapter;
  const mailer: Mailer<"ses" | "sendgrid" | "mailgun" | "mailjet">;
  const message: Message;
  const to: string, subject: string, html: string, text: string, apiKey: string, key: string, secret: string;
  const signal: AbortSignal;
  const logo: Uint8Array;
  const customer: { readonly id: string };
  const token: string, suppressed: ReadonlySet<string>;
  const invoices: AsyncIterable<{ readonly address: string; readonly number: number }>;
  const database: { read(key: string): Promise<CampaignState | undefined>; write(key: string, state: CampaignState): Promise<void> };
  const log: Readonly<Record<"error" | "warn" | "info", Log>>;
  const pager: { alert(text: string): void };
  const queue: { put(message: Message, notBefore?: Date): Promise<void> };
  const ask: { aHuman(id: string): Promise<void> };
}
`;

/** Modules of which a snippet gets one that talks to a simulator. */
export const simulated: Readonly<Record<string, string>> = {
  "steadymail/ses": adapterModule("ses"),
  "steadymail/sendgrid": adapterModule("sendgrid"),
  "steadymail/mailgun": adapterModule("mailgun"),
  "steadymail/mailjet": adapterModule("mailjet"),
  "@aws-sdk/client-sesv2": `
    import * as sdk from "@aws-sdk/client-sesv2";
    import { esps } from "./esps.mjs";
    export * from "@aws-sdk/client-sesv2";
    export class SESv2Client extends sdk.SESv2Client {
      constructor(options) {
        const { baseUrl, ...account } = esps.ses.options;
        super({ ...options, ...account, endpoint: baseUrl });
      }
    }`,
  "@sendgrid/mail": `
    import sdk from "@sendgrid/mail";
    import { esps } from "./esps.mjs";
    export default {
      setApiKey(key) { sdk.setApiKey(key); sdk.client.setDefaultRequest("baseUrl", esps.sendgrid.url); },
      send: (mail) => sdk.send(mail),
    };`,
  "mailgun.js": `
    import sdk from "mailgun.js";
    import { esps } from "./esps.mjs";
    export default class {
      #mailgun;
      constructor(form) { this.#mailgun = new sdk(form); }
      client(options) { return this.#mailgun.client({ ...options, url: esps.mailgun.url }); }
    }`,
  "node-mailjet": `
    import sdk from "node-mailjet";
    import { esps } from "./esps.mjs";
    sdk.Request.protocol = "http://";
    const config = { host: new URL(esps.mailjet.url).host };
    export default { Client: { apiConnect: (key, secret) => sdk.Client.apiConnect(key, secret, { config }) } };`,
};

function adapterModule(esp: string): string {
  // What has a server of its own already keeps it.
  return `
    import { ${esp} as adapter } from "steadymail/${esp}";
    import { esps } from "./esps.mjs";
    export const ${esp} = (options = {}) => adapter(options.baseUrl ? options : { ...options, ...esps.${esp}.options });`;
}

export const simulators = `
  import { startSimulator } from "steadymail/testing";
  Object.assign(process.env, {
    SENDGRID_API_KEY: "SG.docs",
    MAILGUN_API_KEY: "key-docs",
    MAILJET_API_KEY: "docs",
    MAILJET_API_SECRET: "secret",
    POSTMARK_TOKEN: "token",
  });
  const { SENDGRID_API_KEY, MAILGUN_API_KEY, MAILJET_API_KEY, MAILJET_API_SECRET } = process.env;
  export const esps = {
    ses: await startSimulator("ses"),
    sendgrid: await startSimulator("sendgrid", { account: { apiKey: SENDGRID_API_KEY } }),
    mailgun: await startSimulator("mailgun", { account: { apiKey: MAILGUN_API_KEY, domain: "mg.example.com" } }),
    mailjet: await startSimulator("mailjet", { account: { apiKey: MAILJET_API_KEY, apiSecret: MAILJET_API_SECRET } }),
  };`;

/** The same to a process: real adapters over simulators, and a new mailer for each snippet. */
export const program = `
  import { mkdirSync, writeFileSync } from "node:fs";
  import { createMailer } from "steadymail";
  import { mailgun } from "./simulated/steadymail-mailgun.mjs";
  import { mailjet } from "./simulated/steadymail-mailjet.mjs";
  import { sendgrid } from "./simulated/steadymail-sendgrid.mjs";
  import { ses } from "./simulated/steadymail-ses.mjs";

  const nothing = () => {};
  const later = async () => {};
  Object.assign(globalThis, {
    createMailer, ses, sendgrid, mailgun, mailjet,
    message: { from: "Shop <orders@example.com>", to: "ada@example.org", subject: "Your order", text: "It is on its way." },
    to: "ada@example.org", subject: "Your order", html: "<p>Hello</p>", text: "Hello",
    apiKey: "SG.docs", key: "docs", secret: "secret", token: "8f3a",
    signal: new AbortController().signal,
    logo: new Uint8Array([137, 80, 78, 71]),
    customer: { id: "4711" },
    suppressed: new Set(),
    invoices: { async *[Symbol.asyncIterator]() { yield { address: "ada@example.org", number: 4711 }; } },
    database: { read: later, write: later },
    log: { error: nothing, warn: nothing, info: nothing },
    pager: { alert: nothing },
    queue: { put: later },
    ask: { aHuman: later },
  });
  mkdirSync("invoices");
  writeFileSync("invoices/4711.pdf", "%PDF-");
  writeFileSync("terms.txt", "Terms");

  const results = [];
  for (const file of JSON.parse(process.argv[2])) {
    const printed = [];
    console.log = (...words) => printed.push(words.join(" "));
    globalThis.mailer = createMailer({
      providers: [
        { provider: ses(), labels: ["eu"] },
        sendgrid(),
        { provider: mailgun(), labels: ["eu"] },
        mailjet(),
      ],
    });
    mailer.on("provider:down", nothing);
    const result = { file, printed };
    try {
      await import("./" + file);
    } catch (error) {
      result.error = String(error?.stack ?? error);
    }
    results.push(result);
    await mailer.close();
  }
  writeFileSync("results.json", JSON.stringify(results));
  process.exit(0);`;
