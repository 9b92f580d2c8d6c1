import { deepmergeCustom } from "deepmerge-ts";
import { idOfTheSend } from "../message/labels.ts";
import { isObject } from "./answer-body.ts";

const merge = deepmergeCustom({ mergeArrays: false });

/** The options merged deep into the request: objects joined, arrays and all else replaced. */
export function withProviderOptions<T extends object>(request: T, options: object | undefined): T {
  return options === undefined ? request : Object.assign({ ...request }, merge(request, options));
}

/**
 * A place that `providerOptions` must not touch: recipients, sandbox switches, the id of the send. Keys are compared
 * without case and punctuation, so that `sandbox_mode` stands for `sandboxMode` too.
 */
export type ForbiddenPath = readonly string[];

/** The field of the options that the ESP's adapter refuses, as `unsupported` names it. */
export function refusedOptions(options: object | undefined, forbidden: readonly ForbiddenPath[]): readonly string[] {
  if (options === undefined) return [];
  const refused = holdsPrototypeOrId(options) || forbidden.some((path) => reaches(options, path));
  return refused ? ["providerOptions"] : [];
}

function reaches(value: unknown, [key, ...rest]: ForbiddenPath): boolean {
  if (key === undefined) return true;
  if (!isObject(value)) return false;
  return Object.keys(value).some((candidate) => plain(candidate) === plain(key) && reaches(value[candidate], rest));
}

function plain(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** `__proto__` would reach the prototype in a merge; the id of the send is the mailer's, as key or as name of a tag. */
function holdsPrototypeOrId(value: unknown): boolean {
  if (typeof value === "string") return value.toLowerCase() === idOfTheSend;
  if (Array.isArray(value)) return value.some(holdsPrototypeOrId);
  if (!isObject(value) || ArrayBuffer.isView(value)) return false;
  return Object.keys(value).some(
    (key) => key === "__proto__" || key.toLowerCase().endsWith(idOfTheSend) || holdsPrototypeOrId(value[key]),
  );
}
