import type { BulkEmailEntry, SendBulkEmailCommandInput } from "@aws-sdk/client-sesv2";
import type { BatchContent, BatchRecipient } from "../../message/batch.ts";
import { idOfTheSend } from "../../message/labels.ts";
import { escapeHtml } from "../../message/merge-text.ts";
import { bodyObject, idIn, isObject, wordIn } from "../answer-body.ts";
import type { EspBatch, OutgoingBatch } from "../attempt.ts";
import { base64Length } from "../base64.ts";
import { isForBatches, oncePerContent } from "../batch-content.ts";
import { jsonBytes, mostBytesOf } from "../batch-size.ts";
import type { Entry, EntryAnswers } from "../batch-verdict.ts";
import { mebibyte } from "../capability.ts";
import { encodeHeader, utf8Header } from "../encoded-word.ts";
import { asciiMailbox } from "../mailbox.ts";
import { MergeFields, type Misread } from "../merge-fields.ts";
import { withProviderOptions } from "../provider-options.ts";
import { attachment, nameAndValue } from "./request.ts";
import type { SesSdk } from "./sdk.ts";
import { isTagText } from "./unsupported.ts";

/** Entries of one `SendBulkEmail`. */
const limit = 50;

/** A request with its template inline: https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-api.html */
const largestRequest = mebibyte;

/** What Handlebars would take for its own: two braces, and beside a `{{field}}` a brace or a backslash. */
const handlebars: Misread = { within: /([\\{]*\{\{[\\{}]*)/, before: /[\\{]+$/, after: /^\}+/ };

/** The options of `SendEmail` that mean the same in `SendBulkEmail`. */
const sharedOptions: ReadonlySet<string> = new Set([
  "FromEmailAddress",
  "FromEmailAddressIdentityArn",
  "ReplyToAddresses",
  "FeedbackForwardingEmailAddress",
  "FeedbackForwardingEmailAddressIdentityArn",
  "ConfigurationSetName",
  "ConfigurationOverrides",
  "EndpointId",
  "TenantName",
]);

const subjectField = "s";

/** A content as an inline template. */
interface Template {
  readonly text: MergeFields | undefined;
  readonly html: MergeFields | undefined;
  readonly defaults: Pick<SendBulkEmailCommandInput, "FromEmailAddress" | "ReplyToAddresses" | "DefaultContent">;
  readonly tags: readonly { readonly Name: string; readonly Value: string }[];
  readonly isCarried: boolean;
  /** Bytes for one entry. */
  readonly room: number;
}

const templateOf = oncePerContent((content: BatchContent): Template => {
  const { common } = content;
  const text = content.text && new MergeFields(content.text, handlebars);
  const html = content.html && new MergeFields(content.html, handlebars);
  // SES escapes nothing, in html neither:
  // https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-advanced.html
  const TemplateContent = {
    Subject: `{{${subjectField}}}`,
    ...(text && { Text: text.text((field) => `{{t${field}}}`) }),
    ...(html && { Html: html.text((field) => `{{h${field}}}`) }),
  };
  const files = common.attachments.reduce(
    (sum, { content: { byteLength } }) => sum + base64Length(byteLength) + 500,
    0,
  );
  const inCommon =
    2_000 + files + jsonBytes(TemplateContent) + jsonBytes([common.from, common.replyTo, common.providerOptions]);
  return {
    text,
    html,
    defaults: {
      FromEmailAddress: asciiMailbox(common.from),
      ReplyToAddresses: common.replyTo.map(asciiMailbox),
      DefaultContent: {
        Template: { TemplateContent, TemplateData: "{}", Attachments: common.attachments.map(attachment) },
      },
    },
    tags: common.tags.map((tag) => nameAndValue(tag, tag)),
    isCarried:
      isForBatches(content) && Object.keys(common.providerOptions ?? {}).every((key) => sharedOptions.has(key)),
    room: (largestRequest - inCommon) / limit,
  };
});

function carries(content: BatchContent, recipient: BatchRecipient): boolean {
  const template = templateOf(content);
  const { id, headers, variables } = recipient;
  return (
    template.isCarried &&
    isTagText(id) &&
    // Nobody says whether headers are rendered too.
    !headers.some(([, value]) => value.includes("{{")) &&
    !template.text?.isEmptyFor(variables) &&
    !template.html?.isEmptyFor(variables) &&
    (mostBytesOf(recipient) <= template.room || jsonBytes(entry(template, recipient)) <= template.room)
  );
}

function entry({ text, html, tags }: Template, recipient: BatchRecipient): BulkEmailEntry {
  const { to, id, headers, metadata } = recipient;
  return {
    Destination: { ToAddresses: [asciiMailbox(to)] },
    ReplacementTags: [
      ...tags,
      ...metadata.map(([name, value]) => nameAndValue(name, value)),
      nameAndValue(idOfTheSend, id),
    ],
    ReplacementHeaders: headers.map(([name, value]) => nameAndValue(name, encodeHeader(value))),
    ReplacementEmailContent: {
      ReplacementTemplate: { ReplacementTemplateData: JSON.stringify(valuesOf(text, html, recipient)) },
    },
  };
}

function valuesOf(
  text: MergeFields | undefined,
  html: MergeFields | undefined,
  { subject, variables }: BatchRecipient,
) {
  const values: Record<string, string> = { [subjectField]: utf8Header(subject) };
  const valueIn = (name: string) => variables.get(name) ?? "";
  for (const [field, value] of text?.fill(valueIn).entries() ?? []) values[`t${field}`] = value;
  for (const [field, value] of html?.fill((name) => escapeHtml(valueIn(name))).entries() ?? [])
    values[`h${field}`] = value;
  return values;
}

/** Has the SDK build its request and hand it to the request handler. */
async function dispatch(sdk: SesSdk, { batch, send }: OutgoingBatch): Promise<unknown> {
  const { content, recipients } = batch;
  const template = templateOf(content);
  const input: SendBulkEmailCommandInput = {
    ...template.defaults,
    BulkEmailEntries: recipients.map((recipient) => entry(template, recipient)),
  };
  return sdk.sendBulk(withProviderOptions(input, content.common.providerOptions), send);
}

/** Nothing was sent where one of these is said: `Error` beside it tells what prevented it. */
const statuses = [200];

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntryResult.html */
const answers: EntryAnswers = {
  entries(response, { recipients }) {
    const results = response.status === 200 ? bodyObject(response)?.BulkEmailEntryResults : undefined;
    if (!Array.isArray(results)) return undefined;
    // They come in the order of the entries, and have nothing else to be known by.
    const isWhole = results.length === recipients.length;
    return recipients.map((_, index) => (isWhole ? entryIn(results[index]) : undefined));
  },

  rules: [
    { reason: "sender", statuses, codes: ["MESSAGE_REJECTED"], words: /not verified/i },
    { reason: "rejected", statuses, codes: ["MESSAGE_REJECTED"] },
    { reason: "sender", statuses, codes: ["MAIL_FROM_DOMAIN_NOT_VERIFIED"] },
    { reason: "suspended", statuses, codes: ["ACCOUNT_SUSPENDED", "ACCOUNT_SENDING_PAUSED"] },
    { reason: "suspended", statuses, codes: ["CONFIGURATION_SET_SENDING_PAUSED"] },
    { reason: "quota", statuses, codes: ["ACCOUNT_DAILY_QUOTA_EXCEEDED"] },
    { reason: "throttled", statuses, codes: ["ACCOUNT_THROTTLED"] },
    { reason: "not-found", statuses, codes: ["CONFIGURATION_SET_NOT_FOUND", "CONFIGURATION_SET_DOES_NOT_EXIST"] },
    { reason: "not-found", statuses, codes: ["TEMPLATE_NOT_FOUND", "TEMPLATE_DOES_NOT_EXIST"] },
    { reason: "not-found", statuses, codes: ["INVALID_SENDING_POOL_NAME"] },
    { reason: "invalid", statuses, codes: ["INVALID_PARAMETER", "INVALID_PARAMETER_VALUE"] },
    // Both mean that SES was unable to process it, the one for a while, the other for a reason of its own.
    { reason: "unavailable", statuses, codes: ["TRANSIENT_FAILURE", "FAILED"] },
  ],
};

function entryIn(result: unknown): Entry | undefined {
  if (!isObject(result)) return undefined;
  const { Status, Error: error, MessageId } = result;
  const id = idIn(MessageId);
  const code = wordIn(Status);
  if (code === "SUCCESS") return id === undefined ? undefined : { id };
  return { statement: { own: true, code, text: wordIn(error) ?? code ?? "", taken: id !== undefined } };
}

export const sesBatch: EspBatch<SesSdk> = { limit, carries, dispatch, answers };
