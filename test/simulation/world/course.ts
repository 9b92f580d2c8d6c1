import { type Failure, failure, failureInPhase } from "../../../src/index.ts";
import type { Dice } from "../engine/dice.ts";
import type { Fault, MessageReason, ProviderSetup } from "./scenario.ts";

/** How one attempt is going to go, decided when it begins. Times in ms from then. */
export interface Course {
  /** The provider has the message from then on, whatever the caller hears. */
  readonly storesAfter?: number;
  /** Undefined: it never answers. */
  readonly answer?: { readonly after: number; readonly with: Answer };
  /** No request ever begins, so the adapter can prove that nothing was sent. */
  readonly neverConnects?: boolean;
}

export type Answer =
  | { readonly say: "receipt" | "no-receipt" | "plain-error" }
  | { readonly say: "failure"; readonly failure: Failure; readonly reusedConnection?: boolean };

/** What a course depends on. */
export interface Circumstances {
  readonly dice: Dice;
  readonly setup: ProviderSetup;
  /** The trouble that counts now. */
  readonly fault: Fault | undefined;
  /** What the provider says to this message if nothing else is wrong. */
  readonly refusal: MessageReason | undefined;
  /** ms since the fault began. */
  readonly since: number;
}

/** Even a refusal takes a moment. */
const quick = [1, 40] as const;

export function courseOf(circumstances: Circumstances): Course {
  const { fault, dice } = circumstances;
  switch (fault?.kind) {
    case undefined:
      return calm(circumstances);
    case "refuses":
      return fails(circumstances, failure("unreachable"));
    case "stalls-connecting":
      return { neverConnects: true };
    case "stalls":
      return fault.stores ? { storesAfter: dice.between(...quick) } : {};
    case "brown-out":
      return dice.chance(fault.share) ? brownOut(circumstances, fault.retryAfter) : calm(circumstances);
    case "slow":
      return calm(circumstances, fault.by);
    case "throttles":
      return fails(circumstances, failure("throttled", { retryAfter: fault.retryAfter }));
    case "account":
      return fails(circumstances, failure(fault.reason));
    case "loses-responses":
      return dice.chance(fault.share) ? losesResponse(circumstances, fault.reusedConnection) : calm(circumstances);
    case "answers-nonsense":
      return { ...fails(circumstances, failure("bad-response")), ...(fault.stores ? { storesAfter: 1 } : {}) };
    case "flaps":
      return Math.floor(circumstances.since / fault.period) % 2 === 0
        ? fails(circumstances, failure("unavailable"))
        : calm(circumstances);
    case "calls-invalid":
      return fails(circumstances, failure("invalid"));
    case "rogue":
      return rogue(circumstances, fault.way);
  }
}

function calm({ dice, setup, refusal }: Circumstances, slower = 0): Course {
  const after = dice.between(...setup.latency) + slower;
  if (refusal) return { answer: { after, with: { say: "failure", failure: failure(refusal) } } };
  return { storesAfter: Math.ceil(after / 2), answer: { after, with: { say: "receipt" } } };
}

function fails({ dice }: Circumstances, reason: Failure): Course {
  return { answer: { after: dice.between(...quick), with: { say: "failure", failure: reason } } };
}

function brownOut(circumstances: Circumstances, retryAfter: number | undefined): Course {
  const kind = circumstances.dice.between(0, 3);
  if (kind === 0) return fails(circumstances, failure("unreachable"));
  if (kind === 1) return fails(circumstances, failure("unavailable", { retryAfter }));
  const course = fails(circumstances, failure("server-error"));
  return kind === 2 ? course : { ...course, storesAfter: 1 };
}

function losesResponse(circumstances: Circumstances, reusedConnection: boolean): Course {
  const { storesAfter = 1, answer } = calm(circumstances);
  const lost = { say: "failure", failure: failure("response-lost"), reusedConnection } as const;
  return { storesAfter, answer: { after: answer?.after ?? 1, with: lost } };
}

function rogue(circumstances: Circumstances, way: (Fault & { kind: "rogue" })["way"]): Course {
  const { dice } = circumstances;
  const after = dice.between(...quick);
  const stored = dice.chance(0.5) ? { storesAfter: 1 } : {};
  switch (way) {
    case "throws-plain-error":
      return { ...stored, answer: { after, with: { say: "plain-error" } } };
    case "no-receipt":
      return { ...stored, answer: { after, with: { say: "no-receipt" } } };
    case "aborts-by-itself":
      return { ...stored, ...fails(circumstances, failureInPhase("aborted", "maybe")) };
    case "fails-before-request":
      return fails(circumstances, failureInPhase("internal", "no"));
  }
}
