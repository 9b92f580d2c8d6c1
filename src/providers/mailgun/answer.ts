import { bodyObject, bodyText, idIn, wordIn } from "../answer-body.ts";
import { waitOf, waitUntilDate } from "../retry-after.ts";
import type { Answers } from "../verdict.ts";

/** What the API's root answers to any path that it does not know, whatever it calls the content type. */
const magnificent = /^\s*"?Mailgun Magnificent API/;

/** https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages */
export const mailgunAnswers: Answers = {
  receipt(response) {
    if (response.status !== 200) return undefined;
    const body = bodyObject(response);
    const id = idIn(body?.id);
    return id !== undefined && /^<.+@.+>$/.test(id) && wordIn(body?.message) ? id : undefined;
  },

  statement(response) {
    const body = bodyObject(response) ?? {};
    const message = wordIn(body.message);
    // Its errors have this one member; what has others is somebody else's.
    if (message !== undefined) return { own: Object.keys(body).length === 1, text: message };
    const text = bodyText(response);
    const isText = response.headers["content-type"]?.startsWith("text/plain") ?? true;
    return { own: false, text: isText || magnificent.test(text) ? text : "" };
  },

  rules: [
    // No such path: nothing was taken.
    { reason: "unavailable", statuses: [200], words: magnificent },
    // An account's own limit comes as 420, in the words of an unverified domain:
    // https://github.com/mailgun/mailgun-java/issues/50
    { reason: "throttled", words: /limit exceeded, try again after/i },
    { reason: "throttled", statuses: [420] },
    { reason: "sender", statuses: [400, 403], words: /domain .*is not allowed to send/i },
    { reason: "authentication", statuses: [404], words: /domain not found/i },
    { reason: "authentication", statuses: [401] },
    { reason: "quota", statuses: [402] },
    { reason: "suspended", statuses: [403] },
  ],

  wait(_response, { text }) {
    const after = /\bafter (.+)$/is.exec(text)?.[1] ?? "";
    const seconds = /^(\d+(?:\.\d+)?) ?s(?:ec(?:ond)?s?)?\b/i.exec(after)?.[1];
    return seconds === undefined ? waitUntilDate(after) : waitOf(Number(seconds) * 1_000);
  },
};
