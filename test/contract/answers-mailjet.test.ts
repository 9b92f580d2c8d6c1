import { describe, expect, it } from "vitest";
import { silenceWarnings } from "../mailer/support.ts";
import type { Reply } from "../providers/esp-server.ts";
import { failureWhenSaid, json } from "./support/saying.ts";
import { failureWith, type JudgedReason } from "./support/verdicts.ts";

silenceWarnings();

const numbered = (prefix: string, ...numbers: readonly number[]) =>
  numbers.map((number) => `${prefix}-${String(number).padStart(4, "0")}`);

const groups: readonly (readonly [codes: readonly string[], status: number, reason: JudgedReason])[] = [
  [numbered("mj", 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13), 400, "invalid"],
  [numbered("send", 3, 4, 15, 16), 400, "invalid"],
  [numbered("send", 10), 400, "not-found"],
  [numbered("send", 11, 12, 13), 400, "unsupported"],
  [numbered("send", 6, 7, 8), 403, "sender"],
  [numbered("mj", 1), 401, "suspended"],
  [numbered("mj", 15), 401, "authentication"],
];
const rows = groups.flatMap(([codes, status, reason]) => codes.map((code) => ({ code, status, reason })));

const words = "What is wrong with it.";

function errorWith(code: string | undefined, status: number): object {
  const identifier = { ErrorIdentifier: "88b5ca9f-5f1f-42e7-a45e-9ecbad0c285e" };
  return { ...identifier, ...(code === undefined ? {} : { ErrorCode: code }), StatusCode: status, ErrorMessage: words };
}

const refused = (...errors: readonly object[]): object => ({ Status: "error", Errors: errors });
const accepted = {
  Status: "success",
  To: [{ Email: "ada@example.org", MessageUUID: "u-1", MessageID: 1, MessageHref: "https://example.com/1" }],
};

const answer = (status: number, body: object): Reply => ({ status, headers: json, body: JSON.stringify(body) });
const messages = (status: number, ...entries: readonly object[]): Reply => answer(status, { Messages: entries });

describe("Mailjet", () => {
  it.each(rows)("says $code in a refusal with status $status: $reason", async ({ code, status, reason }) => {
    expect(await failureWhenSaid("mailjet", messages(status, refused(errorWith(code, status))))).toEqual(
      failureWith(reason, { status, code, detail: words }),
    );
  });

  it.each(rows)("says $code of the call as a whole: $reason", async ({ code, status, reason }) => {
    expect(await failureWhenSaid("mailjet", answer(status, errorWith(code, status)))).toEqual(
      failureWith(reason, { status, code, detail: words }),
    );
  });

  describe.each([200, 201])("with status %i, which is no acceptance by itself,", (httpStatus) => {
    it.each(rows)("says $code: $reason", async ({ code, status, reason }) => {
      expect(await failureWhenSaid("mailjet", messages(httpStatus, refused(errorWith(code, status))))).toEqual(
        failureWith(reason, { status: httpStatus, code, detail: words }),
      );
    });

    it("says several refusals: the first decides", async () => {
      const reply = messages(httpStatus, refused(errorWith("send-0010", 400)), refused(errorWith("mj-0013", 400)));
      expect(await failureWhenSaid("mailjet", reply)).toEqual(
        failureWith("not-found", { status: httpStatus, code: "send-0010", detail: words }),
      );
    });

    it("says a code that nobody knows: by its status", async () => {
      const by = (status: number) => messages(httpStatus, refused(errorWith("send-9999", status)));
      const rest = { status: httpStatus, code: "send-9999", detail: words };
      expect(await failureWhenSaid("mailjet", by(400))).toEqual(failureWith("invalid", rest));
      expect(await failureWhenSaid("mailjet", by(401))).toEqual(failureWith("authentication", rest));
      expect(await failureWhenSaid("mailjet", by(413))).toEqual(failureWith("too-large", rest));
      expect(await failureWhenSaid("mailjet", by(429))).toEqual(failureWith("throttled", rest));
      expect(await failureWhenSaid("mailjet", by(500))).toEqual(failureWith("server-error", rest));
    });

    it("says nothing but that it is an error: invalid", async () => {
      const reply = messages(httpStatus, { Status: "error" });
      expect(await failureWhenSaid("mailjet", reply)).toEqual(failureWith("invalid", { status: httpStatus }));
    });

    it.each([
      ["an acceptance beside a refusal", [accepted, refused(errorWith("mj-0013", 400))]],
      ["a refusal beside an acceptance", [refused(errorWith("mj-0013", 400)), accepted]],
      ["an acceptance beside something else", [accepted, { Status: "queued" }]],
      ["no entry", []],
      ["something else", [{ Status: "queued" }]],
      ["an acceptance without an id", [{ Status: "success", To: [] }]],
    ])("says %s: bad-response, and may have been sent", async (_, entries) => {
      expect(await failureWhenSaid("mailjet", messages(httpStatus, ...entries))).toEqual(
        failureWith("bad-response", { status: httpStatus }),
      );
    });
  });

  it("says in a 4xx that it accepted the message: bad-response, and may have been sent", async () => {
    const reply = messages(400, accepted, refused(errorWith("mj-0013", 400)));
    expect(await failureWhenSaid("mailjet", reply)).toEqual(failureWith("bad-response", { status: 400 }));
  });

  it.each([
    ["of the message", messages(500, refused(errorWith("mj-0013", 400)))],
    ["of the message, without a status", messages(502, { Status: "error", Errors: [{ ErrorCode: "mj-0013" }] })],
    ["of the call", answer(500, errorWith("mj-0013", 400))],
    ["of the call, as if it were only unavailable", answer(500, errorWith("mj-9999", 503))],
  ])("says a refusal %s in a 5xx, which proves nothing: server-error", async (_, reply) => {
    expect(await failureWhenSaid("mailjet", reply)).toMatchObject({
      reason: "server-error",
      scope: "provider",
      sent: "maybe",
      status: reply.status,
    });
  });

  it.each([
    [402, "quota"],
    [403, "authentication"],
    [404, "invalid"],
    [405, "invalid"],
    [413, "too-large"],
    [429, "throttled"],
    [503, "unavailable"],
  ] as const)("says %i without a code: %s", async (status, reason) => {
    expect(await failureWhenSaid("mailjet", answer(status, errorWith(undefined, status)))).toEqual(
      failureWith(reason, { status, detail: words }),
    );
  });

  it("says when to come back by Retry-After", async () => {
    const reply = { ...answer(429, errorWith(undefined, 429)), headers: { ...json, "retry-after": "7" } };
    expect(await failureWhenSaid("mailjet", reply)).toEqual(
      failureWith("throttled", { status: 429, retryAfter: 7_000 }),
    );
  });
});
