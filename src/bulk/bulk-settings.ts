import type { SendOptions } from "../options.ts";
import { shown } from "../printable.ts";
import { type SendSettings, sendSettings } from "../send-settings.ts";
import { checkCount, type MailerSettings, readOption, refuseUnknownKeys } from "../settings.ts";
import type { BulkOptions, SendManyOptions } from "./campaign.ts";

/** The options of a campaign with everything filled in and checked. */
export interface BulkSettings<N extends string>
  extends Pick<SendSettings<N>, "signal" | "onUnknown" | "choice">,
    Pick<BulkOptions<N>, "onProgress" | "checkpoint" | "id"> {
  readonly spill: "none" | "all";
  readonly concurrency: number;
}

/** The options of `sendMany`, likewise. */
export interface ManySettings<N extends string> extends Pick<SendManyOptions<N>, "signal" | "onProgress"> {
  readonly concurrency: number;
  /** Those of each send. */
  readonly each: SendOptions<N>;
}

const choiceKeys = ["only", "except", "require", "mayDrop", "onUnknown"] as const;
const bulkKeys = ["signal", "onProgress", "checkpoint", "spill", "concurrency", "id", ...choiceKeys] as const;
const manyKeys = ["signal", "onProgress", "concurrency", "deadline", "stickyKey", ...choiceKeys] as const;

/** With the place of a recipient behind it, it must still be fit for the id of a send. */
const validId = /^[\w-]{1,100}$/;

/** @throws RangeError for a value out of range or the name of no provider, TypeError for something of the wrong kind */
export function bulkSettings<N extends string>(options: BulkOptions<N>, mailer: MailerSettings<N>): BulkSettings<N> {
  const read = readOnce(options, bulkKeys);
  const { onProgress, checkpoint, spill = "none", concurrency = 4, id, onUnknown = "stop", ...rest } = read;
  checkCount("options.concurrency", concurrency);
  checkCallback("options.onProgress", onProgress);
  if (spill !== "none" && spill !== "all") {
    throw new RangeError(`options.spill must be "none" or "all", but is ${shown(spill)}`);
  }
  if (id !== undefined && !(typeof id === "string" && validId.test(id))) {
    throw new RangeError("options.id must be 1–100 characters of A–Z a–z 0–9 _ -, which every provider can carry");
  }
  if (checkpoint !== undefined && !isCheckpoint(checkpoint)) {
    throw new TypeError("options.checkpoint must have load() and save(), as fileCheckpoint(path) returns");
  }
  const { signal, choice } = sendSettings<N>({ ...rest, onUnknown }, mailer);
  return { signal, onUnknown, choice, onProgress, checkpoint, id, spill, concurrency };
}

/** @throws RangeError, TypeError as above */
export function manySettings<N extends string>(
  options: SendManyOptions<N>,
  mailer: MailerSettings<N>,
): ManySettings<N> {
  const { onProgress, concurrency = 16, signal, ...each } = readOnce(options, manyKeys);
  checkCount("options.concurrency", concurrency);
  checkCallback("options.onProgress", onProgress);
  // A mistake in them shows before the first message is read.
  sendSettings<N>({ ...each, signal }, mailer);
  return { onProgress, concurrency, signal, each };
}

/** Every option as it is now: a getter or a proxy may throw, or say something else the next time. */
function readOnce<O extends object>(options: O, keys: readonly (keyof O & string)[]): Partial<O> {
  refuseUnknownKeys("options", options, keys);
  const read: Partial<O> = {};
  for (const key of keys) {
    const value = readOption(`options.${key}`, () => options[key]);
    if (value !== undefined) read[key] = value;
  }
  return read;
}

function checkCallback(where: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function") throw new TypeError(`${where} must be a function`);
}

function isCheckpoint(value: unknown): boolean {
  return ["load", "save"].every((method) => typeof Reflect.get(Object(value), method) === "function");
}
