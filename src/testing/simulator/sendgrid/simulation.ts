import { randomBytes } from "node:crypto";
import {
  type Answer,
  type Condition,
  type EspSimulation,
  json,
  type ReceivedRequest,
  refused,
  retryAfterHeader,
  type Verdict,
} from "../esp.ts";
import type { ReceivedMessage } from "../inbox.ts";
import { booleanAt, parseJson } from "../json-value.ts";
import type { VerifiedSenders } from "../senders.ts";
import { type FieldProblem, findProblems } from "./checks.ts";
import { answerQuestion } from "./questions.ts";
import { readMessages } from "./reading.ts";

/** The account at SendGrid, in the words of the adapter's options. */
export interface SendGridAccount {
  readonly apiKey: string;
}

export function sendgridAccount(given: Partial<SendGridAccount> = {}): SendGridAccount {
  const random = (bytes: number) => randomBytes(bytes).toString("base64url");
  return { apiKey: `SG.${random(16)}.${random(32)}`, ...given };
}

const path = "/v3/mail/send";
const largestRequest = 30 * 1024 * 1024;
const errorPages = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html";

/** SendGrid's v3 Mail Send: 202 without a body, and the id in a header. */
export class SendGridSimulation implements EspSimulation {
  readonly largestBody = largestRequest;
  readonly tooLarge = failure(413, "The JSON payload you have included in your request is too large.");
  readonly #account: SendGridAccount;
  readonly #senders: VerifiedSenders;

  constructor(account: SendGridAccount, senders: VerifiedSenders) {
    this.#account = account;
    this.#senders = senders;
  }

  isVerified(sender: string): boolean {
    return this.#senders.covers(sender);
  }

  receive(request: ReceivedRequest): Verdict {
    const question = answerQuestion(request.target, this.#senders, failure(403, "access forbidden"));
    if (!question && request.target !== path) return refused(failure(404, "not found"));
    if (request.method !== (question ? "GET" : "POST")) return refused(failure(405, "method not allowed"));
    const authorization = request.headers.get("authorization");
    if (authorization === undefined) return refused(failure(401, "authorization required"));
    if (authorization !== `Bearer ${this.#account.apiKey}`) return refused(this.refuse("unauthorized", undefined));
    if (question) return question;
    if (!/^application\/json\b/iu.test(request.headers.get("content-type") ?? "")) {
      return refused(failure(415, "Content-Type should be application/json."));
    }
    const body = parseJson(request.body.toString());
    if (body === undefined) return refused(failure(400, "Bad Request"));
    const problems = findProblems(body);
    if (problems.length > 0) return refused(json(400, { errors: problems.map(withHelp) }));
    // In the sandbox a valid request is answered with 200, and nothing is sent.
    if (booleanAt(body, "mail_settings", "sandbox_mode", "enable")) {
      return refused({ status: 200, headers: {}, body: "" });
    }
    const id = randomBytes(16).toString("base64url");
    return { answer: { status: 202, headers: { "x-message-id": id }, body: "" }, accepted: readMessages(id, body) };
  }

  refuse(condition: Condition, _message: ReceivedMessage | undefined): Answer {
    switch (condition) {
      case "unauthorized":
        return failure(401, "The provided authorization grant is invalid, expired, or revoked");
      case "suspended":
        return failure(403, "Sending is not authorized: there is a temporary block on this account.");
      case "sender-unverified":
        return failure(
          403,
          "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is " +
            "resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the " +
            "Sender Identity requirements",
          "from",
        );
      case "quota":
        return failure(401, "Maximum credits exceeded");
      case "reject-message":
        return json(400, { errors: [withHelp({ message: "Invalid UTF8 in request", field: "content.0.value" })] });
    }
  }

  throttle(retryAfter: number | undefined): Answer {
    const answer = failure(429, "too many requests");
    if (retryAfter === undefined) return answer;
    const reset = Math.ceil((Date.now() + retryAfter) / 1_000);
    const limits = { "x-ratelimit-limit": "600", "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) };
    return { ...answer, headers: { ...answer.headers, ...limits, ...retryAfterHeader(retryAfter) } };
  }
}

function failure(status: number, message: string, field: string | null = null): Answer {
  return json(status, { errors: [{ message, field, help: null }] });
}

/** `personalizations.0.to` is explained at `#message.personalizations.to`. */
function withHelp({ message, field }: FieldProblem): object {
  const anchor = field?.split(".").filter((part) => !/^\d+$/u.test(part));
  return { message, field, help: anchor ? `${errorPages}#message.${anchor.join(".")}` : null };
}
