import { describe, expect, it, vi } from "vitest";
import type { Failure } from "../../src/index.ts";
import type { EspName, Fault, FaultKind } from "../../src/testing/index.ts";
import { letter, silenceWarnings } from "../mailer/support.ts";
import { stopTime } from "../wire/harness.ts";
import { adapterOf, espNames, openMailer, startEsp } from "./support/esps.ts";
import { next } from "./support/fault-servers.ts";
import { errorOf, failureWith, onlyFailure } from "./support/verdicts.ts";

silenceWarnings();

/** Longer than the time limit of an attempt. */
const limit = 10_000;
const late = { code: "ETIMEDOUT" };
const lost = { code: "ECONNRESET" };
const accepting: Readonly<Record<EspName, number>> = { ses: 200, sendgrid: 202, mailgun: 200, mailjet: 200 };

interface Row {
  readonly fault: Fault;
  readonly failure: (esp: EspName) => Failure;
  /** Requests that the ESP saw, and messages that it took. */
  readonly seen: readonly [requests: number, inbox: number];
  /** What the time limit comes after. */
  readonly limitAfter?: "request" | "head";
}

const rows: readonly Row[] = [
  { fault: { kind: "refuse" }, seen: [0, 0], failure: () => failureWith("unreachable", { code: "ECONNREFUSED" }) },
  { fault: { kind: "reset-after-request" }, seen: [1, 0], failure: () => failureWith("response-lost", lost) },
  { fault: { kind: "accept-then-reset" }, seen: [1, 1], failure: () => failureWith("response-lost", lost) },
  { fault: { kind: "stall" }, seen: [1, 0], limitAfter: "request", failure: () => failureWith("timeout", late) },
  {
    fault: { kind: "accept-then-stall" },
    seen: [1, 1],
    limitAfter: "request",
    failure: () => failureWith("timeout", late),
  },
  {
    fault: { kind: "slow", ms: limit + 1 },
    seen: [1, 1],
    limitAfter: "request",
    failure: () => failureWith("timeout", late),
  },
  {
    fault: { kind: "stall-body" },
    seen: [1, 1],
    limitAfter: "head",
    failure: (esp) => failureWith("timeout", { ...late, status: accepting[esp] }),
  },
  {
    fault: { kind: "truncate" },
    seen: [1, 1],
    failure: (esp) => failureWith("response-lost", { ...lost, status: accepting[esp] }),
  },
  { fault: { kind: "html-200" }, seen: [1, 0], failure: () => failureWith("bad-response", { status: 200 }) },
  { fault: { kind: "empty-200" }, seen: [1, 0], failure: () => failureWith("bad-response", { status: 200 }) },
  { fault: { kind: "status", status: 500 }, seen: [1, 0], failure: () => failureWith("server-error", { status: 500 }) },
  {
    fault: { kind: "throttle" },
    seen: [1, 0],
    failure: (esp) =>
      failureWith("throttled", { status: 429, ...(esp === "ses" ? { code: "TooManyRequestsException" } : {}) }),
  },
  {
    fault: { kind: "throttle", retryAfter: 2_000 },
    seen: [1, 0],
    failure: (esp) =>
      failureWith("throttled", {
        status: 429,
        ...(esp === "ses" ? { code: "TooManyRequestsException" } : {}),
        // Mailgun says it as a date, which has whole seconds.
        retryAfter: esp === "mailgun" ? Math.ceil(Date.now() / 1_000 + 2) * 1_000 - Date.now() : 2_000,
      }),
  },
  {
    fault: { kind: "unauthorized" },
    seen: [1, 0],
    failure: (esp) =>
      failureWith(
        "authentication",
        {
          ses: { status: 403, code: "UnrecognizedClientException" },
          sendgrid: { status: 401 },
          mailgun: { status: 401 },
          mailjet: { status: 401, code: "mj-0015" },
        }[esp],
      ),
  },
  {
    fault: { kind: "suspended" },
    seen: [1, 0],
    failure: (esp) =>
      failureWith(
        "suspended",
        {
          ses: { status: 400, code: "AccountSuspendedException" },
          sendgrid: { status: 403 },
          mailgun: { status: 403 },
          mailjet: { status: 401, code: "mj-0001" },
        }[esp],
      ),
  },
  {
    fault: { kind: "sender-unverified" },
    seen: [1, 0],
    failure: (esp) =>
      failureWith(
        "sender",
        {
          ses: { status: 400, code: "MessageRejected" },
          sendgrid: { status: 403 },
          mailgun: { status: 400 },
          mailjet: { status: 403, code: "send-0008" },
        }[esp],
      ),
  },
  {
    fault: { kind: "quota" },
    seen: [1, 0],
    failure: (esp) =>
      failureWith(
        "quota",
        {
          ses: { status: 400, code: "ThrottlingException" },
          sendgrid: { status: 401 },
          mailgun: { status: 402 },
          mailjet: { status: 402 },
        }[esp],
      ),
  },
  {
    fault: { kind: "reject-message" },
    seen: [1, 0],
    failure: (esp) =>
      ({
        ses: failureWith("rejected", { status: 400, code: "MessageRejected" }),
        sendgrid: failureWith("invalid", { status: 400 }),
        mailgun: failureWith("invalid", { status: 400 }),
        mailjet: failureWith("invalid", { status: 400, code: "mj-0013" }),
      })[esp],
  },
];

/** Those of the simulators' faults that have a test of their own below. */
const apart: readonly FaultKind[] = ["reset-on-accept"];

describe.each(espNames)("a simulated %s", (name) => {
  it.each(rows)("with $fault ends as the fault says, and the inbox has what was accepted", async (row) => {
    const { fault, failure, seen, limitAfter } = row;
    const esp = await startEsp(name);
    stopTime();
    await esp.fault(fault);
    const mailer = openMailer({ providers: [adapterOf(esp)], timeout: limit, retry: { maxRounds: 1 } });

    const headSeen = next("http.client.response.finish");
    const sending = errorOf(mailer.send(letter));
    if (limitAfter) {
      if (limitAfter === "head") await headSeen;
      while (esp.requests < seen[0] || esp.inbox.length < seen[1]) await turn();
      await vi.advanceTimersByTimeAsync(limit);
    }

    expect(onlyFailure(await sending)).toEqual(failure(name));
    expect([esp.requests, esp.inbox.length]).toEqual(seen);
  });

  it("that resets every connection has seen nothing, whichever of two it looks like", async () => {
    const esp = await startEsp(name);
    await esp.fault({ kind: "reset-on-accept" });
    const failure = onlyFailure(
      await errorOf(openMailer({ providers: [adapterOf(esp)], retry: { maxRounds: 1 } }).send(letter)),
    );
    // The reset may come before the client can write, or after it: only the first is a proof.
    const reason = failure.sent === "no" ? "unreachable" : "response-lost";
    expect(failure).toEqual(failureWith(reason, { code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) }));
    expect([esp.requests, esp.inbox.length, esp.connections]).toEqual([0, 0, 1]);
  });

  it("that is slow but in time accepts", async () => {
    const esp = await startEsp(name);
    await esp.fault({ kind: "slow", ms: 5 });
    const receipt = await openMailer({ providers: [adapterOf(esp)] }).send(letter);
    expect(receipt).toMatchObject({ provider: name, duplicate: "no", attempts: [{ outcome: "accepted" }] });
    expect(esp.inbox.map(({ id, steadymailId }) => [id, steadymailId])).toEqual([
      [receipt.providerMessageId, receipt.id],
    ]);
  });
});

it("every kind of fault is among these", () => {
  // Of the type's members, so that a new kind makes this file fail to compile until it is here.
  const kinds: Readonly<Record<FaultKind, true>> = {
    refuse: true,
    "reset-on-accept": true,
    "reset-after-request": true,
    "accept-then-reset": true,
    "accept-then-stall": true,
    stall: true,
    "stall-body": true,
    slow: true,
    status: true,
    throttle: true,
    "html-200": true,
    "empty-200": true,
    truncate: true,
    unauthorized: true,
    suspended: true,
    "sender-unverified": true,
    quota: true,
    "reject-message": true,
  };
  const tested = new Set([...rows.map(({ fault }) => fault.kind), ...apart]);
  expect([...tested].sort()).toEqual(Object.keys(kinds).sort());
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
