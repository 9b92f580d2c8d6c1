import type { Failure } from "../failure.ts";
import type { PreparedMessage } from "../message/message.ts";
import { ownStrings } from "../message/own-strings.ts";
import { redact, redactCode } from "../redaction.ts";

/** The failure without any string of the message in the provider's words. */
export function redactFailure(failure: Failure, message: PreparedMessage): Failure {
  if (failure.detail === undefined && failure.code === undefined) return failure;
  const { code, detail, ...rest } = failure;
  let strings: readonly string[] | undefined;
  const own = (): readonly string[] => {
    strings ??= ownStrings(message);
    return strings;
  };
  return Object.freeze({
    ...rest,
    ...(code === undefined ? {} : { code: redactCode(code, own) }),
    ...(detail === undefined ? {} : { detail: redact(detail, own()) }),
  });
}
