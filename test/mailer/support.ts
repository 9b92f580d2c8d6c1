import { afterEach, beforeEach, expect, vi } from "vitest";
import {
  type AnySteadyMailError,
  type AttemptContext,
  isSteadyMailError,
  type Mailer,
  type MailerEvents,
  type Message,
  type PreparedMessage,
  type Provider,
  type ProviderHealth,
  type Receipt,
} from "../../src/index.ts";
import type { MemoryProvider } from "../../src/testing/memory-provider.ts";

/** A message that every provider can carry. */
export const letter = {
  from: "Shop <orders@example.com>",
  to: "ada@example.org",
  subject: "Your order",
  text: "Thank you for your order.",
} satisfies Message;

/** Time stands still in each test of the file and moves by {@link elapse} alone. */
export function useFakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Keeps the warnings that go with an outage out of the report of the tests. */
export function silenceWarnings(): void {
  beforeEach(() => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  });
}

/** Lets time pass; by default just enough for everything that waits for nothing. */
export async function elapse(milliseconds = 5): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

/** `Math.random` always gives this; 0.5 takes the jitter out of the open period. */
export function fixRandom(value = 0.5): void {
  vi.spyOn(Math, "random").mockReturnValue(value);
}

/** A send that is watched while time passes. */
export interface Watched<N extends string> {
  readonly pending: boolean;
  readonly accepted: boolean;
  /** Throws unless the send was accepted. */
  readonly receipt: Receipt<N>;
  /** Throws unless the send ended with one of the library's errors. */
  readonly error: AnySteadyMailError;
}

export function watch<N extends string>(sending: Promise<Receipt<N>>): Watched<N> {
  let outcome: { readonly receipt: Receipt<N> } | { readonly error: unknown } | undefined;
  sending.then(
    (receipt) => {
      outcome = { receipt };
    },
    (error: unknown) => {
      outcome = { error };
    },
  );
  return {
    get pending() {
      return outcome === undefined;
    },
    get accepted() {
      return outcome !== undefined && "receipt" in outcome;
    },
    get receipt() {
      if (outcome && "receipt" in outcome) return outcome.receipt;
      throw new Error("The send was not accepted", { cause: outcome ? outcome.error : "it is pending" });
    },
    get error() {
      if (outcome && "error" in outcome && isSteadyMailError(outcome.error)) return outcome.error;
      throw new Error("The send did not end with an error of the library", { cause: outcome ?? "it is pending" });
    },
  };
}

/** Starts a send and lets it go as far as it can without any time passing. */
export async function begin<N extends string>(sending: Promise<Receipt<N>>): Promise<Watched<N>> {
  const watched = watch(sending);
  await elapse();
  return watched;
}

/** The error of a send that ends without any time passing. */
export async function errorOf<N extends string>(sending: Promise<Receipt<N>>): Promise<AnySteadyMailError> {
  return (await begin(sending)).error;
}

/** What an error says of its attempts, in short. */
export function steps({ attempts }: Pick<Receipt, "attempts">): string[] {
  return attempts.map((each) => `${each.provider} ${each.outcome === "accepted" ? each.outcome : each.failure.reason}`);
}

export function healthOf<N extends string>(mailer: Mailer<N>, name: N): ProviderHealth<N> {
  const found = mailer.health().find(({ provider }) => provider === name);
  if (!found) throw new Error(`There is no provider ${name}`);
  return found;
}

/** Takes a provider down as an ESP can: by refusing the credentials, once. Afterwards it accepts. */
export async function takeDown<N extends string>(mailer: Mailer<N>, provider: MemoryProvider<N>): Promise<void> {
  provider.script("authentication");
  await errorOf(mailer.send(letter, { only: [provider.name] }));
  expect(healthOf(mailer, provider.name).state).toBe("down");
  provider.script();
}

/** Makes a provider ask for a pause of so many milliseconds. Afterwards it accepts. */
export async function throttle<N extends string>(
  mailer: Mailer<N>,
  provider: MemoryProvider<N>,
  retryAfter: number,
): Promise<void> {
  provider.script({ reason: "throttled", retryAfter });
  const caller = new AbortController();
  const sending = await begin(mailer.send(letter, { only: [provider.name], signal: caller.signal }));
  caller.abort();
  await elapse(0);
  expect(steps(sending.error)).toEqual([`${provider.name} throttled`]);
  provider.script();
}

/** Every event that a mailer tells. */
export const eventNames = [
  "accepted",
  "failed",
  "attempt",
  "failover",
  "provider:changed",
  "provider:degraded",
  "provider:down",
  "provider:probing",
  "provider:recovering",
  "provider:recovered",
  "provider:throttled",
  "provider:unthrottled",
  "provider:isolated",
  "provider:restored",
  "all-down",
  "all-down:over",
  "warning",
] as const satisfies readonly (keyof MailerEvents)[];

/** Everything that a mailer tells from now on. */
export function recordEvents<N extends string>(
  mailer: Mailer<N>,
): { readonly name: string; readonly event: unknown }[] {
  const events: { name: string; event: unknown }[] = [];
  for (const name of eventNames) {
    mailer.on(name, (event) => {
      events.push({ name, event });
    });
  }
  return events;
}

/** The parts of an adapter that may be wrong in any way. */
export interface AdapterParts {
  readonly send?: (message: PreparedMessage, attempt: AttemptContext) => unknown;
  readonly unsupported?: (message: PreparedMessage) => unknown;
  readonly load?: () => unknown;
}

/** An adapter as a user might write it, outside all types. */
export function adapter<const N extends string>(name: N, parts: AdapterParts): Provider<N>;
export function adapter(name: string, parts: AdapterParts): object {
  return { name, unsupported: () => [], send: async () => ({ providerMessageId: `${name}-1` }), ...parts };
}
