import { type Answer, json, type QuestionCondition, refused, type Verdict } from "../esp.ts";
import type { VerifiedSenders } from "../senders.ts";

/** What a key is told of itself and of its senders; nothing for another path. */
export function answerQuestion(target: string, apiKey: string, senders: VerifiedSenders): Verdict | undefined {
  const [path = "", query] = target.split("?", 2);
  const email = new URLSearchParams(query).get("Email");
  switch (path) {
    case "/v3/REST/apikey":
      return question(entries([key(apiKey)]), {
        "sender-unverified": entries([key(apiKey)]),
        forbidden: json(403, { ErrorInfo: "", ErrorMessage: "Forbidden", StatusCode: 403 }),
      });
    case "/v3/REST/sender": {
      const all = [...senders.addresses, ...senders.domains.map((domain) => `*@${domain}`)];
      const found = email === null ? all : [email].filter((one) => senders.has(one.replace(/^\*@/u, "")));
      const answer = entries(found.map(sender));
      return question(answer, { "sender-unverified": entries([]), forbidden: answer });
    }
    default:
      return undefined;
  }
}

function question(answer: Answer, answers: { readonly [C in QuestionCondition]?: Answer }): Verdict {
  return { ...refused(answer), answerUnder: (condition) => answers[condition] };
}

function entries(Data: readonly object[]): Answer {
  return json(200, { Count: Data.length, Data, Total: Data.length });
}

function key(APIKey: string): object {
  return { ID: 1, APIKey, Name: "Main", IsActive: true, IsMaster: true, Runlevel: "Normal" };
}

function sender(Email: string, index: number): object {
  return { ID: index + 1, Email, Name: "", EmailType: "unknown", IsDefaultSender: false, Status: "Active" };
}
