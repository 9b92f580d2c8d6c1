import { type Answer, json, type QuestionCondition, refused, type Verdict } from "../esp.ts";

/** What an account's key is told of its domain. A used-up quota it does not show. */
export function answerDomain(name: string, isVerified: boolean, forbidden: Answer): Verdict {
  const answers: { readonly [C in QuestionCondition]?: Answer } = {
    suspended: domain(name, { state: "disabled", is_disabled: true, disabled }),
    "sender-unverified": domain(name, { state: "unverified" }),
    forbidden,
  };
  const answer = domain(name, { state: isVerified ? "active" : "unverified" });
  return { ...refused(answer), answerUnder: (condition) => answers[condition] };
}

const disabled = { code: "blacklisted", note: "", permanently: false, reason: "Too many complaints" };

function domain(name: string, state: object): Answer {
  return json(200, {
    domain: {
      id: "650f1f77bcf86cd799439011",
      name,
      type: "custom",
      is_disabled: false,
      created_at: "Thu, 01 Jan 2026 00:00:00 GMT",
      smtp_login: `postmaster@${name}`,
      ...state,
    },
    receiving_dns_records: [],
    sending_dns_records: [],
  });
}
