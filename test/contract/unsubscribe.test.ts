import { describe, expect, it } from "vitest";
import { adapterOf, espNames, openMailer, useEsps } from "./support/esps.ts";
import { arrivalIn, arrivalOf, describeFeatures, letter, missingOf } from "./support/features.ts";

const esps = await useEsps();

const post = ["List-Unsubscribe-Post", "List-Unsubscribe=One-Click"] as const;

describeFeatures("unsubscribe", esps, [
  {
    what: "a URL",
    message: { unsubscribe: { url: "https://example.com/u?id=1&x=y" } },
    arrives: { headers: [["List-Unsubscribe", "<https://example.com/u?id=1&x=y>"], post] },
  },
  {
    what: "a URL and an address",
    message: { unsubscribe: { url: "https://example.com/u", mailto: "mailto:stop@example.com?subject=stop%20it" } },
    arrives: {
      headers: [["List-Unsubscribe", "<https://example.com/u>, <mailto:stop@example.com?subject=stop%20it>"], post],
    },
  },
  {
    what: "a URL with what breaks headers, forms and encoded words",
    message: { unsubscribe: { url: "https://bücher.example/a,b=?c=?UTF-8?Q?d?=&e=%0D%0A'" } },
    arrives: {
      headers: [
        ["List-Unsubscribe", "<https://xn--bcher-kva.example/a%2Cb%3D?c=%3FUTF-8%3FQ%3Fd%3F=&e=%0D%0A%27>"],
        post,
      ],
    },
  },
  { what: "none", message: { unsubscribe: false } },
]);

/** `<`, `>` and the URL are 995 characters: more than SES takes. */
const long = `https://example.com/${"u".repeat(974)}`;

describe("an unsubscribe URL beyond the length of a header at SES", () => {
  it("is not taken there, and the field is named", async () => {
    expect(await missingOf(esps, "ses", { ...letter, unsubscribe: { url: long } })).toEqual(["headers"]);
  });

  it("goes to a provider that can carry it", async () => {
    const { headers } = await arrivalOf(esps, "sendgrid", { ...letter, unsubscribe: { url: long } });

    expect(headers).toEqual([["List-Unsubscribe", `<${long}>`], post]);
  });
});

describe("unsubscribe of the defaults", () => {
  it.each(espNames)("arrives at %s", async (name) => {
    const mailer = openMailer({
      providers: [adapterOf(esps[name])],
      defaults: { unsubscribe: { url: "https://example.com/u" } },
    });
    await mailer.send(letter);

    expect(arrivalIn(esps[name].inbox[0]).headers).toEqual([["List-Unsubscribe", "<https://example.com/u>"], post]);
  });
});
