import { describe, expect, it } from "vitest";
import { silenceWarnings } from "../mailer/support.ts";
import type { Reply } from "../providers/esp-server.ts";
import { stopTime } from "../wire/harness.ts";
import { failureWhenSaid, json } from "./support/saying.ts";
import { failureWith, type JudgedReason } from "./support/verdicts.ts";

silenceWarnings();

const said = (status: number, message: string): Reply => ({ status, headers: json, body: JSON.stringify({ message }) });
const plain = (status: number, body: string): Reply => ({ status, headers: { "content-type": "text/plain" }, body });

const rows: readonly (readonly [status: number, words: string, reason: JudgedReason])[] = [
  [400, "from parameter is missing", "invalid"],
  [400, "to parameter is missing", "invalid"],
  [400, "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified", "invalid"],
  [400, "'to' parameter is not a valid address. please check documentation", "invalid"],
  [400, "'from' parameter is not a valid address. please check documentation", "invalid"],
  [400, "Too many recipients", "invalid"],
  [
    400,
    "Domain mg.example.com is not allowed to send: The domain is unverified and requires DNS configuration.",
    "sender",
  ],
  [401, "Invalid private key", "authentication"],
  [402, "Payment required: your account has reached its sending limit.", "quota"],
  [403, "Your account is temporarily disabled. Please contact support to resolve.", "suspended"],
  [403, "Forbidden", "suspended"],
  [404, "Domain not found: mg.example.com", "authentication"],
  [404, "Page not found", "invalid"],
  [413, "Request Entity Too Large", "too-large"],
  [429, "Too many requests", "throttled"],
  [500, "Internal Server Error", "server-error"],
  [503, "Service is unavailable", "unavailable"],
];

const magnificent = ["Mailgun Magnificent API", '"Mailgun Magnificent API"', "Mailgun Magnificent API\n"];

describe("Mailgun", () => {
  it.each(rows)("says %i “%s”: %s", async (status, words, reason) => {
    expect(await failureWhenSaid("mailgun", said(status, words))).toEqual(
      failureWith(reason, { status, detail: words }),
    );
  });

  it("says “Forbidden” in plain text to a wrong key: authentication", async () => {
    expect(await failureWhenSaid("mailgun", plain(401, "Forbidden"))).toEqual(
      failureWith("authentication", { status: 401, detail: "Forbidden" }),
    );
  });

  it.each(magnificent)("says 200 %j to a wrong endpoint, and has not taken the message: unavailable", async (body) => {
    expect(await failureWhenSaid("mailgun", plain(200, body))).toEqual(failureWith("unavailable", { status: 200 }));
  });

  it.each([
    ["an id without a message", { id: "<1@mg.example.com>" }],
    ["a message without an id", { message: "Queued. Thank you." }],
    ["an id that is none", { id: "1", message: "Queued. Thank you." }],
  ])("has given no receipt by 200 with %s: bad-response", async (_, body) => {
    const reply = { status: 200, headers: json, body: JSON.stringify(body) };
    expect(await failureWhenSaid("mailgun", reply)).toMatchObject({ reason: "bad-response", sent: "maybe" });
  });
});

describe("Mailgun says 429", () => {
  const refusal = "Domain mg.example.com is not allowed to send: recipient limit exceeded";

  /** The date in so many seconds, as RFC 2822 writes it. */
  const inSeconds = (seconds: number, zone: string): string =>
    new Date(Math.ceil(Date.now() / 1_000 + seconds) * 1_000).toUTCString().replace("GMT", zone);

  it.each(["UTC", "GMT", "+0000", "-0000"])("with a date in %s after which to try again", async (zone) => {
    stopTime();
    const date = inSeconds(90, zone);
    expect(await failureWhenSaid("mailgun", said(429, `${refusal}, try again after ${date}`))).toEqual(
      failureWith("throttled", { status: 429, retryAfter: Date.parse(date) - Date.now() }),
    );
  });

  it("with a date of another zone", async () => {
    stopTime();
    // The time of day of two hours from now, two hours ahead of UTC: that is now, and a little.
    const date = inSeconds(2 * 3_600 + 10, "+0200");
    expect(await failureWhenSaid("mailgun", said(429, `${refusal}, try again after ${date}`))).toEqual(
      failureWith("throttled", { status: 429, retryAfter: Date.parse(date) - Date.now() }),
    );
  });

  it.each([
    ["after 12 seconds", 12_000],
    ["after 1 second", 1_000],
    ["after 12s", 12_000],
    ["after 0.5 seconds", 500],
    ["after 120 seconds.", 120_000],
    ["after Wed, 21 Oct 2015 07:28:00 UTC", 0],
  ])("with “try again %s”", async (words, retryAfter) => {
    expect(await failureWhenSaid("mailgun", said(429, `${refusal}, try again ${words}`))).toEqual(
      failureWith("throttled", { status: 429, retryAfter }),
    );
  });

  it.each(["", ", try again later", ", try again after a while"])("with no time: “%s”", async (words) => {
    expect(await failureWhenSaid("mailgun", said(429, `${refusal}${words}`))).toEqual(
      failureWith("throttled", { status: 429, detail: `${refusal}${words}` }),
    );
  });

  it("with Retry-After, which goes before its words", async () => {
    const reply = { ...said(429, "try again after 12 seconds"), headers: { ...json, "retry-after": "3" } };
    expect(await failureWhenSaid("mailgun", reply)).toEqual(
      failureWith("throttled", { status: 429, retryAfter: 3_000 }),
    );
  });
});
