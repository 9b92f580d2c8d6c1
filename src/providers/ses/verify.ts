import { type Failure, failure } from "../../failure.ts";
import { isObject, type JsonObject } from "../answer-body.ts";
import {
  accepted,
  bad,
  checksAfter,
  checksOf,
  type Finding,
  forbidden,
  good,
  noSender,
  suspended,
  unanswered,
  usedUp,
} from "../checks.ts";
import type { Inquiry } from "../inquiry.ts";
import type { Check } from "../provider.ts";
import { domainsOf } from "../sender-domains.ts";
import type { SesSdk } from "./sdk.ts";

const naming = {
  esp: "SES",
  credentials: "the AWS credentials",
  advice: "Check access key, secret and session token, that IAM has them as active, and the clock of this machine.",
};

/**
 * Asks for the account and for the identities that the sender may have. Read in the documents, not tried on AWS.
 *
 * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
 * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html
 */
export async function verifySes(inquiry: Inquiry<SesSdk>): Promise<readonly Check[]> {
  const reply = await inquiry.ask((sdk, { send }) => sdk.account(send));
  const { answer, failure } = reply;
  const account = isForbidden(failure) ? forbiddenTo("ses:GetAccount", failure) : accountFinding(answer);
  if (!account) return checksAfter(naming, reply);
  return checksOf({ credentials: accepted(naming), account, sender: await senderFinding(inquiry) });
}

/** Who may not ask has signed well: AWS looks at the signature first. */
function isForbidden({ code }: Failure): boolean {
  return code === "AccessDeniedException" || code === "AccessDenied";
}

function forbiddenTo(action: string, why: Failure): Finding {
  return forbidden(naming, action, `Allow ${action} in the IAM policy.`, why);
}

/** Nothing for what is no answer of SES. */
function accountFinding(answer: unknown): Finding | undefined {
  if (!isObject(answer) || typeof answer.SendingEnabled !== "boolean") return undefined;
  const { EnforcementStatus, ProductionAccessEnabled } = answer;
  if (EnforcementStatus === "SHUTDOWN") return suspended(naming, failure("suspended"));
  if (!answer.SendingEnabled) {
    const advice = "Find out why, then turn it on in the console or by ses:PutAccountSendingAttributes.";
    return bad("Sending is turned off for the account in this region.", advice, failure("suspended"));
  }
  if (isQuotaUsedUp(answer)) return usedUp(naming, failure("quota"));
  const facts = [
    "Sending is enabled for the account in this region",
    ...(EnforcementStatus === "PROBATION" ? ["SES has it under review"] : []),
    ...(ProductionAccessEnabled === false ? ["it is in the sandbox, which sends to verified recipients alone"] : []),
  ];
  return good(`${facts.join("; ")}.`);
}

/** A quota of -1 has no end. */
function isQuotaUsedUp({ SendQuota }: JsonObject): boolean {
  if (!isObject(SendQuota)) return false;
  const { Max24HourSend: most, SentLast24Hours: sent } = SendQuota;
  return typeof most === "number" && typeof sent === "number" && most >= 0 && sent >= most;
}

/** An address may send by an identity of its own, or by that of its domain or of one above it. */
async function senderFinding(inquiry: Inquiry<SesSdk>): Promise<Finding> {
  const { sender } = inquiry;
  if (!sender) return noSender;
  let refused: Failure | undefined;
  for (const identity of [sender.address, ...domainsOf(sender)]) {
    const { answer, failure } = await inquiry.ask((sdk, { send }) => sdk.identity(identity, send));
    const verified = isObject(answer) ? answer.VerifiedForSendingStatus : undefined;
    if (verified === true) {
      const what = identity === sender.address ? "address" : "domain";
      return good(`The sender's ${what} is a verified identity in this region.`);
    }
    if (isForbidden(failure)) refused ??= failure;
    else if (verified !== false && failure.reason !== "not-found") return unanswered(naming, failure);
  }
  if (refused) return forbiddenTo("ses:GetEmailIdentity", refused);
  const advice = "Verify the address or its domain in the SES console, in the region that the adapter uses.";
  return bad("Neither the sender's address nor its domain is verified in this region.", advice, failure("sender"));
}
