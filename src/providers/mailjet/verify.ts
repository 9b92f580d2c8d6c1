import { type Failure, failure } from "../../failure.ts";
import { isObject, type JsonObject, objectsIn } from "../answer-body.ts";
import {
  accepted,
  bad,
  checksAfter,
  checksOf,
  type Finding,
  forbidden,
  good,
  noSender,
  unanswered,
  unknown,
} from "../checks.ts";
import type { Inquiry, Reply } from "../inquiry.ts";
import type { Check } from "../provider.ts";
import { domainOf } from "../sender-domains.ts";
import type { MailjetAccount, MailjetSdk } from "./sdk.ts";

const naming = {
  esp: "Mailjet",
  credentials: "the key pair",
  advice: "Check both parts of the key pair in the API key management of the account, or create a new secret.",
};

/**
 * Asks for the key and for the senders. A key of a subaccount may not read keys: then the senders tell whether it is
 * good. Read in the documents, not tried on Mailjet.
 *
 * @see https://dev.mailjet.com/email/reference/settings/api-key-configuration/
 * @see https://dev.mailjet.com/email/reference/sender-addresses-and-domains/sender/
 */
export async function verifyMailjet(
  inquiry: Inquiry<MailjetSdk>,
  { apiKey }: MailjetAccount,
): Promise<readonly Check[]> {
  const key = await ask(inquiry, "apikey", { APIKey: apiKey });
  const entries = entriesIn(key);
  if (entries) {
    const own = entries.find((entry) => entry.APIKey === apiKey);
    return checksOf({
      credentials: accepted(naming),
      account: own ? keyFinding(own) : unknown("Mailjet lists keys, but not this one.", askAsMain),
      sender: await senderFinding(inquiry),
    });
  }
  if (!isRefused(key.failure)) return checksAfter(naming, key);
  // A key that may not ask may get the answer of one that is not known: only another question tells them apart.
  const senders = await ask(inquiry, "sender", { Limit: 1 });
  if (!entriesIn(senders)) return checksAfter(naming, senders);
  const account = forbidden(naming, "its own state", askAsMain, key.failure);
  return checksOf({ credentials: accepted(naming), account, sender: await senderFinding(inquiry) });
}

const askAsMain = "Ask with the key pair of the main account, which may read keys.";

function ask(inquiry: Inquiry<MailjetSdk>, resource: string, params: Record<string, unknown>): Promise<Reply> {
  return inquiry.ask(async (sdk, { send }) => send(await sdk.question(resource, params)));
}

function isRefused({ reason, status }: Failure): boolean {
  return reason === "authentication" && (status === 401 || status === 403);
}

function entriesIn({ answer }: Reply): readonly JsonObject[] | undefined {
  return isObject(answer) && Array.isArray(answer.Data) ? objectsIn(answer.Data) : undefined;
}

function keyFinding({ IsActive, Runlevel }: JsonObject): Finding {
  if (IsActive === false) {
    const advice = "Activate the key in the account, or ask the support of Mailjet why it is not active.";
    return bad("The API key is not active.", advice, failure("suspended"));
  }
  if (Runlevel === "Softlock" || Runlevel === "Hardlock") {
    return unknown("Mailjet has locked the key while it works on its data.", "Ask again later.");
  }
  return good("The API key is active.");
}

/** An address may send by a sender of its own, or by one for all of its domain; what is beneath a domain needs its own. */
async function senderFinding(inquiry: Inquiry<MailjetSdk>): Promise<Finding> {
  const { sender } = inquiry;
  if (!sender) return noSender;
  for (const email of [sender.address, `*@${domainOf(sender)}`]) {
    const reply = await ask(inquiry, "sender", { Email: email });
    const entries = entriesIn(reply);
    if (!entries) return unanswered(naming, reply.failure);
    if (entries.some((entry) => entry.Status === "Active" && isFor(entry, email))) {
      return good(`The sender's ${email === sender.address ? "address" : "domain"} is an active sender.`);
    }
  }
  const advice = "Add the address or its domain to the account's senders, and validate it.";
  return bad("Neither the sender's address nor its domain is an active sender.", advice, failure("sender"));
}

function isFor({ Email }: JsonObject, email: string): boolean {
  return typeof Email === "string" && Email.toLowerCase() === email.toLowerCase();
}
