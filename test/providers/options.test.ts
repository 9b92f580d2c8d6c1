import https from "node:https";
import { describe, expect, expectTypeOf, it } from "vitest";
import { mailgun } from "../../src/providers/mailgun/index.ts";
import { mailjet } from "../../src/providers/mailjet/index.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { ses } from "../../src/providers/ses/index.ts";

const domain = "mg.example.com";

/** Options as someone gives them who has no types. */
function untyped<T extends (options: never) => unknown>(factory: T) {
  return (options: unknown) => Reflect.apply(factory, undefined, [options]);
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("options that cannot work", () => {
  const agent = new https.Agent({ rejectUnauthorized: false });
  const wrong: readonly (readonly [
    what: string,
    factory: (options: unknown) => unknown,
    options: unknown,
    words: RegExp,
  ])[] = [
    [
      "SendGrid without options",
      untyped(sendgrid),
      undefined,
      /sendgrid: options must be an object, but are undefined/,
    ],
    [
      "SendGrid without a key",
      untyped(sendgrid),
      {},
      /apiKey must be a string that is not empty, but is undefined; is the environment variable set\?/,
    ],
    ["SendGrid with an empty key", untyped(sendgrid), { apiKey: "" }, /apiKey .* but is empty$/],
    ["SendGrid with a key of another type", untyped(sendgrid), { apiKey: 7 }, /apiKey .* but is of type number/],
    [
      "SendGrid with a line break in its key",
      untyped(sendgrid),
      { apiKey: "SG.secret\n" },
      /apiKey holds a space, a line break .* trim it/,
    ],
    [
      "SendGrid in an unknown region",
      untyped(sendgrid),
      { apiKey: "SG.secret", region: "us" },
      /sendgrid: region must be "global" or "eu", but is "us"/,
    ],
    ["Mailgun without a key", untyped(mailgun), { domain }, /mailgun: apiKey/],
    [
      "Mailgun without a domain",
      untyped(mailgun),
      { apiKey: "secret" },
      /mailgun: domain must be the name of the sending domain/,
    ],
    [
      "Mailgun with a path for a domain",
      untyped(mailgun),
      { apiKey: "secret", domain: "a.example/../x" },
      /domain must be/,
    ],
    [
      "Mailgun in an unknown region",
      untyped(mailgun),
      { apiKey: "secret", domain, region: "mars" },
      /mailgun: region must be "us" or "eu"/,
    ],
    ["Mailjet without a secret", untyped(mailjet), { apiKey: "secret" }, /mailjet: apiSecret/],
    ["Mailjet without a key", untyped(mailjet), { apiSecret: "secret" }, /mailjet: apiKey/],
    [
      "SendGrid with an option that it does not have",
      untyped(sendgrid),
      { apiKey: "SG.secret", domain },
      /sendgrid: "domain" is no option; there are apiKey, region, name, baseUrl, agent/,
    ],
    [
      "Mailgun with a misspelt option",
      untyped(mailgun),
      { apiKey: "secret", domain, regoin: "eu" },
      /mailgun: "regoin" is no option; there are apiKey, domain, region, name, baseUrl, agent/,
    ],
    [
      "Mailjet with an option that it does not have",
      untyped(mailjet),
      { apiKey: "secret", apiSecret: "secret", region: "eu" },
      /mailjet: "region" is no option; there are apiKey, apiSecret, name, baseUrl, agent/,
    ],
    [
      "an empty name",
      untyped(mailjet),
      { apiKey: "secret", apiSecret: "secret", name: " " },
      /mailjet: name must be a string/,
    ],
    [
      "a base URL that is none",
      untyped(sendgrid),
      { apiKey: "SG.secret", baseUrl: "api.example.com" },
      /sendgrid: baseUrl/,
    ],
    [
      "a base URL in clear",
      untyped(mailjet),
      { apiKey: "secret", apiSecret: "secret", baseUrl: "http://api.example.com" },
      /mailjet: baseUrl must begin with https:/,
    ],
    [
      "a base URL with credentials",
      untyped(ses),
      { baseUrl: "https://user:secret@example.com" },
      /ses: baseUrl must not hold credentials/,
    ],
    [
      "an endpoint of SES in clear",
      untyped(ses),
      { endpoint: "http://api.example.com" },
      /ses: endpoint must begin with https:/,
    ],
    ["SES in an empty region", untyped(ses), { region: "" }, /ses: region is empty; is the environment variable set\?/],
    [
      "SES with two endpoints",
      untyped(ses),
      { endpoint: "https://a.example", baseUrl: "https://b.example" },
      /baseUrl or endpoint, not both/,
    ],
    ...["requestHandler", "maxAttempts", "retryStrategy", "retryMode"].map(
      (option) =>
        [
          `SES with ${option}`,
          untyped(ses),
          { [option]: 3 },
          new RegExp(`ses: ${option} is set by the adapter`),
        ] as const,
    ),
    ["an agent without verification", untyped(sendgrid), { apiKey: "SG.secret", agent }, /rejectUnauthorized/],
    ["an agent without verification, for SES", untyped(ses), { region: "eu-west-1", agent }, /rejectUnauthorized/],
  ];

  it.each(wrong)("%s", (_what, factory, options, words) => {
    const error = thrownBy(() => factory(options));
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
    expect(String(error)).toMatch(words);
    expect(String(error)).not.toContain("secret\n");
    expect(String(error)).not.toMatch(/SG\.secret|:secret/);
  });
});

describe("options that work", () => {
  it("may leave everything to the environment at SES", () => {
    expect(ses().name).toBe("ses");
  });

  it("may be any of the SDK's at SES", () => {
    const options = { region: "eu-west-1", useDualstackEndpoint: true, ofALaterSdk: true };
    expect(ses(options).name).toBe("ses");
  });

  it("may have an agent without verification for loopback", () => {
    const agent = new https.Agent({ rejectUnauthorized: false });
    expect(sendgrid({ apiKey: "SG.x", baseUrl: "https://127.0.0.1:1", agent }).name).toBe("sendgrid");
  });

  it("give the provider's name its type", () => {
    expectTypeOf(sendgrid({ apiKey: "SG.x" })).toEqualTypeOf<Provider<"sendgrid">>();
    expectTypeOf(sendgrid({ apiKey: "SG.x", name: "second" })).toEqualTypeOf<Provider<"second">>();
    expectTypeOf(ses()).toEqualTypeOf<Provider<"ses">>();
    expectTypeOf(ses({ region: "eu-west-1", name: "irish" })).toEqualTypeOf<Provider<"irish">>();
    expectTypeOf(mailgun({ apiKey: "x", domain })).toEqualTypeOf<Provider<"mailgun">>();
    expectTypeOf(mailjet({ apiKey: "x", apiSecret: "y", name: "mj" })).toEqualTypeOf<Provider<"mj">>();
  });
});
