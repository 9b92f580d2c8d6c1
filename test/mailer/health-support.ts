import { vi } from "vitest";
import {
  type AnySteadyMailError,
  type AttemptContext,
  type BreakerOptions,
  createMailer,
  failure,
  isSteadyMailError,
  type Mailer,
  type Message,
  type ProviderChange,
  ProviderError,
  type ProviderHealth,
  type Receipt,
  type SendOptions,
} from "../../src/index.ts";
import { type MemoryProvider, memoryProvider, type Outcome } from "../../src/testing/memory-provider.ts";

/** Midnight, 1 January 2030. */
export const start = Date.UTC(2030, 0, 1);

/**
 * Fakes every clock and timer, and takes the chance out of jitter: `Math.random()` is 0.5, which means none. Process
 * warnings are kept from the terminal.
 */
export function fakeTime(): void {
  vi.useFakeTimers({ now: start });
  jitter(0.5);
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
}

/** What `Math.random()` gives from now on. */
export function jitter(random: number): void {
  vi.spyOn(Math, "random").mockReturnValue(random);
}

export async function pass(duration: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(duration);
}

/** Lets everything happen that needs no time. */
export async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** The process was frozen: both clocks jump, and no timer ran meanwhile. */
export function freeze(duration: number): void {
  const before = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => before() + duration);
  vi.setSystemTime(Date.now() + duration);
}

export const letter: Message = {
  from: "Shop <orders@example.com>",
  to: "ada@example.org",
  subject: "Your order",
  text: "It is on its way.",
};

/** How a send ended, be it well or badly. */
export type Ending<N extends string> =
  | { readonly ok: true; readonly receipt: Receipt<N> }
  | { readonly ok: false; readonly error: AnySteadyMailError };

/** Never rejects for an error of this library; any other error passes. */
export async function send<N extends string>(mailer: Mailer<N>, options?: SendOptions<N>): Promise<Ending<N>> {
  try {
    return { ok: true, receipt: await mailer.send(letter, options) };
  } catch (error) {
    if (isSteadyMailError(error)) return { ok: false, error };
    throw error;
  }
}

/** One after another. */
export async function sendMany<N extends string>(mailer: Mailer<N>, count: number): Promise<Ending<N>[]> {
  const endings: Ending<N>[] = [];
  for (let sent = 0; sent < count; sent += 1) endings.push(await send(mailer));
  return endings;
}

/** The provider that accepted it, else the kind of the error. */
export function resultOf<N extends string>(ending: Ending<N>): string {
  return ending.ok ? ending.receipt.provider : ending.error.kind;
}

/** The failure's reason, or `"accepted"`, of each attempt. */
export function triesOf<N extends string>(ending: Ending<N>): string[] {
  const attempts = ending.ok ? ending.receipt.attempts : ending.error.attempts;
  return attempts.map((each) => `${each.provider} ${each.outcome === "accepted" ? each.outcome : each.failure.reason}`);
}

export function healthOf<N extends string>(mailer: Mailer<N>, provider: N): ProviderHealth<N> {
  const found = mailer.health().find((each) => each.provider === provider);
  if (!found) throw new Error(`health() does not tell of ${provider}`);
  return found;
}

export function stateOf<N extends string>(mailer: Mailer<N>, provider: N): ProviderHealth["state"] {
  return healthOf(mailer, provider).state;
}

/** Every change from now on, as `"from → to (reason)"`. */
export function changesOf<N extends string>(mailer: Mailer<N>, provider?: N): string[] {
  const changes: string[] = [];
  mailer.on("provider:changed", (change: ProviderChange<N>) => {
    if (provider !== undefined && change.provider !== provider) return;
    changes.push(`${change.from} → ${change.to} (${change.reason})`);
  });
  return changes;
}

export interface HeldAttempt {
  readonly attempt: AttemptContext;
  end(outcome: "accepted" | Error): void;
}

/** A provider whose attempts end when the test says so. */
export function heldProvider<const N extends string>(name: N) {
  const held: HeldAttempt[] = [];
  return {
    name,
    held,
    unsupported: () => [],
    send(_message: unknown, attempt: AttemptContext): Promise<{ providerMessageId: string }> {
      return new Promise((resolve, reject) => {
        held.push({
          attempt,
          end: (outcome) =>
            outcome instanceof Error ? reject(outcome) : resolve({ providerMessageId: `${name}-${held.length}` }),
        });
      });
    },
  };
}

/** A provider that accepts at once, whatever comes. */
export function standby(): MemoryProvider<"standby"> {
  return memoryProvider({ name: "standby" });
}

/** So many times the same. */
export function times(count: number, outcome: Outcome): Outcome[] {
  return Array.from({ length: count }, () => outcome);
}

/** The signals of all abort controllers that are created from now on. */
export function freshSignals(): () => readonly AbortSignal[] {
  const created: AbortSignal[] = [];
  const Original = AbortController;
  class Watched extends Original {
    constructor() {
      super();
      created.push(this.signal);
    }
  }
  vi.stubGlobal("AbortController", Watched);
  return () => {
    vi.unstubAllGlobals();
    return created;
  };
}

export const failing = (count: number) => times(count, "unavailable");
export const accepted = (count: number) => times(count, "accepted");

/** A scripted primary before a standby that takes all. One round, so that each message is tried once. */
export function primaryAndStandby(script: readonly Outcome[] = [], breaker: BreakerOptions = {}) {
  const primary = memoryProvider({ name: "primary", script });
  const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 }, breaker });
  return { mailer, primary };
}

/** The same after the primary was sent one message for each outcome of the script. */
export async function scripted(script: readonly Outcome[], breaker: BreakerOptions = {}) {
  const { mailer, primary } = primaryAndStandby(script, breaker);
  await sendMany(mailer, script.length);
  return { mailer, primary };
}

/** The same with its primary down since this moment. */
export function down(breaker: BreakerOptions = {}) {
  return scripted(["suspended"], breaker);
}

/** The same with its primary recovering since this moment. */
export async function recovering(breaker: BreakerOptions = {}) {
  const { mailer, primary } = await down(breaker);
  await pass(15_000);
  await send(mailer);
  return { mailer, primary };
}

/** The same with its primary degraded since this moment. */
export function degraded(breaker: BreakerOptions = {}) {
  return scripted(["unavailable", ...accepted(4)], breaker);
}

export const suspended = new ProviderError(failure("suspended"));

/** Its primary is down, and the open period ends at this moment. */
export async function probeDue(options: { timeout?: number; breaker?: BreakerOptions } = {}) {
  const primary = memoryProvider({ name: "primary", script: ["suspended"] });
  const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 }, ...options });
  await send(mailer);
  await pass(15_000);
  return { mailer, primary };
}

/** The same with attempts that end when the test says so. */
export async function heldProbeDue() {
  const primary = heldProvider("primary");
  const mailer = createMailer({ providers: [primary, standby()], retry: { maxRounds: 1 } });
  const first = send(mailer);
  await settled();
  primary.held[0]?.end(suspended);
  await first;
  await pass(15_000);
  return { mailer, primary };
}
