import type { Failure, Reason } from "../failure.ts";
import type { Reply } from "./inquiry.ts";
import type { Check } from "./provider.ts";

/** What was found of one thing that was asked. */
export type Finding = Omit<Check, "of">;

interface Findings {
  readonly credentials: Finding;
  readonly account: Finding;
  readonly sender: Finding;
}

/** How an ESP's findings speak. */
interface Naming {
  readonly esp: string;
  /** What it knows the account by, as "the API key". */
  readonly credentials: string;
  /** What to do where it does not accept them. */
  readonly advice: string;
}

export function good(finding: string): Finding {
  return { verdict: "good", finding };
}

export function bad(finding: string, advice: string, failure?: Failure): Finding {
  return { verdict: "bad", finding, advice, ...(failure && { failure }) };
}

export function unknown(finding: string, advice: string, failure?: Failure): Finding {
  return { verdict: "unknown", finding, advice, ...(failure && { failure }) };
}

/** Of the sender, where none is named. */
export const noSender = unknown("Nothing was asked about a sender, since none was named.", "Name one as `from`.");

/** Where something else is bad that comes before it. */
export const notAsked = unknown("It was not asked about.", "Mend what is bad first, then ask again.");

/** One check each, always in this order. */
export function checksOf({ credentials, account, sender }: Findings): readonly Check[] {
  return [
    Object.freeze({ of: "credentials", ...credentials }),
    Object.freeze({ of: "account", ...account }),
    Object.freeze({ of: "sender", ...sender }),
  ];
}

/** With credentials that are bad, there is nothing else to ask. */
export function checksWithout(credentials: Finding): readonly Check[] {
  return checksOf({ credentials, account: notAsked, sender: notAsked });
}

export function accepted({ esp, credentials }: Naming): Finding {
  return good(`${esp} accepts ${credentials}.`);
}

/** For a question that the credentials may not ask. */
export function forbidden({ esp, credentials }: Naming, what: string, advice: string, failure: Failure): Finding {
  return unknown(`${esp} does not let ${credentials} ask for ${what}.`, advice, failure);
}

/** For a question whose answer says nothing of what was asked. */
export function unanswered({ esp }: Naming, failure: Failure): Finding {
  const finding = `${esp} gave no answer to this (${failure.reason}).`;
  return unknown(finding, advices[failure.reason] ?? "Ask again later.", failure);
}

const advices: { readonly [R in Reason]?: string } = {
  "bad-response": "Check baseUrl and what stands between: this is no answer of that ESP.",
  throttled: "Ask again later: the account asks or sends too fast.",
  aborted: "Ask again: the question was given up.",
};

/** What a refusal of the first question says of all three. */
export function checksAfter(naming: Naming, { failure, isOwn }: Pick<Reply, "failure" | "isOwn">): readonly Check[] {
  const nothing = unanswered(naming, failure);
  const known = accepted(naming);
  switch (isOwn ? failure.reason : undefined) {
    case "authentication":
      return checksWithout(unusable(naming, failure));
    case "suspended":
      return checksOf({ credentials: known, account: suspended(naming, failure), sender: notAsked });
    case "quota":
      return checksOf({ credentials: known, account: usedUp(naming, failure), sender: notAsked });
    default:
      return checksOf({ credentials: nothing, account: nothing, sender: nothing });
  }
}

/** Without a status, nobody was asked: the SDK found none to ask by. */
function unusable({ esp, credentials, advice }: Naming, failure: Failure): Finding {
  if (failure.status !== undefined) return bad(`${esp} does not accept ${credentials}.`, advice, failure);
  return bad(`No request could be made by ${credentials}: ${failure.detail ?? "the SDK has none"}.`, advice, failure);
}

export function suspended({ esp }: Naming, failure: Failure): Finding {
  return bad(`${esp} has suspended the account.`, `Ask the support of ${esp} for the reason.`, failure);
}

export function usedUp({ esp }: Naming, failure: Failure): Finding {
  return bad(`The account's quota at ${esp} is used up.`, "Wait until it begins anew, or have it raised.", failure);
}
