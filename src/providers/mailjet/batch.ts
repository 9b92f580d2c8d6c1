import { type BatchContent, type BatchRecipient, messageTo } from "../../message/batch.ts";
import { bodyObject, isObject, type JsonObject, wordIn } from "../answer-body.ts";
import type { EspBatch, OutgoingBatch } from "../attempt.ts";
import { isForBatches, literalBytes, oncePerContent } from "../batch-content.ts";
import { jsonBytes, mostBytesOf } from "../batch-size.ts";
import type { Entry, EntryAnswers } from "../batch-verdict.ts";
import { mebibyte } from "../capability.ts";
import { mailjetAnswers, mailjetEntry } from "./answer.ts";
import { mailjetMessage, sharedParts } from "./request.ts";
import { dispatch as dispatchMessages, type MailjetSdk } from "./sdk.ts";

/** Messages of one call. */
const limit = 50;

/** No document gives a limit for a call as a whole, so it is that of one message. */
const largestRequest = 15 * mebibyte;

/** What is known of a content: it goes out whole in each message, rendered. */
interface Measured {
  readonly isCarried: boolean;
  /** Bytes that one message has for what its recipient's values add to the content. */
  readonly room: number;
}

const measuresOf = oncePerContent((content: BatchContent): Measured => {
  const { text, html, common } = content;
  const inEach =
    2_000 +
    2 * (literalBytes(text) + literalBytes(html)) +
    jsonBytes([common.from, common.replyTo, common.tags, common.providerOptions]);
  return {
    // Files would go out with each of the messages.
    isCarried: isForBatches(content) && common.attachments.length === 0,
    room: largestRequest / limit - inEach,
  };
});

function carries(content: BatchContent, recipient: BatchRecipient): boolean {
  const { isCarried, room } = measuresOf(content);
  if (!isCarried) return false;
  const places = (content.text?.names.length ?? 0) + (content.html?.names.length ?? 0);
  return (
    mostBytesOf(recipient) * (1 + places) <= room ||
    jsonBytes(mailjetMessage(messageTo(content, recipient), recipient.id)) <= largestRequest / limit
  );
}

function dispatch(sdk: MailjetSdk, { batch, send }: OutgoingBatch): Promise<unknown> {
  const { content, recipients } = batch;
  const shared = sharedParts(content.common);
  const mails = recipients.map((recipient) => mailjetMessage(messageTo(content, recipient), recipient.id, shared));
  return dispatchMessages(sdk, mails, { message: content.common, send });
}

/** https://dev.mailjet.com/email/guides/send-api-v31/#send-in-bulk */
const answers: EntryAnswers = {
  rules: mailjetAnswers.rules,

  entries(response, { recipients }) {
    const messages = response.status < 500 ? bodyObject(response)?.Messages : undefined;
    if (!Array.isArray(messages)) return undefined;
    const byId = entriesById(messages.filter(isObject));
    const isWhole = messages.length === recipients.length;
    return recipients.map(({ id }, index) => {
      if (byId.has(id)) return byId.get(id);
      const message: unknown = messages[index];
      // An error does not say whose it is, so its place has to.
      return isWhole && isObject(message) && wordIn(message.CustomID) === undefined ? mailjetEntry(message) : undefined;
    });
  },
};

/** What is said of the messages that are named; nothing of one that is named twice. */
function entriesById(messages: readonly JsonObject[]): ReadonlyMap<string, Entry | undefined> {
  const entries = new Map<string, Entry | undefined>();
  for (const message of messages) {
    const id = wordIn(message.CustomID);
    if (id !== undefined) entries.set(id, entries.has(id) ? undefined : mailjetEntry(message));
  }
  return entries;
}

export const mailjetBatch: EspBatch<MailjetSdk> = { limit, carries, dispatch, answers };
