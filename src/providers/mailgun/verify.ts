import { type Failure, failure } from "../../failure.ts";
import type { Address } from "../../message/message.ts";
import { isObject } from "../answer-body.ts";
import {
  accepted,
  bad,
  checksAfter,
  checksOf,
  type Finding,
  forbidden,
  good,
  noSender,
  notAsked,
  suspended,
  unknown,
} from "../checks.ts";
import type { Inquiry, Reply } from "../inquiry.ts";
import type { Check } from "../provider.ts";
import { domainOf, isWithin } from "../sender-domains.ts";
import { askDomain, askWithoutRecipient, type MailgunAccount, type MailgunSdk } from "./sdk.ts";

const naming = {
  esp: "Mailgun",
  credentials: "the API key",
  advice: "Check the key, and the domain that it belongs to if it is a sending key of a domain.",
};

/**
 * Asks for the domain. A sending key may not read it: then it asks for a message to nobody, which Mailgun refuses for
 * want of a recipient if key and domain are good. Read in the documents, not tried on Mailgun.
 *
 * @see https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/domains
 */
export async function verifyMailgun(inquiry: Inquiry<MailgunSdk>, account: MailgunAccount): Promise<readonly Check[]> {
  const reply = await inquiry.ask((sdk, { send }) => askDomain(sdk, account, send));
  const { answer, failure } = reply;
  const domain = isObject(answer) && isObject(answer.domain) ? answer.domain : {};
  if (typeof domain.state === "string") {
    const sender = senderFinding(inquiry.sender, account, domain.state);
    return checksOf({ credentials: accepted(naming), account: accountFinding(domain), sender });
  }
  const isRefused = failure.status === 401 || failure.status === 403;
  return isRefused ? verifySendingKey(inquiry, account, failure) : checksAfterRefusal(reply);
}

/** Without a recipient, a sender and a content, and in test mode besides: there is nothing that could be sent. */
async function verifySendingKey(
  inquiry: Inquiry<MailgunSdk>,
  account: MailgunAccount,
  refused: Failure,
): Promise<readonly Check[]> {
  const reply = await inquiry.ask((sdk, { send }) => askWithoutRecipient(sdk, account, send));
  const { reason, detail = "" } = reply.failure;
  if (reason !== "invalid" || !/parameter is missing/i.test(detail)) return checksAfterRefusal(reply);
  const advice = "Ask with an API key of the account whose role may read domains.";
  const hidden = forbidden(naming, "the state of the domain", advice, refused);
  return checksOf({ credentials: accepted(naming), account: hidden, sender: inquiry.sender ? hidden : noSender });
}

function checksAfterRefusal({ failure: why, isOwn }: Reply): readonly Check[] {
  const credentials = accepted(naming);
  if (why.status === 404 && why.reason === "authentication") {
    const advice = "Check domain and region: each region has domains of its own.";
    const account = bad("The key's account has no such domain in this region.", advice, why);
    return checksOf({ credentials, account, sender: notAsked });
  }
  if (why.reason === "sender") {
    return checksOf({ credentials, account: notAsked, sender: unverified(why) });
  }
  // To a key that it does not know it answers with that word alone, in plain text.
  return checksAfter(naming, { failure: why, isOwn: isOwn || why.detail === "Forbidden" });
}

/** Mailgun suspends domains one by one. Whether a quota is used up, the domain does not say. */
function accountFinding({ state, is_disabled, type }: Readonly<Record<string, unknown>>): Finding {
  if (state === "disabled" || is_disabled === true) return suspended(naming, failure("suspended"));
  if (type === "sandbox") return good("The domain is a sandbox, which sends to authorised recipients alone.");
  return good("The domain may send.");
}

function unverified(why = failure("sender")): Finding {
  const advice = "Set the DNS records that Mailgun shows for it, then have it check them.";
  return bad("The sending domain is not verified.", advice, why);
}

/**
 * Mailgun takes any sender. But what it signs with is its own domain: the mail passes DMARC if the sender's is the same,
 * or one of them is beneath the other (RFC 7489 §3.1.1, relaxed alignment).
 */
function senderFinding(sender: Address | undefined, { domain }: MailgunAccount, state: string): Finding {
  if (state === "unverified") return unverified();
  if (!sender) return noSender;
  if (state !== "active")
    return unknown("Whether the sending domain is verified, its state does not say.", "Mend that first.");
  const [own, sending] = [domainOf(sender), domain.toLowerCase()];
  if (own === sending) return good("The sender is in the sending domain, which is verified.");
  if (isWithin(own, sending) || isWithin(sending, own)) {
    return good(
      "The sending domain is verified, and aligned with the sender's for DMARC unless that asks to be strict.",
    );
  }
  const finding = "The sender's domain is not the sending domain: Mailgun takes its mail, but DMARC may fail it.";
  return unknown(finding, "Send from an address in the sending domain, or add the sender's domain at Mailgun.");
}
