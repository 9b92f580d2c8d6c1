import { bodyObject, idIn, wordIn } from "../answer-body.ts";
import type { Answers } from "../verdict.ts";

const throttled = ["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"];

const authentication = [
  "UnrecognizedClientException",
  "InvalidClientTokenId",
  "AccessDeniedException",
  "SignatureDoesNotMatch",
  "InvalidSignatureException",
  "IncompleteSignatureException",
  "MissingAuthenticationTokenException",
  "ExpiredTokenException",
];

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html and API_CommonErrors.html beside it */
export const sesAnswers: Answers = {
  receipt: (response) => (response.status === 200 ? idIn(bodyObject(response)?.MessageId) : undefined),

  statement(response) {
    const body = bodyObject(response);
    const code = codeIn(response.headers["x-amzn-errortype"] ?? wordIn(body?.__type) ?? wordIn(body?.code));
    const text = wordIn(body?.message) ?? wordIn(body?.Message) ?? "";
    return { own: code !== undefined, code, text: text || (code ?? "") };
  },

  rules: [
    { reason: "quota", words: /daily message quota exceeded/i },
    { reason: "sender", codes: ["MessageRejected"], words: /email address(?:es)? (?:is|are) not verified/i },
    { reason: "rejected", codes: ["MessageRejected"] },
    { reason: "sender", codes: ["MailFromDomainNotVerifiedException"] },
    { reason: "suspended", codes: ["AccountSuspendedException", "SendingPausedException"] },
    { reason: "not-found", codes: ["NotFoundException"] },
    { reason: "throttled", codes: throttled },
    { reason: "quota", codes: ["LimitExceededException"] },
    { reason: "authentication", codes: authentication },
    { reason: "invalid", codes: ["BadRequestException"] },
  ],
};

/** `MessageRejected` of `MessageRejected:http://internal.amazon.com/…` and of `com.amazonaws.sesv2#MessageRejected`. */
function codeIn(type: string | undefined): string | undefined {
  return wordIn(type?.split(":")[0]?.split("#").at(-1)?.trim());
}
