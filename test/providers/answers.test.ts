import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Failure, Reason, Scope } from "../../src/failure.ts";
import { type Reply, startServer } from "./esp-server.ts";
import { canaries, context, espNamed, esps, failureOf, message } from "./esps.ts";

const json = { "content-type": "application/json" };

async function failureFor(name: string, reply: Reply): Promise<Failure> {
  const server = await startServer(() => reply);
  const failure = await failureOf(espNamed(name).create(server.url).send(message(), context()));
  // Nothing repeats a request by itself, whatever the answer.
  expect(server.requests).toHaveLength(1);
  return failure;
}

const scopes = {
  rejected: "message",
  invalid: "message",
  "too-large": "message",
  unsupported: "message",
  "not-found": "message",
  authentication: "account",
  suspended: "account",
  sender: "account",
  quota: "account",
  throttled: "provider",
  unavailable: "provider",
  "bad-response": "provider",
  "server-error": "provider",
} satisfies Partial<Record<Reason, Scope>>;

const unknown: readonly Reason[] = ["bad-response", "server-error"];

type Known = keyof typeof scopes;

function expectFailure(failure: Failure, reason: Known, rest: Partial<Failure>): void {
  expect(failure).toMatchObject({
    reason,
    scope: scopes[reason],
    sent: unknown.includes(reason) ? "maybe" : "no",
    ...rest,
  });
}

describe.each(esps.map(({ name }) => name))("%s: an answer by its status", (name) => {
  const html = { "content-type": "text/html" };
  const page = "<html><body>Bad gateway</body></html>";
  const rows: readonly (readonly [what: string, reply: Reply, reason: Known])[] = [
    [
      "a redirection that keeps the method",
      { status: 307, headers: { location: "http://127.0.0.1:1/" } },
      "unavailable",
    ],
    ["a redirection", { status: 301, headers: { location: "http://127.0.0.1:1/" } }, "unavailable"],
    ["401", { status: 401 }, "authentication"],
    ["413", { status: 413, headers: html, body: page }, "too-large"],
    ["429", { status: 429 }, "throttled"],
    ["408", { status: 408 }, "server-error"],
    ["500", { status: 500, headers: html, body: page }, "server-error"],
    ["502", { status: 502, headers: html, body: page }, "server-error"],
    ["504", { status: 504, headers: html, body: page }, "server-error"],
    ["an unlisted 5xx", { status: 599 }, "server-error"],
    ["503 of a proxy", { status: 503, headers: html, body: page }, "server-error"],
    ["503 of another service", { status: 503, headers: json, body: '{"error":"overloaded"}' }, "server-error"],
    ["503 with Retry-After", { status: 503, headers: { ...html, "retry-after": "7" }, body: page }, "unavailable"],
    ["an unlisted 4xx", { status: 418 }, "invalid"],
    ["400 of a proxy", { status: 400, headers: html, body: page }, "invalid"],
    ["200 with a page", { status: 200, headers: html, body: "<html>Welcome to the Wi-Fi</html>" }, "bad-response"],
    ["200 with nothing", { status: 200 }, "bad-response"],
    ["202 with nothing", { status: 202 }, "bad-response"],
    ["204", { status: 204 }, "bad-response"],
    ["200 with another service's JSON", { status: 200, headers: json, body: '{"ok":true,"id":42}' }, "bad-response"],
    ["200 with JSON that is no object", { status: 200, headers: json, body: "[null]" }, "bad-response"],
    ["200 with truncated JSON", { status: 200, headers: json, body: '{"MessageId":"a' }, "bad-response"],
  ];

  it.each(rows)("%s", async (_what, reply, reason) => {
    const failure = await failureFor(name, reply);
    expectFailure(failure, reason, { status: reply.status });
    expect(failure.detail).toMatch(/\S/);
  });

  it("is no receipt if it is another ESP's", async () => {
    for (const other of esps.filter((esp) => esp.name !== name)) {
      expectFailure(await failureFor(name, other.accept("id-1")), "bad-response", {});
    }
  });

  it("says by Retry-After how long to wait, in seconds or as a date", async () => {
    const throttle = (value: string) => failureFor(name, { status: 429, headers: { "retry-after": value } });
    expect((await throttle("7")).retryAfter).toBe(7_000);
    expect((await throttle("0")).retryAfter).toBe(0);
    expect((await throttle("999999999")).retryAfter).toBe(86_400_000);
    expect((await throttle("Wed, 21 Oct 2015 07:28:00 GMT")).retryAfter).toBe(0);
    const wait = (await throttle(new Date(Date.now() + 60_000).toUTCString())).retryAfter;
    expect(wait).toBeGreaterThan(30_000);
    expect(wait).toBeLessThanOrEqual(60_000);
    expect(await throttle("soon")).not.toHaveProperty("retryAfter");
    expect((await failureFor(name, { status: 503, headers: { "retry-after": "3" } })).retryAfter).toBe(3_000);
  });
});

interface Row {
  readonly what: string;
  readonly reply: Reply;
  readonly reason: Known;
  readonly rest?: Partial<Failure>;
}

function aws(status: number, code: string, text: string): Reply {
  return {
    status,
    headers: { ...json, "x-amzn-errortype": `${code}:http://internal.amazon.com/coral/` },
    body: JSON.stringify({ message: text }),
  };
}

const sesRows: readonly (readonly [status: number, code: string, text: string, reason: Known])[] = [
  [400, "BadRequestException", "Missing final '@domain'", "invalid"],
  [400, "MessageRejected", "The message contains a virus", "rejected"],
  [400, "MessageRejected", "Email address is not verified. The following identities failed: x", "sender"],
  [400, "MessageRejected", "Email addresses are not verified: x", "sender"],
  [400, "MailFromDomainNotVerifiedException", "not verified", "sender"],
  [400, "AccountSuspendedException", "restricted", "suspended"],
  [400, "SendingPausedException", "paused", "suspended"],
  [404, "NotFoundException", "Template welcome does not exist", "not-found"],
  [404, "NotFoundException", "Configuration set <x> does not exist", "not-found"],
  [429, "TooManyRequestsException", "Too many requests", "throttled"],
  [400, "ThrottlingException", "Maximum sending rate exceeded.", "throttled"],
  [400, "ThrottlingException", "Daily message quota exceeded.", "quota"],
  [429, "TooManyRequestsException", "Daily message quota exceeded.", "quota"],
  [400, "LimitExceededException", "limit", "quota"],
  [403, "UnrecognizedClientException", "The security token included in the request is invalid", "authentication"],
  [403, "AccessDeniedException", "not authorized to perform ses:SendEmail", "authentication"],
  [403, "SignatureDoesNotMatch", "The request signature we calculated does not match", "authentication"],
  [403, "ExpiredTokenException", "expired", "authentication"],
  [403, "InvalidSignatureException", "Signature expired", "authentication"],
  [400, "UnrecognizedClientException", "invalid", "authentication"],
  [503, "ServiceUnavailableException", "unavailable", "unavailable"],
  [500, "InternalFailure", "internal", "server-error"],
  [500, "MessageRejected", "what a server error says proves nothing", "server-error"],
];

function sendgridErrors(status: number, ...errors: readonly object[]): Reply {
  return { status, headers: json, body: JSON.stringify({ errors }) };
}

function mailjetErrors(httpStatus: number, code: string, status = httpStatus): Reply {
  const Errors = [{ ErrorIdentifier: "x", ErrorCode: code, StatusCode: status, ErrorMessage: `about ${code}` }];
  return { status: httpStatus, headers: json, body: JSON.stringify({ Messages: [{ Status: "error", Errors }] }) };
}

const mailgunJson = (status: number, text: string): Reply => ({
  status,
  headers: json,
  body: JSON.stringify({ message: text }),
});

const mailjetCodes: readonly (readonly [codes: readonly string[], reason: Known])[] = [
  [
    ["0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012", "0013"].map(
      (n) => `mj-${n}`,
    ),
    "invalid",
  ],
  [["send-0003", "send-0004", "send-0015", "send-0016"], "invalid"],
  [["send-0010"], "not-found"],
  [["send-0011", "send-0012", "send-0013"], "unsupported"],
  [["send-0006", "send-0007", "send-0008"], "sender"],
  [["mj-0001"], "suspended"],
  [["mj-0015"], "authentication"],
];

const rows: readonly (Row & { readonly name: string })[] = [
  ...sesRows.map(([status, code, text, reason]) => ({
    name: "ses",
    what: `${code} ${status} “${text}”`,
    reply: aws(status, code, text),
    reason,
    rest: { code },
  })),
  {
    name: "ses",
    what: "a type in the body alone",
    reply: { status: 400, headers: json, body: '{"__type":"com.amazonaws.sesv2#MessageRejected","message":"no"}' },
    reason: "rejected",
    rest: { code: "MessageRejected", detail: "no" },
  },
  {
    name: "sendgrid",
    what: "400 with fields",
    reply: sendgridErrors(400, { field: "from.email", message: "The from email does not contain a valid address." }),
    reason: "invalid",
    rest: { detail: "from.email: The from email does not contain a valid address." },
  },
  {
    name: "sendgrid",
    what: "401 for want of credits",
    reply: sendgridErrors(401, { field: null, message: "Maximum credits exceeded" }),
    reason: "quota",
  },
  {
    name: "sendgrid",
    what: "401 else",
    reply: sendgridErrors(401, { field: null, message: "The provided authorization grant is invalid" }),
    reason: "authentication",
  },
  {
    name: "sendgrid",
    what: "403 about the sender",
    reply: sendgridErrors(403, {
      field: "from",
      message: "The from address does not match a verified Sender Identity.",
    }),
    reason: "sender",
  },
  {
    name: "sendgrid",
    what: "403 for a temporary block",
    reply: sendgridErrors(403, { message: "There is a temporary block on this account" }),
    reason: "suspended",
  },
  {
    name: "sendgrid",
    what: "403 else",
    reply: sendgridErrors(403, { message: "access forbidden" }),
    reason: "authentication",
  },
  {
    name: "sendgrid",
    what: "its own 503",
    reply: sendgridErrors(503, { message: "try later" }),
    reason: "unavailable",
  },
  {
    name: "sendgrid",
    what: "the sandbox's 200",
    reply: { status: 200, headers: { "x-message-id": "id-1" } },
    reason: "bad-response",
  },
  ...["from parameter is missing", "'to' parameter is not a valid address", "Too many recipients"].map((text) => ({
    name: "mailgun",
    what: `400 “${text}”`,
    reply: mailgunJson(400, text),
    reason: "invalid" as const,
    rest: { detail: text },
  })),
  {
    name: "mailgun",
    what: "400 about the domain",
    reply: mailgunJson(400, "Domain mg.example.com is not allowed to send: The domain is unverified"),
    reason: "sender",
  },
  {
    name: "mailgun",
    what: "420 for the account's own limit",
    reply: mailgunJson(
      420,
      "Domain mg.example.com is not allowed to send: recipient limit exceeded, try again after Wed, 21 Oct 2015 07:28:00 UTC",
    ),
    reason: "throttled",
    rest: { retryAfter: 0 },
  },
  {
    name: "mailgun",
    what: "403 about the domain",
    reply: mailgunJson(403, "Domain mg.example.com is not allowed to send: Free accounts are for test purposes only"),
    reason: "sender",
  },
  {
    name: "mailgun",
    what: "401 in plain text",
    reply: { status: 401, headers: { "content-type": "text/plain" }, body: "Forbidden" },
    reason: "authentication",
    rest: { detail: "Forbidden" },
  },
  {
    name: "mailgun",
    what: "404 of an unknown domain",
    reply: mailgunJson(404, "Domain not found: mg.example.com"),
    reason: "authentication",
  },
  ...(
    [
      ["text/plain", "Mailgun Magnificent API"],
      ["text/html; charset=utf-8", "Mailgun Magnificent API\n"],
      ["application/json", '"Mailgun Magnificent API"'],
      ["application/octet-stream", "Mailgun Magnificent API"],
    ] as const
  ).map(([type, body]) => ({
    name: "mailgun",
    what: `what a wrong endpoint answers with 200, as ${type}`,
    reply: { status: 200, headers: { "content-type": type }, body },
    reason: "unavailable" as const,
    rest: { sent: "no" as const },
  })),
  { name: "mailgun", what: "402", reply: mailgunJson(402, "Payment required"), reason: "quota" },
  { name: "mailgun", what: "403", reply: mailgunJson(403, "Forbidden"), reason: "suspended" },
  { name: "mailgun", what: "its own 503", reply: mailgunJson(503, "try later"), reason: "unavailable" },
  {
    name: "mailgun",
    what: "429 with seconds in its words",
    reply: mailgunJson(429, "too many requests, try again after 12 seconds"),
    reason: "throttled",
    rest: { retryAfter: 12_000 },
  },
  {
    name: "mailgun",
    what: "429 with a date that has passed in its words",
    reply: mailgunJson(
      429,
      "Domain mg.example.com is not allowed to send: recipient limit exceeded, try again after Wed, 21 Oct 2015 07:28:00 UTC",
    ),
    reason: "throttled",
    rest: { retryAfter: 0 },
  },
  ...mailjetCodes.flatMap(([codes, reason]) =>
    codes.flatMap((code) => [
      { name: "mailjet", what: `${code} in a 400`, reply: mailjetErrors(400, code), reason, rest: { code } },
      {
        name: "mailjet",
        what: `${code} in a 200`,
        reply: mailjetErrors(200, code, 400),
        reason,
        rest: { code, status: 200 },
      },
    ]),
  ),
  {
    name: "mailjet",
    what: "a code for the whole request",
    reply: {
      status: 401,
      headers: json,
      body: '{"ErrorCode":"mj-0015","StatusCode":401,"ErrorMessage":"API key authentication/authorization failure"}',
    },
    reason: "authentication",
    rest: { code: "mj-0015", detail: "API key authentication/authorization failure" },
  },
  { name: "mailjet", what: "an unknown code in a 201", reply: mailjetErrors(201, "send-9999", 400), reason: "invalid" },
  {
    name: "mailjet",
    what: "a server error for the message alone",
    reply: mailjetErrors(200, "mj-9999", 500),
    reason: "server-error",
  },
  {
    name: "mailjet",
    what: "402 without a code",
    reply: { status: 402, headers: json, body: '{"StatusCode":402,"ErrorMessage":"Your quota is used up"}' },
    reason: "quota",
  },
  {
    name: "mailjet",
    what: "an acceptance beside a refusal",
    reply: {
      status: 400,
      headers: json,
      body: JSON.stringify({
        Messages: [
          { Status: "success", To: [{ MessageUUID: "u" }] },
          { Status: "error", Errors: [{ ErrorCode: "mj-0013", StatusCode: 400 }] },
        ],
      }),
    },
    reason: "bad-response",
  },
  {
    name: "mailjet",
    what: "an acceptance without an id",
    reply: { status: 200, headers: json, body: '{"Messages":[{"Status":"success","To":[]}]}' },
    reason: "bad-response",
  },
  {
    name: "mailjet",
    what: "its own 503",
    reply: { status: 503, headers: json, body: '{"ErrorMessage":"try later","StatusCode":503}' },
    reason: "unavailable",
  },
];

describe("a refusal in the ESP's own words", () => {
  it.each(rows)("$name: $what", async ({ name, reply, reason, rest }) => {
    expectFailure(await failureFor(name, reply), reason, { status: reply.status, ...rest });
  });

  it("tells by SendGrid's rate limit when to come back", async () => {
    const reset = Math.ceil(Date.now() / 1_000) + 30;
    const { retryAfter } = await failureFor("sendgrid", { status: 429, headers: { "x-ratelimit-reset": `${reset}` } });
    expect(retryAfter).toBeGreaterThan(10_000);
    expect(retryAfter).toBeLessThanOrEqual(31_000);
  });

  it("has Mailjet's number as id where it gives no UUID", async () => {
    const body = JSON.stringify({ Messages: [{ Status: "success", To: [{ MessageID: 288230381132334000 }] }] });
    const text = body.replace("288230381132334000", "1152921504606847");
    const server = await startServer(() => ({ status: 201, headers: json, body: text }));
    const sent = await espNamed("mailjet").create(server.url).send(message(), context());
    expect(sent).toEqual({ providerMessageId: "1152921504606847" });
  });
});

describe("a failure", () => {
  it.each(esps.map(({ name }) => name))("of %s repeats no credential and no address", async (name) => {
    const echo = `Not for ada@example.org: ${Object.values(canaries).join(" ")}`;
    const replies: readonly Reply[] = [
      aws(400, "MessageRejected", echo),
      aws(403, "SignatureDoesNotMatch", echo),
      sendgridErrors(400, { field: "from", message: echo }),
      mailgunJson(400, echo),
      { status: 401, headers: { "content-type": "text/plain" }, body: echo },
      { status: 400, headers: json, body: JSON.stringify({ ErrorCode: echo, ErrorMessage: echo }) },
    ];
    for (const reply of replies) {
      const server = await startServer(() => reply);
      const error: unknown = await espNamed(name)
        .create(server.url)
        .send(message(), context())
        .catch((e: unknown) => e);
      const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true });
      expect([...ownCanaries(name), "ada@example.org"].filter((leak) => shown.includes(leak))).toEqual([]);
    }
  });

  it("repeats nothing of the request that an ESP gives back", async () => {
    for (const { name, create } of esps) {
      const server = await startServer(({ headers }) => aws(400, "BadRequestException", JSON.stringify(headers)));
      const error: unknown = await create(server.url)
        .send(message(), context())
        .catch((e: unknown) => e);
      const authorization = server.requests[0]?.headers.authorization?.split(" ").at(-1) ?? "";
      expect(authorization.length, name).toBeGreaterThan(10);
      expect(inspect(error, { depth: 9 })).not.toContain(authorization);
      expect(inspect(error, { depth: 9 })).not.toContain(canaries.awsToken);
    }
  });
});

function ownCanaries(name: string): readonly string[] {
  const prefix = name === "ses" ? "aws" : name;
  return Object.entries(canaries).flatMap(([key, value]) => (key.startsWith(prefix) ? [value] : []));
}
