import { type Answer, json, type QuestionCondition, refused, type Verdict } from "../esp.ts";
import type { VerifiedSenders } from "../senders.ts";

/** What each key may do, and what one may besides that asks for the rest. */
const always = ["2fa_required", "mail.send", "sender_verification_eligible"];
const reading = ["user.credits.read", "whitelabel.read"];

/** What a key of the account is told; nothing for another path. */
export function answerQuestion(target: string, senders: VerifiedSenders, forbidden: Answer): Verdict | undefined {
  const [path = "", query] = target.split("?", 2);
  switch (path) {
    case "/v3/scopes": {
      const scopes = (list: readonly string[]) => json(200, { scopes: list });
      return question(scopes([...always, ...reading]), { forbidden: scopes(always) });
    }
    case "/v3/user/credits":
      return question(credits(1_000), { quota: credits(0), forbidden });
    case "/v3/whitelabel/domains": {
      const domain = new URLSearchParams(query).get("domain");
      const found = domain === null ? senders.domains : [domain].filter((name) => senders.has(name));
      return question(json(200, found.map(authenticated)), { "sender-unverified": json(200, []), forbidden });
    }
    case "/v3/verified_senders": {
      const list = json(200, { results: senders.addresses.map(verified) });
      return question(list, { "sender-unverified": json(200, { results: [] }), forbidden });
    }
    default:
      return undefined;
  }
}

/** An account that has used up its credits still answers all but mails. */
function question(answer: Answer, others: { readonly [C in QuestionCondition]?: Answer }): Verdict {
  const answers: typeof others = { quota: answer, "sender-unverified": answer, ...others };
  return { ...refused(answer), answerUnder: (condition) => answers[condition] };
}

function credits(remain: number): Answer {
  return json(200, {
    remain,
    total: 1_000,
    overage: 0,
    used: 1_000 - remain,
    last_reset: "2026-01-01",
    next_reset: "2026-02-01",
    reset_frequency: "monthly",
  });
}

function authenticated(domain: string, index: number) {
  return { id: index + 1, domain, subdomain: `em${index + 1}`, valid: true, default: index === 0 };
}

function verified(address: string, index: number) {
  return { id: index + 1, nickname: address, from_email: address, verified: true, locked: false };
}
