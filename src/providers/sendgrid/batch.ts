import type { BatchContent, BatchRecipient } from "../../message/batch.ts";
import { idOfTheSend } from "../../message/labels.ts";
import { escapeHtml } from "../../message/merge-text.ts";
import type { EspBatch, OutgoingBatch } from "../attempt.ts";
import { base64Length } from "../base64.ts";
import { hasOption, isForBatches, literalBytes, oncePerContent } from "../batch-content.ts";
import { jsonBytes, mostBytesOf, mostBytesOfValues } from "../batch-size.ts";
import { oneReceiptForAll } from "../batch-verdict.ts";
import { mebibyte } from "../capability.ts";
import { encodeHeader } from "../encoded-word.ts";
import { MergeFields } from "../merge-fields.ts";
import { nonce } from "../nonce.ts";
import { withProviderOptions } from "../provider-options.ts";
import { sendgridAnswers } from "./answer.ts";
import { mailbox, sendgridMail } from "./request.ts";
import { dispatch as dispatchMail, type SendgridSdk } from "./sdk.ts";

/** Personalizations of one request. */
const limit = 1_000;

const largestRequest = 30 * mebibyte;

/** By the older documents; the newer ones say 50,000. */
const largestSubstitutions = 10_000;

/** What each personalization says for itself: an option that says it for all would lose against it, or break the tags. */
const ownOptions: ReadonlySet<string> = new Set([
  "content",
  "custom_args",
  "sections",
  "subject",
  "substitutions",
  "template_id",
]);

/** A content with tags in it, which SendGrid replaces by the substitutions of each personalization. */
interface TaggedContent {
  readonly text: MergeFields | undefined;
  readonly html: MergeFields | undefined;
  readonly isCarried: boolean;
  /** Bytes for one personalization. */
  readonly room: number;
}

const taggedOf = oncePerContent((content: BatchContent): TaggedContent => {
  const { attachments, providerOptions } = content.common;
  const files = attachments.reduce((sum, { content: { byteLength } }) => sum + base64Length(byteLength) + 1_000, 0);
  const inCommon = 100_000 + files + 3 * (literalBytes(content.text) + literalBytes(content.html));
  return {
    text: content.text && new MergeFields(content.text),
    html: content.html && new MergeFields(content.html),
    isCarried: isForBatches(content) && !hasOption(providerOptions, ownOptions),
    room: (largestRequest - inCommon) / limit,
  };
});

function carries(content: BatchContent, recipient: BatchRecipient): boolean {
  const { text, html, isCarried, room } = taggedOf(content);
  const { subject, variables } = recipient;
  if (!isCarried || subject === "" || text?.isEmptyFor(variables) || html?.isEmptyFor(variables)) return false;
  const tags = new Tags(text, html);
  return (
    (mostBytesOfValues(recipient) <= largestSubstitutions ||
      jsonBytes(tags.substitutions(recipient) ?? {}) <= largestSubstitutions) &&
    (mostBytesOf(recipient) <= room || jsonBytes(personalization(tags, recipient)) <= room)
  );
}

/**
 * The tags of one batch. They hold a number that nobody can guess, so that no text and no value holds one, however it is
 * that SendGrid replaces them. It escapes nothing, so text and html have tags of their own.
 */
class Tags {
  readonly #text: MergeFields | undefined;
  readonly #html: MergeFields | undefined;
  readonly #nonce: string;

  constructor(text: MergeFields | undefined, html: MergeFields | undefined, nonce = "0".repeat(16)) {
    this.#text = text;
    this.#html = html;
    this.#nonce = nonce;
  }

  get text(): string | undefined {
    return this.#text?.text((field) => this.#tag("t", field));
  }

  get html(): string | undefined {
    return this.#html?.text((field) => this.#tag("h", field));
  }

  substitutions({ variables }: BatchRecipient): Record<string, string> | undefined {
    if (!this.#text?.count && !this.#html?.count) return undefined;
    const found: Record<string, string> = {};
    const valueIn = (name: string) => variables.get(name) ?? "";
    for (const [field, value] of this.#text?.fill(valueIn).entries() ?? []) found[this.#tag("t", field)] = value;
    const escaped = (name: string) => escapeHtml(valueIn(name));
    for (const [field, value] of this.#html?.fill(escaped).entries() ?? []) found[this.#tag("h", field)] = value;
    return found;
  }

  #tag(part: "t" | "h", field: number): string {
    return `-${this.#nonce}${part}${field}-`;
  }
}

/** In the spelling of the API. */
function personalization(tags: Tags, recipient: BatchRecipient) {
  const { to, id, subject, headers, metadata } = recipient;
  return {
    to: [mailbox(to, "recipient")],
    subject,
    headers:
      headers.length > 0 ? Object.fromEntries(headers.map(([name, value]) => [name, encodeHeader(value)])) : undefined,
    custom_args: Object.fromEntries([...metadata, [idOfTheSend, id]]),
    substitutions: tags.substitutions(recipient),
  };
}

/** What the mails have in common is the body of a mail; what each says for itself is its personalization. */
function dispatch(sdk: SendgridSdk, { batch, send }: OutgoingBatch): Promise<unknown> {
  const { content, recipients } = batch;
  const { text, html } = taggedOf(content);
  const tags = new Tags(text, html, nonce());
  const { common } = content;
  const mail = withProviderOptions(sendgridMail({ ...common, ...parts(tags) }, ""), common.providerOptions);
  const personalizations = recipients.map((recipient) => personalization(tags, recipient));
  return dispatchMail(sdk, { ...mail, personalizations, custom_args: undefined }, { send });
}

function parts({ text, html }: Tags) {
  return { ...(text === undefined ? {} : { text }), ...(html === undefined ? {} : { html }) };
}

export const sendgridBatch: EspBatch<SendgridSdk> = {
  limit,
  carries,
  dispatch,
  answers: oneReceiptForAll(sendgridAnswers),
};
