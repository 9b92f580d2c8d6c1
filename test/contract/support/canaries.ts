import { inspect } from "node:util";
import { afterAll, beforeEach } from "vitest";
import type { Message } from "../../../src/index.ts";
import { type EspName, type Simulator, type SimulatorOptions, startSimulator } from "../../../src/testing/index.ts";
import type { Esps } from "./esps.ts";

/** Credentials that stand out wherever they leak. */
const accounts: { readonly [E in EspName]: NonNullable<SimulatorOptions<E>["account"]> } = {
  ses: { credentials: { accessKeyId: "canary-ses-id-zebra", secretAccessKey: "canary-ses-secret/gnu+yak=" } },
  sendgrid: { apiKey: "canary-sendgrid-key.heron" },
  mailgun: { apiKey: "canary-mailgun-key-ibis" },
  mailjet: { apiKey: "canary-mailjet-id-lynx", apiSecret: "canary-mailjet-secret-puma" },
};

/** A simulator whose account has these credentials. */
export function startWithCanaries<E extends EspName>(name: E): Promise<Simulator<E>> {
  return startSimulator(name, { account: accounts[name] });
}

/** The four of them for all tests of a file, healed and emptied before each. To be called at the top of the file. */
export async function useEspsWithCanaries(): Promise<Esps> {
  const esps = {
    ses: await startWithCanaries("ses"),
    sendgrid: await startWithCanaries("sendgrid"),
    mailgun: await startWithCanaries("mailgun"),
    mailjet: await startWithCanaries("mailjet"),
  };
  const all = Object.values(esps);
  beforeEach(async () => {
    for (const esp of all) {
      await esp.heal();
      esp.clear();
    }
  });
  afterAll(() => Promise.all(all.map((esp) => esp.close())));
  return esps;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** The credentials of each account as they are, and as requests carry them. */
export const secrets: Readonly<Record<EspName, readonly string[]>> = {
  ses: ["canary-ses-id-zebra", "canary-ses-secret/gnu+yak="],
  sendgrid: ["canary-sendgrid-key.heron"],
  mailgun: ["canary-mailgun-key-ibis", base64("api:canary-mailgun-key-ibis")],
  mailjet: [
    "canary-mailjet-id-lynx",
    "canary-mailjet-secret-puma",
    base64("canary-mailjet-id-lynx:canary-mailjet-secret-puma"),
  ],
};

/** A message that all four carry, with a word of its own in every part. */
export const message = {
  from: { name: "Walrusname Shop", address: "walrus.from@example.com" },
  to: [{ name: "Ottername, Ada", address: "otter.to@example.org" }, { address: "stoat+to2@example.org" }],
  cc: { name: "Zoë Badgername", address: "badger.cc@example.org" },
  bcc: { address: "'ferret.bcc'@example.org" },
  replyTo: { address: "marmot.reply@example.org" },
  subject: 'Your "wombat" order',
  text: "Dear Ada,\n\nthe platypus code is 4711.\n",
  html: '<p class="x">The <b>platypus</b> code</p>\n<p>numbat line</p>',
  headers: { "X-Secret": "quokka header value" },
  tags: ["dingotag"],
  metadata: { customer: "koalavalue" },
  attachments: [{ filename: "bilby file.txt", content: "bandicoot", encoding: "utf8" }],
} satisfies Message;

/** A word of each part of the message. */
export const words = [
  "walrus",
  "otter",
  "stoat",
  "badger",
  "ferret",
  "marmot",
  "wombat",
  "platypus",
  "numbat",
  "quokka",
  "dingo",
  "koala",
  "bilby",
  "bandicoot",
];

/** What an ESP, or a proxy before it, might say that repeats something of what it was sent. */
export function echoesOf(name: EspName): readonly string[] {
  return [
    'Sender "Walrusname Shop" <walrus.from@example.com> is not known',
    'Recipients "Ottername, Ada" <otter.to@example.org>, stoat+to2@example.org',
    "Copies to Zoë Badgername <badger.cc@example.org>, 'ferret.bcc'@example.org, answers to marmot.reply@example.org",
    'Invalid subject: Your "wombat" order',
    "X-Secret: quokka header value; tag dingotag; customer=koalavalue; file bilby file.txt",
    message.text,
    message.html,
    ...secrets[name].map((secret) => `Unknown key ${secret}`),
  ];
}

/** The canaries in anything that a program could print, in whatever case. */
export function canariesIn(evidence: unknown): readonly string[] {
  const printed = [
    inspect(evidence, {
      depth: Number.POSITIVE_INFINITY,
      showHidden: true,
      getters: true,
      maxArrayLength: null,
      maxStringLength: null,
    }),
    inspect(evidence, {
      depth: Number.POSITIVE_INFINITY,
      maxStringLength: null,
      breakLength: Number.POSITIVE_INFINITY,
    }),
    toJson(evidence),
    String(evidence),
  ].join("\n");
  const found = printed.toLowerCase();
  return [...Object.values(secrets).flat(), ...words].filter((canary) => found.includes(canary.toLowerCase()));
}

/** JSON with what it leaves out of errors. */
function toJson(evidence: unknown): string {
  const seen = new Set<unknown>();
  return (
    JSON.stringify(evidence, (_key, value: unknown) => {
      if (typeof value !== "object" || value === null) return value;
      if (seen.has(value)) return undefined;
      seen.add(value);
      if (!(value instanceof Error)) return value;
      return { ...value, name: value.name, message: value.message, stack: value.stack, cause: value.cause };
    }) ?? ""
  );
}
