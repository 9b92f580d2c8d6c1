import { expect } from "vitest";
import {
  type Failure,
  isSteadyMailError,
  type OnUnknown,
  type ProviderHealth,
  type Receipt,
} from "../../../src/index.ts";
import type { EspName, MemoryProvider } from "../../../src/testing/index.ts";
import { failureOf, failureWith } from "../../contract/support/verdicts.ts";
import type { MatrixFault, Verdict } from "../faults/fault.ts";

/** How a send ended. */
export type Outcome =
  | { readonly accepted: Receipt; readonly error?: undefined }
  | { readonly error: unknown; readonly accepted?: undefined };

export function outcomeOf(sending: Promise<Receipt>): Promise<Outcome> {
  return sending.then(
    (accepted) => ({ accepted }),
    (error: unknown) => ({ error }),
  );
}

const receiptStatus: Readonly<Record<EspName, number>> = { ses: 200, sendgrid: 202, mailgun: 200, mailjet: 200 };

/** The verdict on a fault at one ESP. */
export function verdictAt(name: EspName, { at, ...verdict }: MatrixFault): Verdict {
  const { status, ...rest } = { ...verdict, ...at?.[name] };
  if (status === undefined) return rest;
  return { ...rest, status: status === "of the receipt" ? receiptStatus[name] : status };
}

/** @param begun whether the client has begun to write its request */
export function failureBy({ reason, code, status, retryAfter }: Verdict, begun: boolean): Failure {
  if (reason === "accepted") throw new Error("an acceptance is no failure");
  const byPhase = begun ? "response-lost" : "unreachable";
  return failureWith(reason === "by phase" ? byPhase : reason, {
    ...(code === undefined ? {} : { code: typeof code === "string" ? code : expect.stringMatching(code) }),
    ...(typeof status === "number" ? { status } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

export interface Send {
  readonly id: string;
  readonly first: EspName;
  readonly standby: MemoryProvider;
  readonly onUnknown: OnUnknown;
}

export function expectAccepted({ accepted, error }: Outcome, { id, first, standby }: Send): void {
  if (!accepted) throw error;
  expect(accepted).toMatchObject({ id, provider: first, duplicate: "no", attempts: [{ outcome: "accepted" }] });
  expect(accepted.attempts).toHaveLength(1);
  expect(standby.attempts).toBe(0);
}

/** The first provider failed so; the standby has the message if, and only if, it was to be asked. */
export function expectFailure({ accepted, error }: Outcome, failure: Failure, send: Send): void {
  const { id, first, standby, onUnknown } = send;
  const unknown = failure.sent === "maybe";
  const goesOn = failure.reason !== "rejected" && !(unknown && onUnknown === "stop");
  const attempts = accepted?.attempts ?? (isSteadyMailError(error) ? error.attempts : []);
  expect(attempts.map(({ provider, round, outcome }) => [provider, round, outcome])).toEqual([
    [first, 1, unknown ? "unknown" : "not-sent"],
    ...(goesOn ? [["standby", 1, "accepted"]] : []),
  ]);
  expect(failureOf(attempts[0])).toEqual(failure);
  expect(standby.attempts).toBe(goesOn ? 1 : 0);
  expect(standby.inbox.map((stored) => stored.id)).toEqual(goesOn ? [id] : []);
  if (goesOn) expect(accepted).toMatchObject({ id, provider: "standby", duplicate: unknown ? "possible" : "no" });
  else
    expect(error).toMatchObject({ id, kind: unknown ? "unknown" : "rejected", sent: failure.sent, retryable: false });
}

/**
 * What the provider's health makes of the failure.
 *
 * @param used attempts that were accepted before
 * @param reused whether the request was written to a connection that had been used before
 */
export function expectHealth(health: ProviderHealth, failure: Failure, used: number, reused: boolean): void {
  const { scope, reason } = failure;
  if (scope === "account") {
    expect(health.state).toBe("down");
    return;
  }
  const neutral = scope === "message" || reason === "throttled" || (reason === "response-lost" && reused);
  expect(health).toMatchObject({ state: "healthy", failureRate: neutral ? 0 : 1 / (used + 1) });
}
