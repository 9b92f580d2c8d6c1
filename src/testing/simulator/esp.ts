import type { ReceivedMessage } from "./inbox.ts";

/** The ESPs that can be simulated. */
export type EspName = "ses" | "sendgrid" | "mailgun" | "mailjet";

/** A request as it came from the wire, read whole. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  /** Names in lower case, repeated ones joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the ESP makes of a request: its answer, and the messages that it has taken. */
export interface Verdict {
  readonly answer: Answer;
  readonly accepted: readonly ReceivedMessage[];
  /** What it would answer instead under this condition, where the request makes a difference. */
  refuse?(condition: Condition): Answer | undefined;
  /** Of a question about the account: what it would answer under this condition, where that is told in its own way. */
  answerUnder?(condition: QuestionCondition): Answer | undefined;
}

/** What can be wrong with an account or a message at any ESP. */
export type Condition = (typeof conditions)[number];

const conditions = ["unauthorized", "suspended", "sender-unverified", "quota", "reject-message"] as const;

export function isCondition(kind: string): kind is Condition {
  return conditions.some((condition) => condition === kind);
}

/** What can change the answer to a question; `forbidden`: the credentials may not ask it. */
export type QuestionCondition = Condition | "forbidden";

/** One ESP without its sockets: it judges requests by their bytes alone and answers in that ESP's words. */
export interface EspSimulation {
  /** A larger body is read to its end and thrown away, since the ESP refuses it whatever it says. Bytes. */
  readonly largestBody: number;
  readonly tooLarge: Answer;
  receive(request: ReceivedRequest): Verdict | Promise<Verdict>;
  /** Whether the account may send from the address. */
  isVerified(sender: string): boolean;
  /** @param message what the ESP would have accepted, if it would: some quote its addresses */
  refuse(condition: Condition, message: ReceivedMessage | undefined): Answer;
  /** @param retryAfter milliseconds, where the ESP is to say when to come back */
  throttle(retryAfter: number | undefined): Answer;
}

export function refused(answer: Answer): Verdict {
  return { answer, accepted: [] };
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

/** `Retry-After` counts whole seconds (RFC 9110, section 10.2.3). */
export function retryAfterHeader(retryAfter: number | undefined): Readonly<Record<string, string>> {
  return retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter / 1000)) };
}
