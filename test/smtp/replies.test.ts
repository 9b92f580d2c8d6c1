import { describe, expect, it } from "vitest";
import { parseReply, queueIdIn } from "../../src/providers/smtp/replies.ts";
import { Context, failureOf, prepared, providerAt, server } from "./harness.ts";
import type { Point } from "./scripted-server.ts";

const rows: readonly (readonly [Point, string, string])[] = [
  // Of the connection.
  ["connect", "421 Too many concurrent SMTP connections", "throttled"],
  ["connect", "421 4.3.2 Service not available", "unavailable"],
  ["connect", "554 5.7.1 Client host blocked", "unavailable"],
  ["connect", "521 Host does not accept mail", "unavailable"],
  ["EHLO", "421 4.3.2 Shutting down", "unavailable"],
  // Of the account.
  ["AUTH", "535 Authentication Credentials Invalid", "authentication"],
  ["AUTH", "534 5.7.9 Application-specific password required", "authentication"],
  ["AUTH", "504 Unrecognized authentication type", "authentication"],
  ["AUTH", "454 4.7.0 Temporary authentication failure", "unavailable"],
  ["AUTH", "451 Authentication failed: Maximum credits exceeded", "quota"],
  ["AUTH", "535 5.7.8 Your account has been disabled", "suspended"],
  ["MAIL", "530 5.7.57 Client not authenticated to send mail", "authentication"],
  ["MAIL", "553 5.7.1 Not owned by user", "sender"],
  ["MAIL", "550 Requested action not taken", "sender"],
  ["MAIL", "554 5.7.0 Your account is suspended", "suspended"],
  ["RCPT", "554 5.7.1 Relay access denied", "authentication"],
  ["RCPT", "553 5.7.1 Sender address rejected: not owned by user", "sender"],
  ["end", "554 Message rejected: Email address is not verified.", "sender"],
  ["end", "554 Access denied: User x is not authorized to perform ses:SendRawEmail", "authentication"],
  ["end", "454 Throttling failure: Daily message quota exceeded", "quota"],
  ["end", "550 5.4.5 Daily sending quota exceeded", "quota"],
  ["end", "550 5.7.26 Unauthenticated sender domain", "sender"],
  // Of its speed.
  ["end", "454 Throttling failure: Maximum sending rate exceeded.", "throttled"],
  ["MAIL", "450 too frequent connects, please try again later.", "throttled"],
  ["RCPT", "452 Too many recipients received this hour (throttled)", "throttled"],
  ["MAIL", "451 4.7.0 Try again later", "throttled"],
  ["end", "550 5.7.28 Flood", "throttled"],
  // Of the server.
  ["MAIL", "452 4.3.1 Insufficient system storage", "unavailable"],
  ["end", "451 Temporary service failure", "unavailable"],
  ["RCPT", "450 4.4.1 No answer from host", "unavailable"],
  // Of this message.
  ["RCPT", "550 5.1.1 No such user", "rejected"],
  ["RCPT", "550 No such user", "rejected"],
  ["RCPT", "552 5.2.2 Over quota", "rejected"],
  ["RCPT", "452 4.2.2 Over quota", "unsupported"],
  ["RCPT", "450 4.1.1 Mailbox unavailable", "unsupported"],
  ["RCPT", "452 4.5.3 Too many recipients", "unsupported"],
  ["RCPT", "450 Mailbox busy", "unsupported"],
  ["RCPT", "451 4.7.1 Greylisting in action, please come back in 5 minutes", "unsupported"],
  ["MAIL", "552 5.3.4 Message size limit exceeded", "too-large"],
  ["end", "554 Message size exceeds the limit", "too-large"],
  ["MAIL", "552 5.3.4 Message too big", "too-large"],
  ["end", "552 Message is too large", "too-large"],
  ["MAIL", "501 5.5.4 Syntax error", "invalid"],
  ["MAIL", "555 5.5.4 Unsupported option", "invalid"],
  ["end", "550 5.6.0 Malformed MIME", "invalid"],
  ["end", "554 5.7.1 Spam", "rejected"],
  ["end", "554 Transaction failed", "rejected"],
  ["end", "599 Something new", "invalid"],
  ["end", "499 Something new", "unavailable"],
];

describe("a refusal", () => {
  it.each(rows)("at %s, as '%s', means %s", async (point, say, reason) => {
    const esp = await server({ script: (turn) => (turn.point === point ? { say } : undefined) });
    const failure = await failureOf(providerAt(esp));
    expect(failure).toMatchObject({ reason, sent: "no", status: Number(say.slice(0, 3)) });
    expect(esp.inbox).toEqual([]);
  });

  it("of many lines is told in one, without codes, addresses or credentials", async () => {
    const say =
      "550-5.7.1 Mail of orders@example.com to ada@example.org\r\n550 5.7.1 was refused: pa55-word AGFkYQBwYTU1LXdvcmQ=";
    const esp = await server({ script: ({ point }) => (point === "end" ? { say } : undefined) });
    const failure = await failureOf(providerAt(esp));
    expect(failure).toMatchObject({ reason: "rejected", status: 550, code: "5.7.1" });
    expect(failure.detail).toBe(
      "127.0.0.1 answered 550 to the end of the message: Mail of [redacted] to [redacted] was refused: [redacted] [redacted]",
    );
  });

  it("of a login by token that comes as a challenge is heard to its end", async () => {
    const esp = await server({
      script: ({ point }) => (point === "AUTH" ? { say: "334 eyJzdGF0dXMiOiI0MDEifQ==" } : undefined),
    });
    const failure = await failureOf(providerAt(esp, { auth: { user: "ada", accessToken: () => "t0ken" } }));
    expect(failure).toMatchObject({ reason: "authentication", sent: "no", status: 502 });
  });

  it("of a login by token does not repeat what was said there", async () => {
    const auth = { user: "ada", accessToken: () => "ya29.t0ken" };
    const esp = await server({
      script: ({ point, line }) =>
        point === "AUTH" ? { say: `535 5.7.8 Cannot do ${line} by ya29.t0ken` } : undefined,
    });
    const failure = await failureOf(providerAt(esp, { auth }));
    expect(failure.detail).toBe("127.0.0.1 answered 535 to AUTH: Cannot do AUTH XOAUTH2 [redacted] by [redacted]");
  });

  it("says how long to wait, where it does", async () => {
    const say = "451 4.7.1 Please try again in 5 minutes";
    const esp = await server({ script: ({ point }) => (point === "MAIL" ? { say } : undefined) });
    expect(await failureOf(providerAt(esp))).toMatchObject({ reason: "throttled", retryAfter: 300_000 });
  });
});

describe("an acceptance", () => {
  it.each([
    ["250 2.0.0 Ok: queued as 4XyZ1234ab", "4XyZ1234ab"],
    ["250 Ok 0100018b5c3c0a4f-abc-000000", "0100018b5c3c0a4f-abc-000000"],
    ["250 2.0.0 OK  1700000000 a1-20020a05.123 - gsmtp", undefined],
    ["250 OK id=1rABCD-0001Xy-2z", "1rABCD-0001Xy-2z"],
    ["250 OK", undefined],
    ["250-2.0.0 first\r\n250 2.0.0 queued as 77aa88", "77aa88"],
  ])("of the words '%s' has the id %s", (raw, id) => {
    const reply = parseReply(raw);
    expect(reply && queueIdIn(reply, [])).toBe(id);
  });

  it("that repeats an address has not that as its id", async () => {
    for (const say of ["250 Ok ada-1@EXAMPLE.org", "250 Ok id=<ada-1@example.org>", "250 shop-1@example.com queued"]) {
      const esp = await server({ script: ({ point }) => (point === "end" ? { say, take: true } : undefined) });
      const message = await prepared({ from: "shop-1@example.com", bcc: "ada-1@example.org" });
      const sent = await providerAt(esp).send(message, new Context());
      expect(sent.providerMessageId).toMatch(/^<order-1\.[0-9a-f]{16}@example\.com>$/);
    }
  });

  it("without an id has the Message-ID, which is the same for each attempt, and another for another message", async () => {
    const esp = await server({ script: ({ point }) => (point === "end" ? { say: "250 Ok", take: true } : undefined) });
    const provider = providerAt(esp);
    const send = async (subject: string) =>
      (await provider.send(await prepared({ subject }), new Context())).providerMessageId;
    const ids = [await send("One"), await send("One"), await send("Two")];
    expect(ids[0]).toMatch(/^<order-1\.[0-9a-f]{16}@example\.com>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(esp.inbox[0]?.data).toContain(`Message-ID: ${ids[0]}\r\n`);
    expect(esp.inbox[0]?.data).toContain("X-Steadymail-ID: order-1\r\n");
  });
});
