import type { Answer, QuestionCondition, ReceivedRequest, Verdict } from "../esp.ts";
import { refused } from "../esp.ts";
import type { VerifiedSenders } from "../senders.ts";
import { failure, success } from "./answers.ts";

const identityPath = /^\/v2\/email\/identities\/([^/]+)$/u;

/** `GetAccount` and `GetEmailIdentity`; nothing for another request. */
export function answerQuestion(
  { method, target }: ReceivedRequest,
  senders: VerifiedSenders,
): (() => Verdict) | undefined {
  if (method !== "GET") return undefined;
  if (target === "/v2/email/account") return () => answerAccount();
  const identity = identityPath.exec(target)?.[1];
  return identity === undefined ? undefined : () => answerIdentity(decodeURIComponent(identity), senders);
}

function answerAccount(): Verdict {
  const answers: { readonly [C in QuestionCondition]?: () => Answer } = {
    suspended: () => account({ EnforcementStatus: "SHUTDOWN", SendingEnabled: false }),
    quota: () => account({ SendQuota: { ...quota, SentLast24Hours: quota.Max24HourSend } }),
    "sender-unverified": () => account(),
    forbidden: () => accessDenied("ses:GetAccount"),
  };
  return { ...refused(account()), answerUnder: (condition) => answers[condition]?.() };
}

function answerIdentity(identity: string, senders: VerifiedSenders): Verdict {
  const type = identity.includes("@") ? "EMAIL_ADDRESS" : "DOMAIN";
  const unknown = () => failure(404, "NotFoundException", `Email identity ${identity} does not exist.`);
  const answer = senders.has(identity)
    ? success({ IdentityType: type, VerifiedForSendingStatus: true, VerificationStatus: "SUCCESS" })
    : unknown();
  const answers: { readonly [C in QuestionCondition]?: () => Answer } = {
    // An account that may not send still has its identities.
    suspended: () => answer,
    quota: () => answer,
    "sender-unverified": unknown,
    forbidden: () => accessDenied("ses:GetEmailIdentity"),
  };
  return { ...refused(answer), answerUnder: (condition) => answers[condition]?.() };
}

const quota = { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: 0 };

function account(other: object = {}): Answer {
  return success({
    DedicatedIpAutoWarmupEnabled: false,
    EnforcementStatus: "HEALTHY",
    ProductionAccessEnabled: true,
    SendQuota: quota,
    SendingEnabled: true,
    ...other,
  });
}

function accessDenied(action: string): Answer {
  const who = "arn:aws:iam::111122223333:user/mailer";
  return failure(403, "AccessDeniedException", `User: ${who} is not authorized to perform: ${action}`);
}
