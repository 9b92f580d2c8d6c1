import { randomUUID } from "node:crypto";
import { type Answer, json } from "../esp.ts";

/** One error of the Send API. */
export interface MailjetProblem {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  /** Properties of the message; a problem of the whole payload has none. */
  readonly relatedTo?: readonly string[];
}

/** The whole payload is refused. */
export function failure(problem: MailjetProblem): Answer {
  return json(problem.status, errorOf(problem));
}

/** The status of one message among those of a call. */
export function messageErrors(problems: readonly MailjetProblem[]): object {
  return { Status: "error", Errors: problems.map(errorOf) };
}

function errorOf({ code, status, message, relatedTo }: MailjetProblem): object {
  return {
    ErrorIdentifier: randomUUID(),
    ErrorCode: code,
    StatusCode: status,
    ErrorMessage: message,
    ...(relatedTo ? { ErrorRelatedTo: relatedTo } : {}),
  };
}
