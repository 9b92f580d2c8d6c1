import type { Fault, FaultKind } from "../../../src/testing/index.ts";
import { late, lost, type MatrixFault, noReceipt, type Verdict } from "./fault.ts";

type Row = Verdict & Pick<MatrixFault, "at"> & { readonly fault: Fault };

const answered = { connection: "kept" } as const;
const broken = /^(ECONNRESET|EPIPE)$/;

/** Every kind of fault that the simulators know, `status` with one status of each reason. */
const kinds: { readonly [K in FaultKind]: readonly (Row & { readonly fault: { readonly kind: K } })[] } = {
  refuse: [
    {
      fault: { kind: "refuse" },
      reason: "unreachable",
      code: "ECONNREFUSED",
      requests: 0,
      connects: 0,
      connection: "closed",
    },
  ],
  "reset-on-accept": [
    {
      fault: { kind: "reset-on-accept" },
      reason: "by phase",
      code: broken,
      requests: 0,
      connects: 1,
      connection: "closed",
    },
  ],
  "reset-after-request": [{ fault: { kind: "reset-after-request" }, ...lost, delivered: false }],
  "accept-then-reset": [{ fault: { kind: "accept-then-reset" }, ...lost }],
  "accept-then-stall": [{ fault: { kind: "accept-then-stall" }, ...late, stalls: "before the answer" }],
  stall: [{ fault: { kind: "stall" }, ...late, delivered: false, stalls: "before the answer" }],
  "stall-body": [{ fault: { kind: "stall-body" }, ...late, status: "of the receipt", stalls: "after the head" }],
  slow: [{ fault: { kind: "slow", ms: 60_000 }, ...late, stalls: "before the answer" }],
  truncate: [{ fault: { kind: "truncate" }, ...lost, status: "of the receipt" }],
  "html-200": [{ fault: { kind: "html-200" }, ...noReceipt, status: 200, delivered: false }],
  "empty-200": [{ fault: { kind: "empty-200" }, ...noReceipt, status: 200, delivered: false }],
  status: [
    { fault: { kind: "status", status: 204 }, ...noReceipt, status: 204, delivered: false },
    {
      fault: { kind: "status", status: 307, headers: { location: "/" } },
      ...answered,
      reason: "unavailable",
      status: 307,
    },
    { fault: { kind: "status", status: 408 }, ...answered, reason: "server-error", status: 408 },
    { fault: { kind: "status", status: 413 }, ...answered, reason: "too-large", status: 413 },
    { fault: { kind: "status", status: 422 }, ...answered, reason: "invalid", status: 422 },
    { fault: { kind: "status", status: 500 }, ...answered, reason: "server-error", status: 500 },
    { fault: { kind: "status", status: 503 }, ...answered, reason: "server-error", status: 503 },
    {
      fault: { kind: "status", status: 503, headers: { "retry-after": "7" } },
      ...answered,
      reason: "unavailable",
      status: 503,
      retryAfter: 7_000,
    },
    {
      fault: { kind: "status", status: 500, headers: { connection: "close" } },
      reason: "server-error",
      status: 500,
      connection: "closed",
    },
  ],
  throttle: [
    {
      fault: { kind: "throttle" },
      ...answered,
      reason: "throttled",
      status: 429,
      at: { ses: { code: "TooManyRequestsException" } },
    },
    {
      fault: { kind: "throttle", retryAfter: 60_000 },
      ...answered,
      reason: "throttled",
      status: 429,
      retryAfter: 60_000,
      at: { ses: { code: "TooManyRequestsException" } },
    },
  ],
  unauthorized: [
    {
      fault: { kind: "unauthorized" },
      ...answered,
      reason: "authentication",
      status: 401,
      at: { ses: { status: 403, code: "UnrecognizedClientException" }, mailjet: { code: "mj-0015" } },
    },
  ],
  suspended: [
    {
      fault: { kind: "suspended" },
      ...answered,
      reason: "suspended",
      status: 403,
      at: { ses: { status: 400, code: "AccountSuspendedException" }, mailjet: { status: 401, code: "mj-0001" } },
    },
  ],
  "sender-unverified": [
    {
      fault: { kind: "sender-unverified" },
      ...answered,
      reason: "sender",
      status: 403,
      at: {
        ses: { status: 400, code: "MessageRejected" },
        mailgun: { status: 400 },
        mailjet: { code: "send-0008" },
      },
    },
  ],
  quota: [
    {
      fault: { kind: "quota" },
      ...answered,
      reason: "quota",
      status: 402,
      at: { ses: { status: 400, code: "ThrottlingException" }, sendgrid: { status: 401 } },
    },
  ],
  "reject-message": [
    {
      fault: { kind: "reject-message" },
      ...answered,
      reason: "invalid",
      status: 400,
      at: { ses: { reason: "rejected", code: "MessageRejected" }, mailjet: { code: "mj-0013" } },
    },
  ],
};

export const simulatedFaults: readonly MatrixFault[] = Object.values(kinds)
  .flat()
  .map(({ fault, ...verdict }) => ({ what: inWords(fault), how: { simulator: fault }, ...verdict }));

function inWords({ kind, ...details }: Fault): string {
  return [kind, ...Object.values(details).map((detail) => JSON.stringify(detail))].join(" ");
}
