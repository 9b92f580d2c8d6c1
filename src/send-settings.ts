import { randomUUID } from "node:crypto";
import { longestTimer, now } from "./clock.ts";
import type { OnUnknown } from "./delivery/on-unknown.ts";
import type { Droppable, SendOptions } from "./options.ts";
import type { Choice } from "./routing/plan.ts";
import { checkDuration, checkOnUnknown, type MailerSettings, refuseUnknownKeys } from "./settings.ts";

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
export function sendSettings<N extends string>(options: SendOptions<N>, mailer: MailerSettings<N>): SendSettings<N> {
  refuseUnknownKeys("options", options, sendKeys);
  const { signal, onUnknown = mailer.onUnknown, id = randomUUID(), stickyKey } = options;
  const { only, except = [], require = [], mayDrop = ["tags", "tracking"] } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError("options.signal must be an AbortSignal");
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
  const allowedTime = timeUntil(options.deadline === undefined ? mailer.deadline : options.deadline);
  return {
    id,
    signal,
    allowedTime,
    deadline: now() + allowedTime,
    onUnknown,
    choice: {
      only: only && [...only],
      except: [...except],
      require: [...require],
      mayDrop: [...mayDrop],
      stickyKey,
      ordinary: onUnknown === "failover",
    },
  };
}

function timeUntil(deadline: number | Date): number {
  if (!(deadline instanceof Date)) {
    checkDuration("options.deadline", deadline);
    return deadline;
  }
  const time = deadline.getTime() - Date.now();
  if (Number.isNaN(time)) throw new RangeError("options.deadline is an invalid Date");
  return Math.min(Math.max(0, time), longestTimer);
}

function checkNames(where: string, given: unknown, known: readonly string[], what: string): void {
  checkStrings(where, given);
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`${where} names "${unknown}", which is no ${what}; there are ${known.join(", ")}`);
  }
}

function checkStrings(where: string, value: unknown): asserts value is readonly string[] {
  if (!(Array.isArray(value) && value.every((each) => typeof each === "string"))) {
    throw new TypeError(`${where} must be an array of strings`);
  }
}
