import { type AttemptContext, failure, failureInPhase, ProviderError } from "../../src/index.ts";
import type { Random } from "./random.ts";

/** How one attempt ends. */
type Ending = (attempt: AttemptContext, random: Random) => Promise<{ providerMessageId: string }>;

type PlainReason = Parameters<typeof failure>[0];

const receipt = { providerMessageId: "1" };

/** Everything that an attempt can come to, with how often it does. */
const endings = {
  accepted: [700, async () => receipt],
  "accepted after a while": [150, (_attempt, random) => later(random.integer(1, 50), () => receipt)],
  "accepted slowly": [2, () => later(150, () => receipt)],
  "accepted too late": [2, ({ timeout }) => later(timeout + 1_000, () => receipt)],
  "failed too late": [2, ({ timeout }) => later(timeout + 1_000, () => refuse("unavailable"))],
  rejected: [8, async () => refuse("rejected")],
  invalid: [8, async () => refuse("invalid")],
  "too large": [4, async () => refuse("too-large")],
  unsupported: [4, async () => refuse("unsupported")],
  "not found": [4, async () => refuse("not-found")],
  authentication: [0.5, async () => refuse("authentication")],
  suspended: [0.5, async () => refuse("suspended")],
  sender: [0.5, async () => refuse("sender")],
  quota: [0.5, async () => refuse("quota")],
  throttled: [1, async () => refuse("throttled")],
  "throttled for a time": [1, async (_attempt, random) => refuse("throttled", random.integer(1, 500))],
  unreachable: [10, async () => refuse("unreachable")],
  unavailable: [10, (_attempt, random) => later(random.integer(1, 50), () => refuse("unavailable"))],
  "response lost": [10, (_attempt, random) => later(random.integer(1, 50), () => refuse("response-lost"))],
  "response lost on a reused connection": [4, async () => lostOnReuse()],
  "bad response": [4, async () => refuse("bad-response")],
  "server error": [10, async () => refuse("server-error")],
  "internal, not sent": [4, async () => internal()],
  "thrown at once": [2, () => fail(new Error("a defect of the adapter"))],
  "thrown without an error": [2, () => fail("a string")],
  "rejected with an unreadable error": [2, async () => fail(unreadable())],
  "no receipt": [2, async () => ({ providerMessageId: "" })],
  "hung, told by its signal": [5, ({ signal }) => whenAborted(signal, () => aborted())],
  "hung, signal's reason thrown": [5, ({ signal }) => whenAborted(signal, () => fail(signal.reason))],
  "hung, own time limit": [5, ({ timeout }) => later(timeout, () => refuse("timeout"))],
  "hung for ever": [2, () => new Promise(() => {})],
} as const satisfies Record<string, readonly [share: number, ending: Ending]>;

const entries: readonly (readonly [string, readonly [share: number, ending: Ending]])[] = Object.entries(endings);

/** How often each happens, in relation to the others. */
export const endingShares: ReadonlyMap<string, number> = new Map(entries.map(([name, [share]]) => [name, share]));

const endingOf: ReadonlyMap<string, Ending> = new Map(entries.map(([name, [, ending]]) => [name, ending]));

export function endAs(name: string, attempt: AttemptContext, random: Random): ReturnType<Ending> {
  const ending = endingOf.get(name);
  if (!ending) throw new RangeError(`No attempt ends as "${name}"`);
  return ending(attempt, random);
}

function later<T>(milliseconds: number, result: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      try {
        resolve(result());
      } catch (error) {
        reject(error);
      }
    }, milliseconds);
  });
}

function whenAborted<T>(signal: AbortSignal, result: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      try {
        resolve(result());
      } catch (error) {
        reject(error);
      }
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

function fail(error: unknown): never {
  throw error;
}

function refuse(reason: PlainReason, retryAfter?: number): never {
  throw new ProviderError(failure(reason, { detail: `Refused as ${reason}`, retryAfter }));
}

function lostOnReuse(): never {
  throw new ProviderError(failure("response-lost"), { reusedConnection: true });
}

function internal(): never {
  throw new ProviderError(failureInPhase("internal", "no", { detail: "The request was never begun" }));
}

function aborted(): never {
  throw new ProviderError(failureInPhase("aborted", "maybe"));
}

function unreadable(): object {
  return Object.defineProperty(new Error("unreadable"), "message", {
    get() {
      throw new Error("no message");
    },
  });
}
