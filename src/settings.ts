import { longestTimer } from "./clock.ts";
import type { OnUnknown } from "./delivery/on-unknown.ts";
import type { RetrySettings } from "./delivery/retry-delay.ts";
import type { Suppress } from "./delivery/suppression.ts";
import { type BreakerSettings, breakerSettings, checkBreakerOptions } from "./health/breaker-options.ts";
import type { LimitSettings } from "./limits/provider-limits.ts";
import { parseAddress } from "./message/addresses.ts";
import type { Address, AddressLike, Message } from "./message/message.ts";
import { fieldNames } from "./message/prepare.ts";
import { isObject } from "./message/reading.ts";
import type { Entry, MailerOptions, QueueOptions, RateOptions, RetryOptions, Route } from "./options.ts";
import { isPrintable, nameOf, shown } from "./printable.ts";
import type { Provider } from "./providers/provider.ts";

/** A route with everything filled in and checked. */
export interface RouteSettings<N extends string = string> {
  readonly provider: Provider<N>;
  readonly weight: number;
  readonly limits: LimitSettings;
  readonly prove: number;
  readonly labels: readonly string[];
  readonly sender: (from: Address) => Address;
  readonly timeout: number;
  readonly breaker: BreakerSettings;
}

/** The options of a mailer with everything filled in and checked. */
export interface MailerSettings<N extends string = string> {
  readonly groups: readonly (readonly RouteSettings<N>[])[];
  readonly names: readonly N[];
  readonly defaults: Partial<Message<N>>;
  readonly onUnknown: OnUnknown;
  readonly deadline: number;
  readonly suppress: Suppress | undefined;
  readonly retry: RetrySettings;
  /** Share of the sends, for the retry budget. */
  readonly retryBudget: number;
  /** So many sends may wait for limits and throttles. */
  readonly queueLimit: number;
}

const mailerKeys = [
  "providers",
  "defaults",
  "onUnknown",
  "timeout",
  "deadline",
  "suppress",
  "retry",
  "queue",
  "breaker",
] satisfies (keyof MailerOptions)[];
const retryKeys = ["maxRounds", "minDelay", "maxDelay", "budget"] satisfies (keyof RetryOptions)[];
const queueKeys = ["limit"] satisfies (keyof QueueOptions)[];
const rateKeys = ["limit", "interval"] satisfies (keyof RateOptions)[];
const routeKeys = [
  "provider",
  "weight",
  "concurrency",
  "rate",
  "prove",
  "from",
  "labels",
  "timeout",
  "breaker",
] satisfies (keyof Route)[];

/**
 * Checks the options of a mailer, so that a mistake shows when the program starts and not when the first mail is due.
 *
 * @throws TypeError for something of the wrong kind, RangeError for a value out of range
 */
export function mailerSettings<N extends string>(options: MailerOptions<N>): MailerSettings<N> {
  refuseUnknownKeys("options", options, mailerKeys);
  const { providers, defaults = {}, onUnknown = "failover", deadline = 30_000, retry = {}, queue = {} } = options;
  checkOnUnknown("options.onUnknown", onUnknown);
  checkDuration("options.deadline", deadline);
  // A time-out that only a shorter deadline brings about is nobody's fault: no hanging provider would ever be down.
  const { timeout = Math.min(10_000, deadline / 2) } = options;
  checkDuration("options.timeout", timeout);
  checkBreakerOptions("options.breaker", options.breaker);
  const { suppress } = options;
  if (suppress !== undefined && typeof suppress !== "function") {
    throw new TypeError(`options.suppress must be a function of an address, but is ${shown(suppress)}`);
  }
  refuseUnknownKeys("options.defaults", defaults, fieldNames);
  if (!Array.isArray(providers) || providers.length === 0) {
    throw new TypeError("options.providers must be an array with at least one provider");
  }
  const groups = [...providers].map((element: Entry<N> | readonly Entry<N>[], index) => {
    const where = `options.providers[${index}]`;
    if (!isGroup(element)) return [routeSettings(where, element, { ...options, timeout })];
    if (element.length === 0) throw new TypeError(`${where} is an empty group; put at least one provider into it`);
    return [...element].map((entry, place) => routeSettings(`${where}[${place}]`, entry, { ...options, timeout }));
  });
  const names = groups.flat().map((route) => route.provider.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(`Two providers have the name "${twice}"; give one of them another: { name: "${twice}-2" }`);
  }
  const proven = groups[0]?.findIndex((route) => route.prove > 0) ?? -1;
  if (proven !== -1) {
    throw new RangeError(
      `options.providers[0]${groups[0]?.length === 1 ? "" : `[${proven}]`}.prove is for a standby, but the first ` +
        "provider or group has the traffic anyway; leave it out there",
    );
  }
  return {
    groups,
    names,
    defaults,
    onUnknown,
    deadline,
    suppress,
    retry: retrySettings(retry),
    retryBudget: retryBudget(retry),
    queueLimit: queueLimit(queue),
  };
}

function routeSettings<N extends string>(
  where: string,
  entry: Entry<N>,
  mailer: { readonly timeout: number; readonly breaker?: MailerOptions["breaker"] },
): RouteSettings<N> {
  if (typeof entry !== "object" || entry === null) {
    throw new TypeError(
      `${where} must be what an adapter returns, such as ses({ … }), or { provider, … }, but is ${typeof entry === "string" ? "a text" : shown(entry)}`,
    );
  }
  const route: Route<N> = "provider" in entry ? entry : { provider: entry };
  if ("provider" in entry) refuseUnknownKeys(where, entry, routeKeys);
  const { provider, weight = 1, prove = 0, labels = [], from, timeout = mailer.timeout, breaker } = route;
  if (!isProvider(provider)) {
    throw new TypeError(
      `${where} is no provider: it needs a name, unsupported() and send(), as sendgrid({ … }) returns`,
    );
  }
  if (!(Number.isFinite(weight) && weight > 0)) {
    throw new RangeError(`${where}.weight must be a number above 0, but is ${shown(weight)}`);
  }
  if (!(Array.isArray(labels) && labels.every((label) => typeof label === "string"))) {
    throw new TypeError(`${where}.labels must be an array of strings`);
  }
  if (!(typeof prove === "number" && prove >= 0 && prove <= 1)) {
    throw new RangeError(`${where}.prove must be a number from 0 to 1, but is ${shown(prove)}`);
  }
  checkDuration(`${where}.timeout`, timeout);
  checkBreakerOptions(`${where}.breaker`, breaker);
  return {
    provider,
    weight,
    limits: limitSettings(where, route),
    prove,
    labels: [...labels],
    sender: senderOf(where, from),
    timeout,
    breaker: breakerSettings(mailer.breaker, breaker),
  };
}

function limitSettings(where: string, { concurrency, rate }: Route): LimitSettings {
  if (concurrency !== undefined) checkCount(`${where}.concurrency`, concurrency);
  if (rate === undefined) return { concurrency, rate };
  refuseUnknownKeys(`${where}.rate`, rate, rateKeys);
  const { limit, interval } = rate;
  checkCount(`${where}.rate.limit`, limit);
  checkDuration(`${where}.rate.interval`, interval);
  return { concurrency, rate: { limit, interval } };
}

function senderOf(where: string, from: Route["from"]): (from: Address) => Address {
  if (from === undefined) return (original) => original;
  if (typeof from === "function") return (original) => validSender(`${where}.from`, from(original));
  const address = validSender(`${where}.from`, from);
  return () => address;
}

function validSender(where: string, from: AddressLike): Address {
  const parsed = parseAddress(from);
  if ("problem" in parsed) throw new TypeError(`${where} is no sender: ${parsed.problem}`);
  return parsed.address;
}

function retrySettings(retry: NonNullable<MailerOptions["retry"]>): RetrySettings {
  refuseUnknownKeys("options.retry", retry, retryKeys);
  const { maxRounds = 3, minDelay = 250, maxDelay = 8_000 } = retry;
  checkCount("options.retry.maxRounds", maxRounds);
  if (minDelay !== 0) checkDuration("options.retry.minDelay", minDelay);
  if (maxDelay !== 0) checkDuration("options.retry.maxDelay", maxDelay);
  return { maxRounds, minDelay, maxDelay };
}

function retryBudget({ budget = 0.2 }: RetryOptions): number {
  if (!(typeof budget === "number" && budget >= 0 && Number.isFinite(budget))) {
    throw new RangeError(`options.retry.budget must be a number from 0, but is ${shown(budget)}`);
  }
  return budget;
}

function queueLimit(queue: QueueOptions): number {
  refuseUnknownKeys("options.queue", queue, queueKeys);
  const { limit = 1_000 } = queue;
  if (limit !== 0) checkCount("options.queue.limit", limit);
  return limit;
}

export function checkCount(where: string, value: unknown): asserts value is number {
  if (!(Number.isInteger(value) && Number(value) >= 1)) {
    throw new RangeError(`${where} must be a positive integer, but is ${shown(value)}`);
  }
}

export function checkOnUnknown(where: string, value: unknown): asserts value is OnUnknown {
  if (value !== "failover" && value !== "stop") {
    throw new RangeError(`${where} must be "failover" or "stop", but is ${shown(value)}`);
  }
}

export function checkDuration(where: string, value: unknown): asserts value is number {
  if (typeof value !== "number" || !(value > 0 && value <= longestTimer)) {
    throw new RangeError(`${where} must be milliseconds above 0 and at most ${longestTimer}, but is ${shown(value)}`);
  }
}

export function refuseUnknownKeys(where: string, value: unknown, known: readonly string[]): void {
  const keys = readOption(where, () => (isObject(value) && !Array.isArray(value) ? Object.keys(value) : undefined));
  if (keys === undefined) {
    throw new TypeError(`${where} must be an object, not ${Array.isArray(value) ? "an array" : `a ${typeof value}`}`);
  }
  const unknown = keys.find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const name = isPrintable(unknown) ? `${where}.${unknown}` : `${where} has a key that`;
  throw new TypeError(`${name} is no option; there are ${known.join(", ")}`);
}

/** Runs what touches an object of the caller's, whose getters and proxies may throw anything. */
export function readOption<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new TypeError(`${where} could not be read (${nameOf(error)})`);
  }
}

function isGroup<N extends string>(element: Entry<N> | readonly Entry<N>[]): element is readonly Entry<N>[] {
  return Array.isArray(element);
}

function isProvider(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (!("name" in value && "send" in value && "unsupported" in value)) return false;
  const { name, send, unsupported } = value;
  return typeof name === "string" && name !== "" && typeof send === "function" && typeof unsupported === "function";
}
