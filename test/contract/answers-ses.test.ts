import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ses } from "../../src/providers/ses/index.ts";
import { silenceWarnings } from "../mailer/support.ts";
import { type Reply, startServer } from "../providers/esp-server.ts";
import { openMailer } from "./support/esps.ts";
import { failureWhenSaid, json } from "./support/saying.ts";
import { failureAtOnly, failureWith, type JudgedReason } from "./support/verdicts.ts";

silenceWarnings();

type Row = readonly [status: number, code: string, words: string, reason: JudgedReason];

const rows: readonly Row[] = [
  [400, "BadRequestException", "Missing final '@domain'", "invalid"],
  [400, "MessageRejected", "The message can't be sent because it contains invalid content.", "rejected"],
  [400, "MessageRejected", "Email address is not verified. The following identities failed the check.", "sender"],
  [400, "MessageRejected", "Email addresses are not verified: two of them", "sender"],
  [400, "MailFromDomainNotVerifiedException", "The MAIL FROM domain is not verified.", "sender"],
  [400, "AccountSuspendedException", "The account's ability to send has been permanently restricted.", "suspended"],
  [400, "SendingPausedException", "The account's ability to send is currently paused.", "suspended"],
  [404, "NotFoundException", "Template welcome does not exist.", "not-found"],
  [404, "NotFoundException", "Configuration set <newsletter> does not exist.", "not-found"],
  [429, "TooManyRequestsException", "Too many requests have been made to the operation.", "throttled"],
  [400, "ThrottlingException", "Maximum sending rate exceeded.", "throttled"],
  [429, "ThrottlingException", "Rate exceeded", "throttled"],
  [400, "ThrottlingException", "Daily message quota exceeded.", "quota"],
  [429, "TooManyRequestsException", "Daily message quota exceeded.", "quota"],
  [400, "LimitExceededException", "There are too many instances of the resource type.", "quota"],
  [403, "UnrecognizedClientException", "The security token included in the request is invalid.", "authentication"],
  [401, "UnrecognizedClientException", "The security token included in the request is invalid.", "authentication"],
  [403, "AccessDeniedException", "User is not authorized to perform: ses:SendEmail", "authentication"],
  [403, "SignatureDoesNotMatch", "The request signature we calculated does not match.", "authentication"],
  [403, "ExpiredTokenException", "The security token included in the request is expired", "authentication"],
  [403, "InvalidSignatureException", "Signature not yet current: check the clock", "authentication"],
  [401, "SomethingNewException", "Who are you?", "authentication"],
  [403, "SomethingNewException", "Go away.", "authentication"],
  [400, "SomethingNewException", "Something is new.", "invalid"],
  [413, "RequestEntityTooLargeException", "The request is too large.", "too-large"],
  [503, "ServiceUnavailableException", "The service is unavailable.", "unavailable"],
  [500, "InternalServiceErrorException", "Something failed here.", "server-error"],
  [500, "MessageRejected", "A broken server said so.", "server-error"],
  [200, "MessageRejected", "A confused server said so.", "bad-response"],
];

/** The ways in which the services of AWS name an exception. */
const namings: readonly [what: string, reply: (status: number, code: string, words: string) => Reply][] = [
  [
    "in the header",
    (status, code, message) => ({
      status,
      headers: { ...json, "x-amzn-errortype": code },
      body: JSON.stringify({ message }),
    }),
  ],
  [
    "in the header, with the place where it came from",
    (status, code, message) => ({
      status,
      headers: { ...json, "x-amzn-ErrorType": `${code}:http://internal.amazon.com/coral/com.amazonaws.sesv2/` },
      body: JSON.stringify({ Message: message }),
    }),
  ],
  [
    "in the body",
    (status, code, message) => ({ status, headers: json, body: JSON.stringify({ __type: code, message }) }),
  ],
  [
    "in the body, with its namespace",
    (status, code, message) => ({
      status,
      headers: json,
      body: JSON.stringify({ __type: `com.amazonaws.sesv2#${code}`, message }),
    }),
  ],
];

describe.each(namings)("SES names the exception %s", (_, reply) => {
  it.each(rows)("%i %s “%s”: %s", async (status, code, words, reason) => {
    expect(await failureWhenSaid("ses", reply(status, code, words))).toEqual(
      failureWith(reason, { status, code, detail: words }),
    );
  });
});

describe("SES", () => {
  it("says when to come back by Retry-After", async () => {
    const reply = {
      status: 429,
      headers: { ...json, "x-amzn-errortype": "TooManyRequestsException", "retry-after": "5" },
      body: '{"message":"Maximum sending rate exceeded."}',
    };
    expect(await failureWhenSaid("ses", reply)).toEqual(
      failureWith("throttled", { status: 429, code: "TooManyRequestsException", retryAfter: 5_000 }),
    );
  });

  it("names the addresses that are not verified, and the failure does not", async () => {
    const failed = "Email address is not verified. The following identities failed the check: orders@example.com";
    const reply = {
      status: 400,
      headers: { ...json, "x-amzn-errortype": "MessageRejected" },
      body: JSON.stringify({ message: failed }),
    };
    expect(await failureWhenSaid("ses", reply)).toEqual(
      failureWith("sender", {
        status: 400,
        code: "MessageRejected",
        detail: "Email address is not verified. The following identities failed the check: [redacted]",
      }),
    );
  });
});

describe("SES before any request: authentication", () => {
  const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" };

  /** An environment in which the SDK finds nothing but what is given. */
  function environment(given: Readonly<Record<string, string>> = {}): void {
    for (const name of Object.keys(process.env).filter((key) => key.startsWith("AWS_"))) vi.stubEnv(name, undefined);
    const nothing = {
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/nonexistent/config",
      AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
    };
    for (const [name, value] of Object.entries({ ...nothing, ...given })) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
  }

  it.each([
    ["no credentials", { region: "eu-west-1" }, /credentials/i],
    ["no region", { credentials }, /region/i],
    ["a region that cannot be one", { region: "eu west 1", credentials }, /region/i],
  ])("%s", async (_, options, words) => {
    environment();
    const server = await startServer(() => undefined);
    const baseUrl = "region" in options && options.region.includes(" ") ? {} : { baseUrl: server.url };
    const mailer = openMailer({ providers: [ses({ ...options, ...baseUrl })], retry: { maxRounds: 1 } });
    expect(await failureAtOnly(mailer)).toEqual(
      failureWith("authentication", { detail: expect.stringMatching(words) }),
    );
    expect(server.requests).toEqual([]);
  });

  it("an invalid URL", async () => {
    environment({ AWS_ENDPOINT_URL_SESV2: "no URL" });
    const mailer = openMailer({ providers: [ses({ region: "eu-west-1", credentials })], retry: { maxRounds: 1 } });
    expect(await failureAtOnly(mailer)).toEqual(
      failureWith("authentication", { detail: expect.stringMatching(/invalid url/i) }),
    );
  });
});
