import { bodyObject, idIn, objectsIn, wordIn } from "../answer-body.ts";
import { waitUntil } from "../retry-after.ts";
import type { Answers } from "../verdict.ts";

/** https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses */
export const sendgridAnswers: Answers = {
  receipt: ({ status, headers }) => (status === 202 ? idIn(headers["x-message-id"]) : undefined),

  statement(response) {
    const errors = objectsIn(bodyObject(response)?.errors);
    const [first] = errors;
    return {
      own: first !== undefined,
      code: wordIn(first?.error_id),
      text: errors.map(({ field, message }) => [field, message].filter(wordIn).join(": ")).join("; "),
    };
  },

  rules: [
    { reason: "quota", statuses: [401, 403], words: /maximum credits exceeded/i },
    { reason: "sender", statuses: [401, 403], words: /from address|sender identity/i },
    { reason: "suspended", statuses: [401, 403], words: /temporar(?:il)?y block/i },
    { reason: "authentication", statuses: [401] },
  ],

  // Where a 429 has no Retry-After: the second at which the rate limit begins anew.
  wait({ status, headers }) {
    const reset = headers["x-ratelimit-reset"];
    return status === 429 && reset !== undefined && /^\d+$/.test(reset) ? waitUntil(Number(reset) * 1_000) : undefined;
  },
};
