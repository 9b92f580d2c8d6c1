import { describe, expect, it } from "vitest";
import type { EspName } from "../../src/testing/index.ts";
import { silenceWarnings } from "../mailer/support.ts";
import { type Reply, startServer } from "../providers/esp-server.ts";
import { espNamed } from "../providers/esps.ts";
import { stopTime } from "../wire/harness.ts";
import { espNames, openMailer } from "./support/esps.ts";
import { adapterAt } from "./support/fault-servers.ts";
import { failureAtOnly, failureWith, type JudgedReason } from "./support/verdicts.ts";

silenceWarnings();

interface Row {
  readonly what: string;
  readonly reply: Reply;
  readonly reason: JudgedReason;
  /** Where this ESP means something of its own by that status. */
  readonly reasonAt?: Partial<Record<EspName, JudgedReason>>;
  readonly retryAfter?: number;
}

const json = { "content-type": "application/json" };
const html = { "content-type": "text/html" };
const page = "<html><head><title>Error</title></head><body>It did not work</body></html>";
const foreign = '{"status":"ok","id":42,"message":"hello"}';

const noReceipt: readonly Row[] = [200, 201, 202, 204, 206].map((status) => ({
  what: `${status} with nothing`,
  reply: { status },
  reason: "bad-response",
}));

const noReceiptOfAnybody: readonly Row[] = [200, 202].flatMap((status): Row[] => [
  { what: `${status} with a page`, reply: { status, headers: html, body: page }, reason: "bad-response" },
  {
    what: `${status} with another service's JSON`,
    reply: { status, headers: json, body: foreign },
    reason: "bad-response",
  },
  {
    what: `${status} with JSON that is no object`,
    reply: { status, headers: json, body: "[null]" },
    reason: "bad-response",
  },
  { what: `${status} with half of a JSON`, reply: { status, headers: json, body: '{"Mess' }, reason: "bad-response" },
]);

const serverErrors: readonly Row[] = [500, 502, 504, 408, 501, 505, 520, 599].flatMap((status): Row[] => [
  { what: `${status}`, reply: { status }, reason: "server-error" },
  { what: `${status} with a page`, reply: { status, headers: html, body: page }, reason: "server-error" },
  // Only a 503 with it says that the message was not taken.
  { what: `${status} with Retry-After`, reply: { status, headers: { "retry-after": "7" } }, reason: "server-error" },
]);

const unavailable: readonly Row[] = [
  { what: "503", reply: { status: 503 }, reason: "server-error" },
  { what: "503 of a proxy", reply: { status: 503, headers: html, body: page }, reason: "server-error" },
  { what: "503 of another service", reply: { status: 503, headers: json, body: foreign }, reason: "server-error" },
  {
    what: "503 with Retry-After",
    reply: { status: 503, headers: { ...html, "retry-after": "7" }, body: page },
    reason: "unavailable",
    retryAfter: 7_000,
  },
];

const refusals: readonly Row[] = [
  { what: "429", reply: { status: 429 }, reason: "throttled" },
  { what: "429 with a page", reply: { status: 429, headers: html, body: page }, reason: "throttled" },
  {
    what: "429 with Retry-After",
    reply: { status: 429, headers: { "retry-after": "120" } },
    reason: "throttled",
    retryAfter: 120_000,
  },
  {
    what: "429 with a Retry-After that says nothing",
    reply: { status: 429, headers: { "retry-after": "soon" } },
    reason: "throttled",
  },
  { what: "413", reply: { status: 413 }, reason: "too-large" },
  { what: "413 of a proxy", reply: { status: 413, headers: html, body: page }, reason: "too-large" },
  { what: "401", reply: { status: 401 }, reason: "authentication" },
  { what: "402", reply: { status: 402 }, reason: "quota" },
  { what: "403", reply: { status: 403 }, reason: "authentication", reasonAt: { mailgun: "suspended" } },
  ...[400, 404, 405, 406, 409, 410, 411, 414, 415, 418, 422, 451, 499].map(
    (status): Row => ({ what: `${status}`, reply: { status }, reason: "invalid" }),
  ),
  { what: "400 of a proxy", reply: { status: 400, headers: html, body: page }, reason: "invalid" },
  { what: "400 of another service", reply: { status: 400, headers: json, body: foreign }, reason: "invalid" },
];

const rows = [...noReceipt, ...noReceiptOfAnybody, ...serverErrors, ...unavailable, ...refusals];

/** How each ESP says itself that it could not take the message. */
function ownWords(name: EspName, status: number): Reply & { readonly code?: string } {
  const words = "Service is unavailable";
  switch (name) {
    case "ses": {
      const code = "ServiceUnavailableException";
      const headers = { ...json, "x-amzn-errortype": code };
      return { status, headers, body: JSON.stringify({ message: words }), code };
    }
    case "sendgrid":
      return { status, headers: json, body: JSON.stringify({ errors: [{ message: words, field: null, help: null }] }) };
    case "mailgun":
      return { status, headers: json, body: JSON.stringify({ message: words }) };
    case "mailjet": {
      const code = "mj-9999";
      const error = { ErrorIdentifier: "1", ErrorCode: code, StatusCode: status, ErrorMessage: words };
      return { status, headers: json, body: JSON.stringify(error), code };
    }
  }
}

describe.each(espNames)("%s answers", (name) => {
  /** How a message fails by this answer; the server must have seen it once. */
  async function failureBy(reply: Reply) {
    stopTime();
    const server = await startServer(() => reply);
    const mailer = openMailer({ providers: [adapterAt(name, { baseUrl: server.url })], retry: { maxRounds: 1 } });
    const failure = await failureAtOnly(mailer);
    expect(server.requests).toHaveLength(1);
    return failure;
  }

  it.each(rows)("$what: $reason", async ({ reply, reason, reasonAt = {}, retryAfter }) => {
    expect(await failureBy(reply)).toEqual(
      failureWith(reasonAt[name] ?? reason, {
        status: reply.status,
        ...(retryAfter === undefined ? {} : { retryAfter }),
        // What another service says is of no use to anybody, and might be anything.
        detail: expect.not.stringMatching(/did not work/),
      }),
    );
  });

  it.each(espNames.filter((other) => other !== name))("the receipt of %s: bad-response", async (other) => {
    const reply = espNamed(other).accept("id-1");
    expect(await failureBy(reply)).toEqual(failureWith("bad-response", { status: reply.status }));
  });

  it("its own receipt with a status that it never has: bad-response", async () => {
    const status = name === "sendgrid" ? 200 : 202;
    const failure = await failureBy({ ...espNamed(name).accept("id-1"), status });
    expect(failure).toEqual(failureWith("bad-response", { status }));
  });

  it("503 in its own words: unavailable, and not sent", async () => {
    const { code, ...reply } = ownWords(name, 503);
    expect(await failureBy(reply)).toEqual(
      failureWith("unavailable", { status: 503, detail: "Service is unavailable", ...(code ? { code } : {}) }),
    );
  });

  // Where the body is the same to the byte, it is its own.
  const foreignWords = espNames.filter((other) => ownWords(other, 503).body !== ownWords(name, 503).body);
  it.each(foreignWords)("503 in the words of %s: server-error", async (other) => {
    const { code: _, ...reply } = ownWords(other, 503);
    expect(await failureBy(reply)).toMatchObject({ reason: "server-error", scope: "provider", sent: "maybe" });
  });

  it.each([500, 502, 504, 599])("%i in its own words: server-error, for it proves nothing", async (status) => {
    const { code, ...reply } = ownWords(name, status);
    expect(await failureBy(reply)).toEqual(
      failureWith("server-error", { status, detail: "Service is unavailable", ...(code ? { code } : {}) }),
    );
  });

  it.each([429, 503])("%i with Retry-After as a date, by which the wait is told", async (status) => {
    stopTime();
    const wait = 90_000 - (Date.now() % 1_000);
    const reply = { status, headers: { "retry-after": new Date(Date.now() + wait).toUTCString() } };
    const reason = status === 429 ? "throttled" : "unavailable";
    expect(await failureBy(reply)).toEqual(failureWith(reason, { status, retryAfter: wait }));
  });

  it.each([
    ["in the past", "Wed, 21 Oct 2015 07:28:00 GMT", 0],
    ["of years", "999999999", 86_400_000],
  ])("429 with a Retry-After %s: a wait that makes sense", async (_, value, retryAfter) => {
    const reply = { status: 429, headers: { "retry-after": value } };
    expect(await failureBy(reply)).toEqual(failureWith("throttled", { status: 429, retryAfter }));
  });

  it.each([300, 301, 302, 303, 304, 305, 307, 308])("%i: unavailable, not followed, and not sent", async (status) => {
    const target = await startServer(() => espNamed(name).accept("id-of-the-target"));
    const failure = await failureBy({ status, headers: { location: `${target.url}/v3/mail/send` } });
    expect(failure).toEqual(failureWith("unavailable", { status, detail: expect.stringContaining("not followed") }));
    expect(target.requests).toEqual([]);
  });
});
