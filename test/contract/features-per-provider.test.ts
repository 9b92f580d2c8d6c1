import { describe, expect, it } from "vitest";
import type { EspName } from "../../src/testing/index.ts";
import { adapterOf, espNames, openMailer, useEsps } from "./support/esps.ts";
import { arrivalIn, describeFeatures, type Feature, letter, letterAt } from "./support/features.ts";

const esps = await useEsps();

const openAll = () =>
  openMailer({
    providers: [adapterOf(esps.ses), adapterOf(esps.sendgrid), adapterOf(esps.mailgun), adapterOf(esps.mailjet)],
  });

describe("a template at its provider", () => {
  const ids = { ses: "welcome", sendgrid: "d-0123456789abcdef", mailgun: "welcome v2", mailjet: "1234567" };
  const variables = {
    firstName: "Ada 😀",
    snake_case: "Größe",
    order: { lineItems: [{ unitPrice: 1.5, "in stock": true }, null], total: 0, note: "" },
    constructor: "x",
  };
  const { text: _text, ...bare } = { ...letter, subject: "" };

  it.each(espNames)("of %s goes out with that provider's id and all variables", async (name) => {
    const receipt = await openAll().send({ ...bare, template: { id: ids, variables } }, { only: [name] });
    const template = { id: ids[name], variables };
    expect(arrivalIn(esps[name].inbox[0])).toEqual({ ...letterAt(name), subject: "", text: undefined, template });
    expect(receipt).toMatchObject({ provider: name, dropped: [], skipped: [] });
  });

  it.each(espNames)("of %s may be a bare id where there is one provider, without variables", async (name) => {
    const mailer = openMailer({ providers: [adapterOf(esps[name])] });
    await mailer.send({ ...bare, template: { id: ids[name] } });
    const template = { id: ids[name], variables: {} };
    expect(arrivalIn(esps[name].inbox[0])).toEqual({ ...letterAt(name), subject: "", text: undefined, template });
  });

  it.each(espNames)("of %s goes with attachments, headers and metadata", async (name) => {
    const attachments = [{ filename: "a.pdf", contentType: "application/pdf", content: new Uint8Array([1, 2]) }];
    const extras = { attachments, tags: ["welcome"], metadata: { customer: "42" } };
    const message = { ...bare, ...extras, headers: { "X-Note": "schön" }, template: { id: ids, variables } };
    await openAll().send(message, { only: [name], mayDrop: [] });
    expect(arrivalIn(esps[name].inbox[0])).toEqual({
      ...letterAt(name),
      ...extras,
      subject: "",
      text: undefined,
      headers: [["X-Note", "schön"]],
      template: { id: ids[name], variables },
    });
  });

  it("that has no id for a provider passes it over", async () => {
    const message = { ...bare, template: { id: { mailgun: ids.mailgun }, variables } };
    const receipt = await openAll().send(message);
    expect(receipt.provider).toBe("mailgun");
    expect(receipt.skipped).toEqual(
      ["ses", "sendgrid", "mailjet"].map((provider) => ({ provider, fields: ["template"] })),
    );
  });
});

/** What each can carry beside a template alone; the template of a bare id that all four take. */
const besideTemplate: readonly Feature[] = [
  {
    // SES has the subject in the template.
    what: "a subject beside a template",
    message: { subject: "Hi", text: undefined, template: { id: "1234567" } },
    arrives: { subject: "Hi", text: undefined, template: { id: "1234567", variables: {} } },
    refused: { ses: ["subject"] },
  },
  {
    // SES and Mailjet have the body in the template; SendGrid's templates of this kind, the old one, take it in.
    what: "a text beside a template",
    message: { subject: "", template: { id: "1234567" } },
    arrives: { subject: "", template: { id: "1234567", variables: {} } },
    refused: { ses: ["text"], mailjet: ["text"] },
  },
  {
    // Of the templates of Mailgun too, which take a text for those who want one.
    what: "an html part beside a template",
    message: { subject: "", text: undefined, html: "<p>Hi</p>", template: { id: "1234567" } },
    arrives: { subject: "", text: undefined, html: "<p>Hi</p>", template: { id: "1234567", variables: {} } },
    refused: { ses: ["html"], mailgun: ["html"], mailjet: ["html"] },
  },
  {
    // Mailjet numbers its templates; SendGrid knows variables for dynamic templates alone.
    what: "a template with a name and variables",
    message: { subject: "", text: undefined, template: { id: "welcome", variables: { a: 1 } } },
    arrives: { subject: "", text: undefined, template: { id: "welcome", variables: { a: 1 } } },
    refused: { sendgrid: ["template"], mailjet: ["template"] },
  },
];
describeFeatures("beside a template", esps, besideTemplate);

describe("providerOptions", () => {
  const providerOptions = {
    ses: { ConfigurationSetName: "transactional", Content: { Simple: { Subject: { Charset: "UTF-8" } } } },
    sendgrid: { asm: { group_id: 7 }, tracking_settings: { subscription_tracking: { enable: false } } },
    mailgun: { "o:dkim": "no", "o:require-tls": true },
    mailjet: { URLTags: "utm_source=shop", Priority: 2 },
  };
  /** Where they are in the request: merged into what was there. */
  const inRequest: Readonly<Record<EspName, object>> = {
    ses: {
      ConfigurationSetName: "transactional",
      Content: { Simple: { Subject: { Data: letter.subject, Charset: "UTF-8" } } },
    },
    sendgrid: {
      asm: { group_id: 7 },
      tracking_settings: { open_tracking: { enable: false }, subscription_tracking: { enable: false } },
    },
    mailgun: {
      fields: expect.arrayContaining([
        ["o:dkim", "no"],
        ["o:require-tls", "yes"],
        ["o:tracking-opens", "no"],
      ]),
    },
    mailjet: { URLTags: "utm_source=shop", Priority: 2, TrackOpens: "disabled" },
  };
  const everyOption = /ConfigurationSet|asm|subscription_tracking|o:dkim|require-tls|URLTags|Priority/g;

  it.each(espNames)("of %s are merged into its request, change nothing else, and go to no other", async (name) => {
    await openAll().send({ ...letter, providerOptions }, { only: [name] });
    const [received] = esps[name].inbox;
    expect(arrivalIn(received)).toEqual(letterAt(name));
    expect(received?.raw).toMatchObject(inRequest[name]);
    const mentioned = (value: unknown) => JSON.stringify(value).match(everyOption)?.sort();
    expect(mentioned(received?.raw)).toEqual(mentioned(providerOptions[name]));
  });

  it("replace arrays, and are by the name of the provider, not by its kind", async () => {
    const mailer = openMailer({ providers: [adapterOf(esps.sendgrid, "bulk")] });
    await mailer.send({ ...letter, tags: ["a", "b"], providerOptions: { bulk: { categories: ["c"] } } });
    expect(arrivalIn(esps.sendgrid.inbox[0])).toEqual({ ...letterAt("sendgrid"), tags: ["c"] });
  });

  it("are not changed, nor any prototype, by being merged", async () => {
    const options = structuredClone(providerOptions);
    for (const name of espNames) await openAll().send({ ...letter, providerOptions: options }, { only: [name] });
    expect(options).toEqual(providerOptions);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
