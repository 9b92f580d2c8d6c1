import { type Failure, failure, type PhaseReason, ProviderError, type Reason } from "../failure.ts";
import { redact, redactCode } from "../redaction.ts";
import type { WireResponse } from "../wire/wire.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** What an ESP says of a message that it did not take. */
export interface Statement {
  /** The body has the shape of this ESP's own errors: no proxy and no other service wrote it. */
  readonly own: boolean;
  readonly text: string;
  /** The ESP's own error code. */
  readonly code?: string | undefined;
  /** The status of this message, where it differs from that of the answer as a whole. */
  readonly status?: number | undefined;
  /** Somewhere in it the ESP says that it took the message, whatever the rest says. */
  readonly taken?: boolean;
}

export type JudgedReason = Exclude<Reason, PhaseReason>;

/** A refusal that its words or its code tell apart. All that is given must match. */
export interface Rule {
  readonly reason: JudgedReason;
  readonly codes?: readonly string[];
  readonly words?: RegExp;
  /** By default any 4xx: what comes with another status proves nothing. */
  readonly statuses?: readonly number[];
}

/** How to read the answers of one ESP. */
export interface Answers {
  /** The ESP's id of the message, if this is its positive receipt: the right status, and the right shape. */
  receipt(response: WireResponse): string | undefined;
  statement(response: WireResponse): Statement;
  /** The first that matches decides; where none does, the status does. */
  readonly rules: readonly Rule[];
  /** The wait that the ESP asks for by other means than `Retry-After`, in milliseconds. */
  wait?(response: WireResponse, statement: Statement): number | undefined;
}

/**
 * The id in a positive receipt.
 *
 * @param secrets what must not appear in an error
 * @throws ProviderError for everything else
 */
export function judge(response: WireResponse, answers: Answers, secrets: () => readonly string[]): string {
  const id = answers.receipt(response);
  if (id !== undefined) return id;
  throw new ProviderError(refusal(response, answers, answers.statement(response), secrets));
}

/** What a statement in an answer means for the message that it speaks of. */
export function refusal(
  response: WireResponse,
  answers: Pick<Answers, "rules" | "wait">,
  statement: Statement,
  secrets: () => readonly string[],
): Failure {
  const searched = shortened(statement);
  const reason = reasonOf(response, searched, answers.rules);
  const own = secrets();
  return failure(reason, {
    status: response.status,
    code: statement.code === undefined ? undefined : redactCode(statement.code, () => own),
    detail: redact(statement.text, own) || redact(describe(response), own),
    retryAfter: asksToWait.has(reason) ? waitOf(response, searched, answers) : undefined,
  });
}

/**
 * No ESP says more, and the words are searched by patterns whose time grows with the square of the length.
 * What is shown is cut by the redaction alone, which knows what must not be cut in two.
 */
const longestStatement = 2_000;

function shortened(statement: Statement): Statement {
  return {
    ...statement,
    text: statement.text.slice(0, longestStatement),
    code: statement.code?.slice(0, longestStatement),
  };
}

const asksToWait: ReadonlySet<Reason> = new Set(["throttled", "unavailable"]);

function waitOf(response: WireResponse, statement: Statement, answers: Pick<Answers, "wait">): number | undefined {
  return parseRetryAfter(response.headers["retry-after"]) ?? answers.wait?.(response, statement);
}

function reasonOf(response: WireResponse, statement: Statement, rules: readonly Rule[]): JudgedReason {
  if (statement.taken) return response.status >= 500 ? "server-error" : "bad-response";
  // What a body says beside a 5xx proves nothing: whoever wrote it, the answer as a whole is an accident.
  const status = response.status >= 500 ? response.status : (statement.status ?? response.status);
  const rule = rules.find((candidate) => matches(candidate, status, statement));
  return rule?.reason ?? reasonByStatus(status, statement, "retry-after" in response.headers);
}

function matches(rule: Rule, status: number, { code, text }: Statement): boolean {
  if (rule.statuses ? !rule.statuses.includes(status) : status < 400 || status > 499) return false;
  if (rule.codes && (code === undefined || !rule.codes.includes(code))) return false;
  return rule.words?.test(text) ?? true;
}

/** The statuses that mean the same at every ESP. */
const byStatus: ReadonlyMap<number, JudgedReason> = new Map([
  [401, "authentication"],
  [402, "quota"],
  [403, "authentication"],
  [408, "server-error"],
  [413, "too-large"],
  [429, "throttled"],
]);

/** Words that make a 401, 402 or 403 more exact. */
const accountWords: readonly (readonly [RegExp, JudgedReason])[] = [
  [/suspend|disabled|deactivated|temporar(?:il)?y block/i, "suspended"],
  [/quota|credits|limit (?:reached|exceeded)|payment|billing/i, "quota"],
  [/sender|from address/i, "sender"],
];

function reasonByStatus(status: number, statement: Statement, saysWhen: boolean): JudgedReason {
  if (status === 503) return statement.own || saysWhen ? "unavailable" : "server-error";
  if (status >= 401 && status <= 403) {
    const found = accountWords.find(([words]) => words.test(statement.text));
    if (found) return found[1];
  }
  const reason = byStatus.get(status);
  if (reason) return reason;
  if (status >= 500) return "server-error";
  if (status >= 400) return "invalid";
  // A redirection is not followed: a POST would come out as a GET, and look like a success.
  return status >= 300 ? "unavailable" : "bad-response";
}

/** For an answer that no ESP would give: what came, not its content. */
function describe({ status, headers, body }: WireResponse): string {
  const type = headers["content-type"]?.split(";")[0] ?? "no content type";
  const what = `HTTP ${status}, ${type}, ${body.length} bytes`;
  if (status >= 300 && status <= 399) return `${what}: a redirection, which is not followed; check baseUrl`;
  return status < 300 ? `${what}: not the receipt of this ESP; check baseUrl` : what;
}
