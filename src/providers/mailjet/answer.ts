import { bodyObject, idIn, type JsonObject, objectsIn, wordIn } from "../answer-body.ts";
import type { Entry } from "../batch-verdict.ts";
import type { Answers, Statement } from "../verdict.ts";

const invalid = [
  ...Array.from({ length: 12 }, (_, i) => `mj-${String(i + 2).padStart(4, "0")}`), // mj-0002 to mj-0013
  "send-0003",
  "send-0004",
  "send-0015",
  "send-0016",
];

/** https://dev.mailjet.com/email/reference/overview/errors/ */
export const mailjetAnswers: Answers = {
  receipt(response) {
    if (response.status !== 200 && response.status !== 201) return undefined;
    const messages = objectsIn(bodyObject(response)?.Messages);
    return messages.every(isAccepted) ? messages.map(messageId).find((id) => id !== undefined) : undefined;
  },

  /** One message is sent at a time, and an answer may still tell of several: all of them count. */
  statement(response) {
    const body = bodyObject(response);
    const messages = objectsIn(body?.Messages);
    if (messages.some(isAccepted)) return { own: false, taken: true, text: "" };
    const refused = messages.find(isRefused);
    if (refused) return statementOf(objectsIn(refused.Errors)[0], 400);
    return wordIn(body?.ErrorMessage) ? statementOf(body) : { own: false, text: "" };
  },

  rules: [
    { reason: "invalid", codes: invalid },
    { reason: "not-found", codes: ["send-0010"] },
    { reason: "unsupported", codes: ["send-0011", "send-0012", "send-0013"] },
    { reason: "sender", codes: ["send-0006", "send-0007", "send-0008"] },
    { reason: "suspended", codes: ["mj-0001"] },
    { reason: "authentication", codes: ["mj-0015"] },
    { reason: "authentication", statuses: [401] },
  ],
};

/** What the answer to a batch says of one message, if it says something. */
export function mailjetEntry(message: JsonObject): Entry | undefined {
  if (isRefused(message)) return { statement: statementOf(objectsIn(message.Errors)[0], 400) };
  const id = isAccepted(message) ? messageId(message) : undefined;
  return id === undefined ? undefined : { id };
}

function isRefused({ Status }: JsonObject): boolean {
  return Status === "error";
}

function isAccepted({ Status }: JsonObject): boolean {
  return Status === "success";
}

/** The UUID is what events repeat (`Message_GUID`), and unlike the number it survives JSON whole. */
function messageId(message: JsonObject): string | undefined {
  const recipient = objectsIn(message.To)[0] ?? objectsIn(message.Cc)[0] ?? objectsIn(message.Bcc)[0];
  const number = recipient?.MessageID;
  return (
    idIn(recipient?.MessageUUID) ??
    idIn(number) ??
    (Number.isSafeInteger(number) ? String(number) : idIn(recipient?.MessageHref))
  );
}

function statementOf(error: JsonObject | undefined, byDefault?: number): Statement {
  const status = error?.StatusCode;
  return {
    own: true,
    code: wordIn(error?.ErrorCode),
    text: wordIn(error?.ErrorMessage) ?? "",
    status: typeof status === "number" && status >= 400 ? status : byDefault,
  };
}
