import { type Failure, failure } from "../../failure.ts";
import { isObject, objectsIn } from "../answer-body.ts";
import {
  accepted,
  bad,
  checksAfter,
  checksOf,
  checksWithout,
  type Finding,
  forbidden,
  good,
  noSender,
  suspended,
  unanswered,
  unknown,
  usedUp,
} from "../checks.ts";
import type { Inquiry, Reply } from "../inquiry.ts";
import type { Check } from "../provider.ts";
import { domainsOf } from "../sender-domains.ts";
import type { SendgridSdk } from "./sdk.ts";

const naming = {
  esp: "SendGrid",
  credentials: "the API key",
  advice: "Create a new API key, and check the region: a key of an EU subuser is for the EU alone.",
};

/**
 * Asks for the key's scopes, the credits, and the sender identities. Read in the documents, not tried on SendGrid.
 *
 * @see https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions/retrieve-a-list-of-scopes-for-which-this-user-has-access
 * @see https://www.twilio.com/docs/sendgrid/for-developers/sending-email/sender-identity
 */
export async function verifySendgrid(inquiry: Inquiry<SendgridSdk>): Promise<readonly Check[]> {
  const reply = await ask(inquiry, "/v3/scopes");
  const credentials = isForbidden(reply.failure)
    ? forbidden(naming, "its scopes", "Send a message by it to yourself.", reply.failure)
    : scopesFinding(reply.answer);
  if (!credentials) return checksAfter(naming, reply);
  if (credentials.verdict === "bad") return checksWithout(credentials);
  return checksOf({
    credentials,
    account: creditsFinding(await ask(inquiry, "/v3/user/credits")),
    sender: await senderFinding(inquiry),
  });
}

function ask(inquiry: Inquiry<SendgridSdk>, path: string): Promise<Reply> {
  return inquiry.ask((sdk, { send }) => send(sdk.question(path)));
}

/** Without words of another kind, a 403 is about a permission of the key; a key that is not known gets a 401. */
function isForbidden({ reason, status }: Failure): boolean {
  return reason === "authentication" && status === 403;
}

function scopesFinding(answer: unknown): Finding | undefined {
  if (!isObject(answer) || !Array.isArray(answer.scopes)) return undefined;
  if (answer.scopes.includes("mail.send")) return accepted(naming);
  const advice = 'Give the API key the permission "Mail Send" (mail.send).';
  return bad("SendGrid knows the API key, but it may not send mail.", advice, failure("authentication"));
}

/** @see https://www.twilio.com/docs/sendgrid/api-reference/users-api/retrieve-your-credit-balance */
function creditsFinding({ answer, failure: why }: Reply): Finding {
  if (isForbidden(why)) {
    return forbidden(naming, "the account's credits", "Give it the scope user.credits.read.", why);
  }
  if (why.reason === "suspended") return suspended(naming, why);
  if (why.reason === "quota") return usedUp(naming, why);
  if (!isObject(answer) || !("remain" in answer)) return unanswered(naming, why);
  // Who is charged for each mail beyond the plan has an overage, and may go on.
  const isUsedUp = answer.remain === 0 && answer.overage === 0;
  return isUsedUp ? usedUp(naming, failure("quota")) : good("The account has credits to send with.");
}

/**
 * An address may send if its own domain is authenticated, or if it is a verified single sender. Whether an authenticated
 * domain stands for those beneath it is not documented.
 */
async function senderFinding(inquiry: Inquiry<SendgridSdk>): Promise<Finding> {
  const { sender } = inquiry;
  if (!sender) return noSender;
  const [domain, ...above] = domainsOf(sender);
  const own = await askDomain(inquiry, domain);
  if (own === "authenticated") return good("The sender's domain is authenticated.");
  const single = await ask(inquiry, "/v3/verified_senders");
  const isListed = isObject(single.answer) && Array.isArray(single.answer.results);
  const found = isObject(single.answer) ? objectsIn(single.answer.results) : [];
  if (found.some((one) => one.verified === true && isSame(one.from_email, sender.address))) {
    return good("The sender's address is a verified single sender.");
  }
  if (typeof own !== "string") return unlisted("the account's authenticated domains", own);
  if (!isListed) return unlisted("the account's verified senders", single.failure);
  for (const parent of above) {
    const found = await askDomain(inquiry, parent);
    if (typeof found !== "string") return unlisted("the account's authenticated domains", found);
    if (found === "authenticated") {
      const finding = "A domain above the sender's is authenticated, not the sender's own.";
      return unknown(finding, "Authenticate the sender's own domain, or send a message by it to yourself.");
    }
  }
  const advice =
    "Authenticate its domain, or verify the address as a single sender; for a subuser, assign it the domain of its parent.";
  return bad("The sender's domain is not authenticated, and its address not verified.", advice, failure("sender"));
}

function unlisted(what: string, why: Failure): Finding {
  const advice = 'Give it the permission "Sender Authentication" (whitelabel.read).';
  return isForbidden(why) ? forbidden(naming, what, advice, why) : unanswered(naming, why);
}

/** @see https://www.twilio.com/docs/sendgrid/api-reference/domain-authentication/list-all-authenticated-domains */
async function askDomain(
  inquiry: Inquiry<SendgridSdk>,
  domain: string,
): Promise<"authenticated" | "not authenticated" | Failure> {
  const { answer, failure } = await ask(inquiry, `/v3/whitelabel/domains?domain=${encodeURIComponent(domain)}`);
  if (!Array.isArray(answer)) return failure;
  const isIt = objectsIn(answer).some((one) => one.valid === true && isSame(one.domain, domain));
  return isIt ? "authenticated" : "not authenticated";
}

function isSame(given: unknown, text: string): boolean {
  return typeof given === "string" && given.toLowerCase() === text.toLowerCase();
}
