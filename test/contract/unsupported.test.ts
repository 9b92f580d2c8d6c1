import { describe, expect, it } from "vitest";
import { type Droppable, isSteadyMailError, type Message, type Provider, type SendOptions } from "../../src/index.ts";
import type { EspName } from "../../src/testing/index.ts";
import { adapterOf, espNames, openMailer, useEsps } from "./support/esps.ts";
import { type Arrival, arrivalIn, letter, letterAt } from "./support/features.ts";

const esps = await useEsps();

const adapters = (): readonly Provider<EspName>[] => [
  adapterOf(esps.ses),
  adapterOf(esps.sendgrid),
  adapterOf(esps.mailgun),
  adapterOf(esps.mailjet),
];
const openAll = () => openMailer({ providers: adapters() });

/** The error of a send that no allowed provider can carry. */
async function unsupportedBy(sending: Promise<unknown>) {
  const error = await sending.catch((error: unknown) => error);
  if (!isSteadyMailError(error) || error.kind !== "unsupported") {
    throw new Error("the send did not end with an UnsupportedError", { cause: error });
  }
  return error;
}

function requestsSeen(): number {
  return espNames.reduce((sum, name) => sum + esps[name].requests, 0);
}

const inAnHour = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 60 * 60_000);
const people = (count: number) => Array.from({ length: count }, (_, index) => ({ address: `p${index}@example.org` }));

interface Case {
  readonly what: string;
  readonly message: Partial<Message>;
  readonly options?: SendOptions<EspName>;
  /** Who cannot carry it, and by which fields. */
  readonly skipped: Readonly<Partial<Record<EspName, readonly string[]>>>;
  readonly arrives: Partial<Arrival>;
}

const cases: readonly Case[] = [
  {
    what: "a later delivery",
    message: { sendAt: inAnHour },
    skipped: { ses: ["sendAt"], mailjet: ["sendAt"] },
    arrives: { sendAt: inAnHour },
  },
  {
    what: "51 recipients",
    message: { to: people(51) },
    skipped: { ses: ["recipients"], mailjet: ["recipients"] },
    arrives: { to: people(51) },
  },
  {
    what: "metadata in any characters",
    message: { metadata: { note: "Größe: XL" } },
    skipped: { ses: ["metadata"] },
    arrives: { metadata: { note: "Größe: XL" } },
  },
  {
    what: "tracking that must not be dropped",
    message: { tracking: { opens: true } },
    options: { mayDrop: [] },
    skipped: { ses: ["tracking"] },
    arrives: { tracking: { opens: true, clicks: false } },
  },
  {
    what: "an empty subject",
    message: { subject: "" },
    options: { except: ["ses"] },
    skipped: { sendgrid: ["subject"] },
    arrives: { subject: "" },
  },
  {
    what: "a letter outside ASCII before the @",
    message: { to: { address: "søren@example.org" } },
    skipped: { ses: ["to"], sendgrid: ["to"], mailgun: ["to"] },
    arrives: { to: [{ address: "søren@example.org" }] },
  },
  {
    what: "several fields that one or the other cannot carry",
    message: { sendAt: inAnHour, metadata: { note: "a b" }, replyTo: people(2) },
    skipped: { ses: ["metadata", "sendAt"], mailjet: ["replyTo", "sendAt"] },
    arrives: { sendAt: inAnHour, metadata: { note: "a b" }, replyTo: people(2) },
  },
];

describe("a provider that cannot carry a message", () => {
  it.each(cases)(
    "is passed over for $what, and named in the receipt",
    async ({ message, options, skipped, arrives }) => {
      const mailer = openAll();
      const warnings: unknown[] = [];
      mailer.on("warning", (event) => warnings.push(event));
      const receipt = await mailer.send({ ...letter, ...message }, options);

      const expected = espNames.flatMap((provider) => {
        const fields = skipped[provider];
        return fields ? [{ provider, fields }] : [];
      });
      expect(receipt.skipped).toEqual(expected);
      expect(warnings).toEqual(expected.map((one) => ({ ...one, code: "excluded", message: expect.any(String) })));
      const able = espNames.find((name) => !skipped[name] && !options?.except?.includes(name));
      expect(receipt).toMatchObject({ provider: able, dropped: [], duplicate: "no" });
      expect(receipt.attempts).toHaveLength(1);
      expect(requestsSeen()).toBe(1);
      const arrived = arrivalIn(esps[receipt.provider].inbox[0]);
      expect(arrived).toEqual({ ...letterAt(receipt.provider), ...arrives });
    },
  );

  it("is told of once, however many messages it cannot carry", async () => {
    const mailer = openAll();
    const warnings: unknown[] = [];
    mailer.on("warning", (event) => warnings.push(event));
    for (let i = 0; i < 3; i++) await mailer.send({ ...letter, metadata: { note: "a b" } });
    expect(warnings).toEqual([expect.objectContaining({ code: "excluded", provider: "ses", fields: ["metadata"] })]);
  });
});

/** What an ESP cannot carry and may leave out if it is told so. */
const droppable: readonly (readonly [EspName, Droppable, Partial<Message>])[] = [
  ["ses", "tags", { tags: ["order confirmation"] }],
  ["ses", "metadata", { metadata: { note: "a b" } }],
  ["ses", "tracking", { tracking: { opens: true, clicks: true } }],
  ["sendgrid", "tags", { tags: ["größe"] }],
  ["sendgrid", "metadata", { metadata: { note: "x".repeat(10_000) } }],
  ["mailgun", "tags", { tags: ["größe"] }],
  ["mailgun", "metadata", { metadata: { note: "x".repeat(17_000) } }],
  ["mailjet", "tags", { tags: ["order", "eu"] }],
  ["mailjet", "replyTo", { replyTo: ["a@example.org", "b@example.org"] }],
];

describe("mayDrop", () => {
  it.each(droppable)("lets %s leave out %s, and the receipt says so", async (name, field, message) => {
    const receipt = await openAll().send({ ...letter, ...message }, { only: [name], mayDrop: [field] });
    expect(receipt).toMatchObject({ provider: name, dropped: [field], skipped: [] });
    expect(arrivalIn(esps[name].inbox[0])).toEqual(letterAt(name));
  });

  it.each(droppable)("keeps %s from leaving out %s where it is not named", async (name, field, message) => {
    const sending = openAll().send({ ...letter, ...message }, { only: [name], mayDrop: [] });
    expect(await unsupportedBy(sending)).toMatchObject({
      missing: [field],
      skipped: [{ provider: name, fields: [field] }],
    });
    expect(requestsSeen()).toBe(0);
  });

  it("has tags and tracking by default, and metadata and replyTo not", async () => {
    const wanted = { tags: ["a b"], tracking: { opens: true } };
    const receipt = await openAll().send({ ...letter, ...wanted }, { only: ["ses"] });
    expect(receipt.dropped).toEqual(["tags", "tracking"]);
    expect(arrivalIn(esps.ses.inbox[0])).toEqual(letterAt("ses"));
    const metadata = openAll().send({ ...letter, ...wanted, metadata: { note: "a b" } }, { only: ["ses"] });
    expect((await unsupportedBy(metadata)).missing).toEqual(["metadata"]);
    const replyTo = openAll().send({ ...letter, replyTo: ["a@example.org", "b@example.org"] }, { only: ["mailjet"] });
    expect((await unsupportedBy(replyTo)).missing).toEqual(["replyTo"]);
  });

  it("does not help where something else cannot be carried", async () => {
    const message = { ...letter, tags: ["a b"], sendAt: inAnHour };
    const error = await unsupportedBy(openAll().send(message, { only: ["ses"], mayDrop: ["tags"] }));
    expect(error.missing).toEqual(["sendAt"]);
  });

  it("is used last: in a group, those that carry everything come first", async () => {
    const mailer = openMailer({ providers: [adapters()] });
    const message = { ...letter, tags: ["order", "new customer"] };
    for (let i = 0; i < 8; i++) expect((await mailer.send(message)).dropped).toEqual([]);
    expect(espNames.map((name) => esps[name].inbox.length)).toEqual([0, 4, 4, 0]);
    esps.sendgrid.fault({ kind: "refuse" });
    esps.mailgun.fault({ kind: "refuse" });
    const receipt = await mailer.send(message);
    expect(receipt.dropped).toEqual(["tags"]);
    expect(["ses", "mailjet"]).toContain(receipt.provider);
    expect(arrivalIn(esps[receipt.provider].inbox[0])).toEqual(letterAt(receipt.provider));
  });
});

describe("a message that no provider can carry", () => {
  it("is refused with the fields of all, and nothing is sent", async () => {
    const mailer = openAll();
    const failed: unknown[] = [];
    mailer.on("failed", (event) => failed.push(event));
    const in73Hours = new Date(Date.now() + 73 * 60 * 60_000);
    const message = { ...letter, sendAt: in73Hours, metadata: { note: "a b" }, replyTo: people(2) };
    const error = await unsupportedBy(mailer.send(message, { id: "send-1" }));
    expect(error).toMatchObject({ id: "send-1", name: "UnsupportedError", sent: "no", retryable: false, attempts: [] });
    expect(error.skipped).toEqual([
      { provider: "ses", fields: ["metadata", "sendAt"] },
      { provider: "sendgrid", fields: ["sendAt"] },
      { provider: "mailgun", fields: ["sendAt"] },
      { provider: "mailjet", fields: ["replyTo", "sendAt"] },
    ]);
    expect([...error.missing].sort()).toEqual(["metadata", "replyTo", "sendAt"]);
    for (const word of [...espNames, ...error.missing]) expect(error.message).toContain(word);
    expect(failed).toEqual([{ id: "send-1", error }]);
    expect(requestsSeen()).toBe(0);
    expect(mailer.health().map(({ state }) => state)).toEqual(Array(4).fill("healthy"));
  });

  it("is refused as such among those that are allowed, although another could", async () => {
    const sending = openAll().send({ ...letter, sendAt: inAnHour }, { only: ["ses", "mailjet"] });
    expect((await unsupportedBy(sending)).skipped.map(({ provider }) => provider)).toEqual(["ses", "mailjet"]);
  });

  it("is another matter than one whose only carrier is out for maintenance", async () => {
    const mailer = openMailer({ providers: [adapterOf(esps.ses), adapterOf(esps.mailgun)] });
    mailer.isolate("mailgun");
    const error = await mailer.send({ ...letter, sendAt: inAnHour }).catch((error: unknown) => error);
    expect(error).toMatchObject({ kind: "unavailable", skipped: [{ provider: "ses", fields: ["sendAt"] }] });
    expect(requestsSeen()).toBe(0);
  });
});
