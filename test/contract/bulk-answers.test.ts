import { describe, expect, it } from "vitest";
import { isProviderError } from "../../src/failure.ts";
import type { PreparedBatch } from "../../src/message/batch.ts";
import type { BatchResult, Failure } from "../../src/testing/index.ts";
import { startServer } from "../providers/esp-server.ts";
import { type EspCase, espNamed, esps } from "../providers/esps.ts";
import { attempt, batchOf, content, letterTo, recipient } from "./support/batches.ts";
import { adapterOf, espNames, startEsp } from "./support/esps.ts";

const json = { "content-type": "application/json" };

/** Sends a batch to an ESP that answers so. */
async function answered(esp: EspCase, status: number, body: unknown, batch: PreparedBatch, headers = {}) {
  const server = await startServer(() => ({
    status,
    headers: { ...json, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  }));
  return batchOf(esp.create(server.url)).send(batch, attempt());
}

async function thrown(sending: Promise<unknown>): Promise<Failure> {
  const error = await sending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isProviderError(error)) throw new Error("it did not end in a ProviderError", { cause: error });
  return error.failure;
}

function outcomes(results: readonly BatchResult[]): readonly string[] {
  return results.map((result) =>
    "failure" in result ? `${result.failure.reason}, sent: ${result.failure.sent}` : result.providerMessageId,
  );
}

const ok = (id: string) => ({ Status: "SUCCESS", MessageId: id });

describe("the answer of SES to a batch", () => {
  const ses = espNamed("ses");
  const sending = (results: readonly unknown[], count = results.length) =>
    answered(ses, 200, { BulkEmailEntryResults: results }, letterTo(count));

  it("gives each recipient an id of its own", async () => {
    expect(outcomes(await sending([ok("a"), ok("b")]))).toEqual(["a", "b"]);
  });

  it.each([
    ["MESSAGE_REJECTED", "rejected", "no"],
    ["MAIL_FROM_DOMAIN_NOT_VERIFIED", "sender", "no"],
    ["CONFIGURATION_SET_NOT_FOUND", "not-found", "no"],
    ["TEMPLATE_NOT_FOUND", "not-found", "no"],
    ["INVALID_SENDING_POOL_NAME", "not-found", "no"],
    ["ACCOUNT_SUSPENDED", "suspended", "no"],
    ["ACCOUNT_SENDING_PAUSED", "suspended", "no"],
    ["CONFIGURATION_SET_SENDING_PAUSED", "suspended", "no"],
    ["ACCOUNT_THROTTLED", "throttled", "no"],
    ["ACCOUNT_DAILY_QUOTA_EXCEEDED", "quota", "no"],
    ["INVALID_PARAMETER", "invalid", "no"],
    ["TRANSIENT_FAILURE", "unavailable", "no"],
    ["FAILED", "unavailable", "no"],
    ["SOMETHING_NEW", "bad-response", "maybe"],
    ["__proto__", "bad-response", "maybe"],
  ])("says by %s of one recipient that its mail is %s, sent: %s", async (Status, reason, sent) => {
    const results = await sending([ok("a"), { Status, Error: "Words of SES" }, ok("c")]);
    expect(outcomes(results)).toEqual(["a", `${reason}, sent: ${sent}`, "c"]);
    expect(results[1]).toMatchObject({ failure: { code: Status, detail: "Words of SES", status: 200 } });
  });

  it("takes a rejection for an address that is not verified for a matter of the account", async () => {
    const unverified = { Status: "MESSAGE_REJECTED", Error: "Email address is not verified." };
    const results = await sending([ok("a"), unverified]);
    expect(outcomes(results)).toEqual(["a", "sender, sent: no"]);
  });

  it.each([
    ["a success without an id", { Status: "SUCCESS" }],
    ["a failure with an id", { Status: "FAILED", MessageId: "b" }],
    ["a status that is no text", { Status: 7 }],
    ["nothing", {}],
    ["null", null],
  ])("leaves open by %s whether that mail was sent", async (_what, entry) => {
    expect(outcomes(await sending([ok("a"), entry]))).toEqual(["a", "bad-response, sent: maybe"]);
  });

  it.each([
    ["fewer entries", [ok("a")]],
    ["more entries", [ok("a"), ok("b"), ok("c")]],
    ["no entries", []],
  ])("proves nothing of anybody with %s than were sent", async (_what, results) => {
    expect(await thrown(sending(results, 2))).toMatchObject({ reason: "bad-response", sent: "maybe" });
  });

  it.each([
    ["throttled", "ACCOUNT_THROTTLED"],
    ["quota", "ACCOUNT_DAILY_QUOTA_EXCEEDED"],
    ["unavailable", "TRANSIENT_FAILURE"],
  ])("fails the batch as %s where it says so of every recipient", async (reason, Status) => {
    expect(await thrown(sending([{ Status }, { Status }]))).toMatchObject({ reason, code: Status, sent: "no" });
  });

  it("tells of each recipient where all are refused for reasons of their own", async () => {
    const results = await sending([{ Status: "INVALID_PARAMETER" }, { Status: "INVALID_PARAMETER" }]);
    expect(outcomes(results)).toEqual(["invalid, sent: no", "invalid, sent: no"]);
    const mixed = await sending([{ Status: "MESSAGE_REJECTED" }, { Status: "ACCOUNT_THROTTLED" }]);
    expect(outcomes(mixed)).toEqual(["rejected, sent: no", "throttled, sent: no"]);
  });
});

const success = (id: string, CustomID?: string) => ({
  Status: "success",
  CustomID,
  To: [{ Email: "reader@example.org", MessageUUID: id, MessageID: 1 }],
});
const refusal = (ErrorCode: string, StatusCode = 400, CustomID?: string) => ({
  Status: "error",
  CustomID,
  Errors: [{ ErrorCode, StatusCode, ErrorMessage: "Words of Mailjet" }],
});

describe("the answer of Mailjet to a batch", () => {
  const mailjet = espNamed("mailjet");
  const sending = (Messages: readonly unknown[], { count = Messages.length, status = 200 } = {}) =>
    answered(mailjet, status, { Messages }, letterTo(count));

  it.each([200, 201, 207, 400, 403])("is read for each recipient with status %i", async (status) => {
    const results = await sending([success("a"), refusal("mj-0013"), success("c")], { status });
    expect(outcomes(results)).toEqual(["a", "invalid, sent: no", "c"]);
    expect(results[1]).toMatchObject({ failure: { code: "mj-0013", detail: "Words of Mailjet" } });
  });

  it("is nobody's proof with a status of 500", async () => {
    const failure = await thrown(sending([success("a"), refusal("mj-0013")], { status: 500 }));
    expect(failure).toMatchObject({ reason: "server-error", sent: "maybe" });
  });

  it.each([
    ["mj-0001", 401, "suspended"],
    ["mj-0015", 401, "authentication"],
    ["send-0008", 403, "sender"],
    ["send-0010", 400, "not-found"],
    ["send-0011", 400, "unsupported"],
  ])("says by %s with %i of one recipient that it is %s", async (code, status, reason) => {
    expect(outcomes(await sending([success("a"), refusal(code, status)]))).toEqual(["a", `${reason}, sent: no`]);
  });

  it.each([
    ["a success without an id", { Status: "success", To: [] }],
    ["an unknown status", { Status: "queued" }],
    ["nothing", {}],
    ["null", null],
  ])("leaves open by %s whether that mail was sent", async (_what, entry) => {
    expect(outcomes(await sending([success("a"), entry]))).toEqual(["a", "bad-response, sent: maybe"]);
  });

  it("is matched by the ids of the mails, in whatever order it comes", async () => {
    const results = await sending([success("b", "mail-2"), refusal("mj-0013", 400, "mail-3"), success("a", "mail-1")]);
    expect(outcomes(results)).toEqual(["a", "b", "invalid, sent: no"]);
  });

  it("leaves open what became of those of whom it says nothing, and tells of the others", async () => {
    const results = await sending([success("b", "mail-2"), refusal("mj-0013")], { count: 3 });
    expect(outcomes(results)).toEqual(["bad-response, sent: maybe", "b", "bad-response, sent: maybe"]);
  });

  it("leaves open what became of a mail that it names twice", async () => {
    const twice = [success("a", "mail-1"), refusal("mj-0013", 400, "mail-1")];
    expect(await thrown(sending(twice))).toMatchObject({ reason: "bad-response", sent: "maybe" });
  });

  it("leaves open what became of anybody where nobody is named and the number is another", async () => {
    for (const status of [200, 400]) {
      const failure = await thrown(sending([refusal("mj-0013")], { count: 2, status }));
      expect(failure).toMatchObject({ reason: "bad-response", sent: "maybe" });
    }
  });
});

describe.each(["sendgrid", "mailgun"])("the receipt of %s for a batch", (name) => {
  it("is that of every recipient", async () => {
    const esp = espNamed(name);
    const server = await startServer(() => esp.accept("id-1"));
    const results = await batchOf(esp.create(server.url)).send(letterTo(3), attempt());
    expect(outcomes(results)).toEqual([esp.accepted, esp.accepted, esp.accepted]);
  });
});

describe.each(esps.map((esp) => [esp.name, esp] as const))("a batch that %s does not take", (name, esp) => {
  it.each([
    [500, "server-error", "maybe"],
    [502, "server-error", "maybe"],
    [413, "too-large", "no"],
    [429, "throttled", "no"],
    [401, "authentication", "no"],
    [302, "unavailable", "no"],
    [200, "bad-response", "maybe"],
  ])("fails as a whole with status %i, as %s", async (status, reason, sent) => {
    expect(await thrown(answered(esp, status, "", letterTo(2)))).toMatchObject({ reason, sent, status });
  });

  it("is told to wait by Retry-After", async () => {
    const failure = await thrown(answered(esp, 429, "", letterTo(2), { "retry-after": "7" }));
    expect(failure).toMatchObject({ reason: "throttled", retryAfter: 7_000 });
  });

  it("is not begun once its signal has aborted", async () => {
    const server = await startServer(() => esp.accept("id-1"));
    const sending = batchOf(esp.create(server.url)).send(letterTo(2), attempt({ signal: AbortSignal.abort() }));
    expect(await thrown(sending)).toMatchObject({ reason: "aborted", sent: "no" });
    expect(server.requests).toEqual([]);
  });

  it("may have been taken where no answer comes in time", async () => {
    const server = await startServer(() => undefined);
    const sending = batchOf(esp.create(server.url)).send(letterTo(2), attempt({ timeout: 300 }));
    expect(await thrown(sending)).toMatchObject({ reason: "timeout", sent: "maybe" });
    expect(server.requests).toHaveLength(1);
  });

  it("repeats nothing of its mails in the failure", async () => {
    const secrets = ["canary-name", "canary-local", "canary subject", "canary-value", "canary-header", "canary-meta"];
    const batch = {
      content: content({ text: "canary-body {{code}} canary-end" }),
      recipients: [
        recipient(1, { variables: { code: "plain" } }),
        recipient(2, {
          to: { name: "canary-name", address: "canary-local@example.org" },
          subject: "canary subject",
          headers: [["X-Token", "canary-header"]],
          metadata: [["token", "canary-meta"]],
          variables: { code: "canary-value" },
        }),
      ],
    };
    const words = `No: ${[...secrets, "canary-body", "canary-end", "canary-local@example.org"].join(" / ")}`;
    const body = {
      message: words,
      errors: [{ message: words, field: null }],
      ErrorMessage: words,
      ErrorCode: words,
    };
    const whole = await thrown(answered(esp, 400, body, batch));
    expect(JSON.stringify(whole)).not.toContain("canary");
    expect(whole.detail).toContain("[redacted]");
    if (name === "sendgrid" || name === "mailgun") return;
    const entries =
      name === "ses"
        ? { BulkEmailEntryResults: [ok("a"), { Status: `FAILED ${words}`, Error: words }] }
        : { Messages: [success("a"), { Status: "error", Errors: [{ ErrorCode: words, ErrorMessage: words }] }] };
    const results = await answered(esp, 200, entries, batch);
    expect(JSON.stringify(results)).not.toContain("canary");
    expect(JSON.stringify(results)).toContain("[redacted]");
  });
});

describe.each(espNames)("a fault of %s", (name) => {
  it.each([
    [{ kind: "unauthorized" }, "authentication", "no"],
    [{ kind: "suspended" }, "suspended", "no"],
    [{ kind: "sender-unverified" }, "sender", "no"],
    [{ kind: "quota" }, "quota", "no"],
    [{ kind: "throttle", retryAfter: 2_000 }, "throttled", "no"],
    [{ kind: "refuse" }, "unreachable", "no"],
    [{ kind: "reset-after-request" }, "response-lost", "maybe"],
    [{ kind: "html-200" }, "bad-response", "maybe"],
    [{ kind: "empty-200" }, "bad-response", "maybe"],
    [{ kind: "status", status: 503 }, "server-error", "maybe"],
  ] as const)("fails the whole batch: %o", async (fault, reason, sent) => {
    const esp = await startEsp(name);
    await esp.fault(fault);
    expect(await thrown(batchOf(adapterOf(esp)).send(letterTo(3), attempt()))).toMatchObject({ reason, sent });
    expect(esp.inbox).toEqual([]);
  });

  it.each(["accept-then-reset", "truncate"] as const)("leaves open after %s whether any were sent", async (kind) => {
    const esp = await startEsp(name);
    await esp.fault({ kind });
    expect(await thrown(batchOf(adapterOf(esp)).send(letterTo(3), attempt()))).toMatchObject({ sent: "maybe" });
    expect(esp.inbox).toHaveLength(3);
  });

  it("refuses the mails of a batch as it refuses a single one", async () => {
    const esp = await startEsp(name);
    await esp.fault({ kind: "reject-message" });
    const sending = batchOf(adapterOf(esp)).send(letterTo(2), attempt());
    if (name === "ses" || name === "mailjet") {
      const outcome = name === "ses" ? "rejected, sent: no" : "invalid, sent: no";
      expect(outcomes(await sending)).toEqual([outcome, outcome]);
    } else {
      expect(await thrown(sending)).toMatchObject({ reason: "invalid", sent: "no" });
    }
    expect(esp.inbox).toEqual([]);
  });
});
