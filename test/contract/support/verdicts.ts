import { expect, vi } from "vitest";
import {
  type AnySteadyMailError,
  type Attempt,
  type Failure,
  isSteadyMailError,
  type Mailer,
  type Reason,
  type Scope,
  type Sent,
} from "../../../src/index.ts";
import { letter } from "../../mailer/support.ts";

/** What follows from each reason, as it is promised to users. */
const promised = {
  rejected: ["message", "no"],
  invalid: ["message", "no"],
  "too-large": ["message", "no"],
  unsupported: ["message", "no"],
  "not-found": ["message", "no"],
  authentication: ["account", "no"],
  suspended: ["account", "no"],
  sender: ["account", "no"],
  quota: ["account", "no"],
  throttled: ["provider", "no"],
  unreachable: ["provider", "no"],
  unavailable: ["provider", "no"],
  "response-lost": ["provider", "maybe"],
  timeout: ["provider", "maybe"],
  "bad-response": ["provider", "maybe"],
  "server-error": ["provider", "maybe"],
} as const satisfies Partial<Record<Reason, readonly [Scope, Sent]>>;

export type JudgedReason = keyof typeof promised;

/** All that a failure with this reason has, and nothing else; its words may be any unless they are given. */
export function failureWith(reason: JudgedReason, rest: Partial<Failure> = {}): Failure {
  const [scope, sent] = promised[reason];
  return { reason, scope, sent, detail: expect.stringMatching(/\S/), ...rest };
}

/** The error of a send that was not accepted. */
export async function errorOf(sending: Promise<unknown>): Promise<AnySteadyMailError> {
  const outcome = await sending.then(
    (receipt) => ({ receipt }),
    (error: unknown) => ({ error }),
  );
  if ("receipt" in outcome) throw new Error("the send was accepted", { cause: outcome.receipt });
  if (!isSteadyMailError(outcome.error)) throw outcome.error;
  return outcome.error;
}

/** The failure of the only attempt of an error, whose kind must be the one that it means. */
export function onlyFailure(error: AnySteadyMailError): Failure {
  expect(error.attempts).toHaveLength(1);
  const failure = failureOf(error.attempts[0]);
  expect(error).toMatchObject({ kind: kindAfter(failure), sent: failure.sent });
  expect(error.attempts[0]?.outcome).toBe(failure.sent === "maybe" ? "unknown" : "not-sent");
  return failure;
}

/** How a message fails at the only provider of a mailer, which is not to be asked again in a second round. */
export async function failureAtOnly(mailer: Mailer): Promise<Failure> {
  return onlyFailure(await errorOf(mailer.send(letter)));
}

export function failureOf(attempt: Attempt | undefined): Failure {
  if (!attempt || attempt.outcome === "accepted") throw new Error("there is no attempt that failed");
  return attempt.failure;
}

function kindAfter({ sent, scope }: Failure): AnySteadyMailError["kind"] {
  if (sent === "maybe") return "unknown";
  return scope === "message" ? "rejected" : "unavailable";
}

/** Lets a send end while time stands still but for timers of no duration: one that waits for longer never ends. */
export function withoutWaiting<T>(sending: Promise<T>): Promise<T> {
  return whileTimePasses(sending, 0);
}

/**
 * Lets a send end while so much time passes with each turn of the event loop. Client and server share the loop, so both
 * have their turns before a time limit is over, however slow the machine is.
 */
export async function whileTimePasses<T>(sending: Promise<T>, millisecondsPerTurn: number): Promise<T> {
  let pending = true;
  const settled = () => {
    pending = false;
  };
  sending.then(settled, settled);
  while (pending) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(millisecondsPerTurn);
  }
  return sending;
}
