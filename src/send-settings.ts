import { randomUUID } from "node:crypto";
import { types } from "node:util";
import { longestTimer, now } from "./clock.ts";
import type { OnUnknown } from "./delivery/on-unknown.ts";
import type { Droppable, SendOptions } from "./options.ts";
import { shown } from "./printable.ts";
import type { Choice } from "./routing/plan.ts";
import { checkDuration, checkOnUnknown, type MailerSettings, readOption, refuseUnknownKeys } from "./settings.ts";

/** The options of one send with everything filled in and checked. */
export interface SendSettings<N extends string = string> {
  readonly id: string;
  readonly signal: AbortSignal | undefined;
  /** The whole time of the send, ms. */
  readonly allowedTime: number;
  /** The end of that time on the monotonic clock. */
  readonly deadline: number;
  readonly onUnknown: OnUnknown;
  readonly choice: Choice<N>;
}

const sendKeys = [
  "signal",
  "deadline",
  "onUnknown",
  "id",
  "only",
  "except",
  "require",
  "stickyKey",
  "mayDrop",
] satisfies (keyof SendOptions)[];
const droppable: readonly Droppable[] = ["tags", "metadata", "tracking", "replyTo"];

/** What every ESP can carry as metadata; SES has the narrowest alphabet. */
const validId = /^[\w-]{1,128}$/;

/** @throws RangeError for a value out of range or the name of no provider, TypeError for something of the wrong kind */
export function sendSettings<N extends string>(
  options: SendOptions<N> | undefined,
  mailer: MailerSettings<N>,
): SendSettings<N> {
  return options === undefined ? usualSettings(mailer) : checkedSettings(readOnce(options), mailer);
}

/** Of a send that has no options. */
function usualSettings<N extends string>({ onUnknown, deadline }: MailerSettings<N>): SendSettings<N> {
  return {
    id: randomUUID(),
    signal: undefined,
    allowedTime: deadline,
    deadline: now() + deadline,
    onUnknown,
    choice: {
      only: undefined,
      except: none,
      require: none,
      mayDrop: usuallyDropped,
      stickyKey: undefined,
      ordinary: onUnknown === "failover",
    },
  };
}

const none: readonly never[] = [];
const usuallyDropped: readonly Droppable[] = ["tags", "tracking"];

function checkedSettings<N extends string>(read: SendOptions<N>, mailer: MailerSettings<N>): SendSettings<N> {
  const { signal, onUnknown = mailer.onUnknown, id = randomUUID(), stickyKey, deadline = mailer.deadline } = read;
  const { only, except = none, require = none, mayDrop = usuallyDropped } = read;
  if (signal !== undefined && !isAbortSignal(signal)) throw new TypeError("options.signal must be an AbortSignal");
  checkOnUnknown("options.onUnknown", onUnknown);
  if (typeof id !== "string" || !validId.test(id)) {
    throw new RangeError("options.id must be 1–128 characters of A–Z a–z 0–9 _ -, which every provider can carry");
  }
  if (stickyKey !== undefined && typeof stickyKey !== "string")
    throw new TypeError("options.stickyKey must be a string");
  if (only !== undefined) checkNames("options.only", only, mailer.names, "provider");
  checkNames("options.except", except, mailer.names, "provider");
  checkStrings("options.require", require);
  checkNames("options.mayDrop", mayDrop, droppable, "field that may be dropped");
  const allowedTime = timeUntil(deadline);
  return {
    id,
    signal,
    allowedTime,
    deadline: now() + allowedTime,
    onUnknown,
    choice: {
      only,
      except,
      require,
      mayDrop,
      stickyKey,
      ordinary: onUnknown === "failover",
    },
  };
}

/** More names than that are no list of names. */
const mostNames = 1_000;

/** Every option as it is now: a getter or a proxy may throw, or say something else the next time. */
function readOnce<N extends string>(options: SendOptions<N>): SendOptions<N> {
  refuseUnknownKeys("options", options, sendKeys);
  return Object.fromEntries(
    sendKeys.map((key) => [key, readOption(`options.${key}`, () => copyOfList(Reflect.get(options, key)))]),
  );
}

function copyOfList(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return Array.from({ length: Math.min(value.length, mostNames) }, (_, index): unknown => value[index]);
}

/** By what only a real one can tell; a proxy may throw. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  try {
    return value instanceof AbortSignal && typeof value.aborted === "boolean";
  } catch {
    return false;
  }
}

function timeUntil(deadline: number | Date): number {
  if (!types.isDate(deadline)) {
    checkDuration("options.deadline", deadline);
    return deadline;
  }
  const time = Date.prototype.getTime.call(deadline) - Date.now();
  if (Number.isNaN(time)) throw new RangeError("options.deadline is an invalid Date");
  return Math.min(Math.max(0, time), longestTimer);
}

function checkNames(where: string, given: unknown, known: readonly string[], what: string): void {
  checkStrings(where, given);
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`${where} names ${shown(unknown)}, which is no ${what}; there are ${known.join(", ")}`);
  }
}

function checkStrings(where: string, value: unknown): asserts value is readonly string[] {
  if (!(Array.isArray(value) && value.every((each) => typeof each === "string"))) {
    throw new TypeError(`${where} must be an array of strings`);
  }
}
