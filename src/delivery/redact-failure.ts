import type { Failure } from "../failure.ts";
import { redact, redactCode } from "../redaction.ts";

/**
 * The failure without any of these strings in the provider's words.
 *
 * @param own what is the message's own; asked only where there are words
 */
export function redactFailure(failure: Failure, own: () => readonly string[]): Failure {
  if (failure.detail === undefined && failure.code === undefined) return failure;
  const { code, detail, ...rest } = failure;
  let strings: readonly string[] | undefined;
  const once = (): readonly string[] => {
    strings ??= own();
    return strings;
  };
  return Object.freeze({
    ...rest,
    ...(code === undefined ? {} : { code: redactCode(code, once) }),
    ...(detail === undefined ? {} : { detail: redact(detail, once()) }),
  });
}
