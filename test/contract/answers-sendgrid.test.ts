import { describe, expect, it } from "vitest";
import { silenceWarnings } from "../mailer/support.ts";
import type { Reply } from "../providers/esp-server.ts";
import { stopTime } from "../wire/harness.ts";
import { failureWhenSaid, json } from "./support/saying.ts";
import { failureWith, type JudgedReason } from "./support/verdicts.ts";

silenceWarnings();

interface SendGridError {
  readonly message: string;
  readonly field?: string | null;
  readonly help?: string | null;
  readonly error_id?: string;
}

function refusal(status: number, ...errors: readonly SendGridError[]): Reply {
  return { status, headers: json, body: JSON.stringify({ errors }) };
}

const unverified = "The from address does not match a verified Sender Identity.";

const rows: readonly (readonly [status: number, error: SendGridError, reason: JudgedReason])[] = [
  [400, { message: "Does not contain a valid address.", field: "from.email", help: "http://…" }, "invalid"],
  [400, { message: "Invalid UTF8 in request", field: "content.0.value" }, "invalid"],
  [400, { message: "Bad Request", field: null, help: null }, "invalid"],
  [400, { message: "The from address is required.", field: "from" }, "invalid"],
  [401, { message: "Maximum credits exceeded", field: null, help: null }, "quota"],
  [401, { message: "The provided authorization grant is invalid, expired, or revoked" }, "authentication"],
  [401, { message: "authorization required", field: null }, "authentication"],
  [403, { message: "access forbidden", field: null }, "authentication"],
  [403, { message: unverified, field: "from" }, "sender"],
  [403, { message: "There is a temporary block on this account" }, "suspended"],
  [403, { message: "Sending is temporarily blocked" }, "suspended"],
  [404, { message: "not found" }, "invalid"],
  [405, { message: "method not allowed" }, "invalid"],
  [413, { message: "The JSON payload is too large." }, "too-large"],
  [415, { message: "Content-Type should be application/json." }, "invalid"],
  [429, { message: "too many requests" }, "throttled"],
  [500, { message: "internal server error" }, "server-error"],
  [503, { message: "The service is not available." }, "unavailable"],
];

describe("SendGrid", () => {
  it.each(rows)("says %i %o: %s", async (status, error, reason) => {
    const detail = error.field ? `${error.field}: ${error.message}` : error.message;
    expect(await failureWhenSaid("sendgrid", refusal(status, error))).toEqual(failureWith(reason, { status, detail }));
  });

  it("says several things at once, and all are told", async () => {
    const reply = refusal(400, { message: "is required", field: "subject" }, { message: "is required", field: "from" });
    expect(await failureWhenSaid("sendgrid", reply)).toEqual(
      failureWith("invalid", { status: 400, detail: "subject: is required; from: is required" }),
    );
  });

  it("may give the error an id, which is told as its code", async () => {
    const reply = refusal(400, { message: "is required", field: "subject", error_id: "E-17" });
    expect(await failureWhenSaid("sendgrid", reply)).toEqual(failureWith("invalid", { status: 400, code: "E-17" }));
  });

  it("says when to come back by Retry-After, or by the end of its rate limit", async () => {
    stopTime();
    const tooMany = refusal(429, { message: "too many requests" });
    const reset = Math.ceil(Date.now() / 1_000) + 30;
    const limit = { ...json, "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${reset}` };
    expect(await failureWhenSaid("sendgrid", { ...tooMany, headers: limit })).toEqual(
      failureWith("throttled", { status: 429, retryAfter: Math.round(reset * 1_000 - Date.now()) }),
    );
    expect(await failureWhenSaid("sendgrid", { ...tooMany, headers: { ...limit, "retry-after": "3" } })).toEqual(
      failureWith("throttled", { status: 429, retryAfter: 3_000 }),
    );
  });

  it("accepts with 202 and an id, and with nothing else", async () => {
    const headers = { "x-message-id": "id-1" };
    expect(await failureWhenSaid("sendgrid", { status: 200, headers })).toEqual(
      failureWith("bad-response", { status: 200 }),
    );
    expect(await failureWhenSaid("sendgrid", { status: 202 })).toEqual(failureWith("bad-response", { status: 202 }));
  });
});
