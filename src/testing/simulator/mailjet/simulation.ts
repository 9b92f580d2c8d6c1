import { randomBytes, randomInt, randomUUID } from "node:crypto";
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
import { booleanAt, isObject, listAt, objectAt, parseJson, stringAt } from "../json-value.ts";
import type { VerifiedSenders } from "../senders.ts";
import { failure, type MailjetProblem, messageErrors } from "./answers.ts";
import { findPayloadProblem, findProblems, malformed, payloadTooLarge } from "./checks.ts";
import { answerQuestion } from "./questions.ts";
import { readMessage } from "./reading.ts";

/** The account at Mailjet, in the words of the adapter's options. */
export interface MailjetAccount {
  readonly apiKey: string;
  readonly apiSecret: string;
}

export function mailjetAccount(given: Partial<MailjetAccount> = {}): MailjetAccount {
  return { apiKey: randomBytes(16).toString("hex"), apiSecret: randomBytes(16).toString("hex"), ...given };
}

const path = "/v3.1/send";

/** Mailjet's Send API v3.1: up to 50 messages a call, each with a status of its own. */
export class MailjetSimulation implements EspSimulation {
  readonly largestBody = 25 * 1024 * 1024;
  readonly tooLarge = failure(payloadTooLarge);
  readonly #account: MailjetAccount;
  readonly #senders: VerifiedSenders;

  constructor(account: MailjetAccount, senders: VerifiedSenders) {
    this.#account = account;
    this.#senders = senders;
  }

  isVerified(sender: string): boolean {
    return this.#senders.covers(sender);
  }

  receive(request: ReceivedRequest): Verdict {
    const { apiKey, apiSecret } = this.#account;
    const question = answerQuestion(request.target, apiKey, this.#senders);
    if (!question && request.target !== path) {
      return refused(json(404, { StatusCode: 404, ErrorMessage: "Object not found" }));
    }
    if (request.method !== (question ? "GET" : "POST")) {
      return refused(json(405, { StatusCode: 405, ErrorMessage: "Method not allowed" }));
    }
    const credentials = Buffer.from(`${apiKey}:${apiSecret}`).toString("base64");
    if (request.headers.get("authorization") !== `Basic ${credentials}`) {
      return refused(this.refuse("unauthorized", undefined));
    }
    if (question) return question;
    const isJson = /^application\/json\b/iu.test(request.headers.get("content-type") ?? "");
    const body = isJson ? parseJson(request.body.toString()) : undefined;
    if (!isObject(body)) return refused(failure(malformed));
    const problem = findPayloadProblem(body);
    if (problem) return refused(failure(problem));
    return judgeMessages(body);
  }

  refuse(condition: Condition, message: ReceivedMessage | undefined): Answer {
    switch (condition) {
      case "unauthorized":
        return failure({
          code: "mj-0015",
          status: 401,
          message:
            "API key authentication/authorization failure. You may be unauthorized to access the API or your API key " +
            "may be expired. Visit API keys management section to check your keys.",
        });
      case "suspended":
        return failure({ code: "mj-0001", status: 401, message: "The API key is suspended." });
      case "sender-unverified":
      case "reject-message":
        return messageFailures(condition, message ? [message] : []);
      case "quota":
        return json(402, {
          ErrorIdentifier: randomUUID(),
          StatusCode: 402,
          ErrorMessage: "The sending quota of your plan is used up.",
        });
    }
  }

  throttle(retryAfter: number | undefined): Answer {
    const body = { ErrorIdentifier: randomUUID(), StatusCode: 429, ErrorMessage: "Too Many Requests" };
    return json(429, body, retryAfterHeader(retryAfter));
  }
}

/** The same error for each of the messages. */
function messageFailures(
  condition: "sender-unverified" | "reject-message",
  messages: readonly ReceivedMessage[],
): Answer {
  const problems = messages.map((message): MailjetProblem => {
    if (condition === "reject-message") {
      const words = `"${message.to[0]?.address}" is an invalid email address.`;
      return { code: "mj-0013", status: 400, message: words, relatedTo: ["To[0].Email"] };
    }
    const words = `"${message.from.address}" is not an authorized sender email address for your account.`;
    return { code: "send-0008", status: 403, message: words, relatedTo: ["From"] };
  });
  return json(problems[0]?.status ?? 400, { Messages: problems.map((problem) => messageErrors([problem])) });
}

/** Valid messages of a call are taken although others are not; the status is an error's if none was. */
function judgeMessages(body: object): Verdict {
  const sandbox = booleanAt(body, "SandboxMode") ?? false;
  const judged = listAt(body, "Messages").map((given) => {
    const message = isObject(given) ? { ...objectAt(body, "Globals"), ...given } : given;
    const problems = findProblems(message);
    return problems.length === 0 ? { accepted: readMessage(message) } : { problems };
  });
  const accepted = judged.flatMap((result) => result.accepted ?? []);
  const [problem] = judged.flatMap((result) => result.problems ?? []);
  const status = problem && accepted.length === 0 ? problem.status : 200;
  const results = judged.map((result) => (result.accepted ? success(result.accepted) : messageErrors(result.problems)));
  const answer = json(status, { Messages: results });
  return {
    answer: { ...answer, body: withBigIds(answer.body) },
    accepted: sandbox ? [] : accepted,
    refuse: (condition) =>
      condition === "sender-unverified" || condition === "reject-message"
        ? messageFailures(condition, accepted)
        : undefined,
  };
}

function success(message: ReceivedMessage): object {
  return {
    Status: "success",
    CustomID: stringAt(message.raw, "CustomID") ?? "",
    To: message.to.map(({ address }, index) => recipient(address, index === 0 ? message.id : randomUUID())),
    Cc: message.cc.map(({ address }) => recipient(address, randomUUID())),
    Bcc: message.bcc.map(({ address }) => recipient(address, randomUUID())),
  };
}

function recipient(address: string, uuid: string): object {
  const id = String(firstMessageId + BigInt(randomInt(2 ** 32)));
  return {
    Email: address,
    MessageUUID: uuid,
    MessageID: id,
    MessageHref: `https://api.mailjet.com/v3/REST/message/${id}`,
  };
}

/** Larger than what a JavaScript number holds exactly. */
const firstMessageId = 1_152_921_504_606_846_976n;

/** Mailjet writes its ids as numbers, which JSON.stringify cannot at that size. */
function withBigIds(body: string): string {
  return body.replace(/"MessageID":"(\d+)"/gu, '"MessageID":$1');
}
