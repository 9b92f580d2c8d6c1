import { randomBytes, randomInt } from "node:crypto";
import {
  type Answer,
  type Condition,
  type EspSimulation,
  type ReceivedRequest,
  refused,
  retryAfterHeader,
  type Verdict,
} from "../esp.ts";
import type { ReceivedMessage } from "../inbox.ts";
import { isObject, parseJson } from "../json-value.ts";
import type { VerifiedSenders } from "../senders.ts";
import { failure, success } from "./answers.ts";
import { judgeBulk } from "./bulk.ts";
import { findProblem, largestMessage, messageTooLong } from "./checks.ts";
import { answerQuestion } from "./questions.ts";
import { readMessage } from "./reading.ts";
import { signatureFault } from "./signature-v4.ts";

/** The account at SES, in the words of the adapter's options. */
export interface SesAccount {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function sesAccount(given: Partial<SesAccount> = {}): SesAccount {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const accessKeyId = `AKIA${Array.from({ length: 16 }, () => letters[randomInt(letters.length)]).join("")}`;
  const secretAccessKey = randomBytes(30).toString("base64");
  return { region: "eu-west-1", credentials: { accessKeyId, secretAccessKey }, ...given };
}

const path = "/v2/email/outbound-emails";
const bulkPath = "/v2/email/outbound-bulk-emails";

/** The API v2 of Amazon SES: `SendEmail` with simple and templated content, `SendBulkEmail` with an inline template. */
export class SesSimulation implements EspSimulation {
  readonly largestBody = 1.5 * largestMessage;
  readonly tooLarge = messageTooLong(largestMessage);
  readonly #account: SesAccount;
  readonly #senders: VerifiedSenders;

  constructor(account: SesAccount, senders: VerifiedSenders) {
    this.#account = account;
    this.#senders = senders;
  }

  isVerified(sender: string): boolean {
    return this.#senders.coversByAnyDomain(sender);
  }

  receive(request: ReceivedRequest): Verdict {
    const [target] = request.target.split("?");
    const question = answerQuestion(request, this.#senders);
    if (!question && (request.method !== "POST" || (target !== path && target !== bulkPath))) {
      return refused(failure(404, "UnknownOperationException", "The operation is not known."));
    }
    const { region, credentials } = this.#account;
    const fault = signatureFault(request, { ...credentials, region, service: "ses" });
    if (fault) return refused(failure(403, fault.type, fault.message));
    if (question) return question();
    if (!/^application\/json\b/iu.test(request.headers.get("content-type") ?? "")) {
      return refused(failure(415, "UnsupportedMediaTypeException", "The content type must be application/json."));
    }
    const body = parseJson(request.body.toString());
    if (!isObject(body)) return refused(failure(400, "SerializationException", "The body is not a JSON object."));
    if (target === bulkPath) return judgeBulk(body, request.body.length);
    const problem = findProblem(body);
    if (problem) return refused(problem);
    const message = readMessage(body);
    return { answer: success({ MessageId: message.id }), accepted: [message] };
  }

  refuse(condition: Condition, message: ReceivedMessage | undefined): Answer {
    switch (condition) {
      case "unauthorized":
        return failure(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
      case "suspended":
        return failure(
          400,
          "AccountSuspendedException",
          "The message can't be sent because the account's ability to send email has been permanently restricted.",
        );
      case "sender-unverified":
        return failure(
          400,
          "MessageRejected",
          "Email address is not verified. The following identities failed the check in region " +
            `${this.#account.region.toUpperCase()}: ${message?.from.address}`,
        );
      case "quota":
        return failure(400, "ThrottlingException", "Daily message quota exceeded.");
      case "reject-message":
        return failure(400, "MessageRejected", "The message can't be sent because it contains invalid content.");
    }
  }

  throttle(retryAfter: number | undefined): Answer {
    const answer = failure(429, "TooManyRequestsException", "Maximum sending rate exceeded.");
    return { ...answer, headers: { ...answer.headers, ...retryAfterHeader(retryAfter) } };
  }
}
