import type Mailgun from "mailgun.js";
import type { BatchContent, BatchRecipient } from "../../message/batch.ts";
import { escapeHtml, type MergeText } from "../../message/merge-text.ts";
import type { EspBatch, OutgoingBatch } from "../attempt.ts";
import { isForBatches, literalBytes, oncePerContent } from "../batch-content.ts";
import { jsonBytes, mostBytesOf } from "../batch-size.ts";
import { oneReceiptForAll } from "../batch-verdict.ts";
import { mebibyte } from "../capability.ts";
import { utf8Header } from "../encoded-word.ts";
import { utf8Mailbox } from "../mailbox.ts";
import { MergeFields, type Misread } from "../merge-fields.ts";
import { nonce } from "../nonce.ts";
import { mailgunAnswers } from "./answer.ts";
import { mailgunFields } from "./request.ts";
import { dispatch as dispatchFields, type MailgunAccount } from "./sdk.ts";

/** Recipients of one request that has recipient variables. */
const limit = 1_000;

const largestRequest = 25 * mebibyte;

/** A per cent sign beside `%recipient.field%` could be read as one of its own. */
const percent: Misread = { before: /%+$/, after: /^%+/ };

/** A content whose places Mailgun fills by the recipient variables. */
interface Template {
  readonly text: MergeFields | undefined;
  readonly html: MergeFields | undefined;
  readonly isCarried: boolean;
  /** Bytes for the variables of one recipient. */
  readonly room: number;
}

const templateOf = oncePerContent((content: BatchContent): Template => {
  const { common, text, html } = content;
  const files = common.attachments.reduce((sum, { content: { byteLength } }) => sum + byteLength + 1_000, 0);
  const inCommon = 100_000 + files + literalBytes(text) + literalBytes(html);
  return {
    text: text && new MergeFields(text, percent),
    html: html && new MergeFields(html, percent),
    isCarried: isForBatches(content) && !namesVariables(content),
    room: (largestRequest - inCommon) / limit,
  };
});

/** Whether something in it is, or decides of, Mailgun's own notation: nothing says how to write it as a plain text. */
function namesVariables({ common, text, html }: BatchContent): boolean {
  const { from, replyTo, tags, providerOptions } = common;
  const names = Object.keys(providerOptions ?? {});
  return (
    names.some((name) => name === "recipient-variables" || name === "template" || name.startsWith("t:")) ||
    hasNotation(JSON.stringify([from, replyTo, tags, providerOptions])) ||
    hasNotationIn(text) ||
    hasNotationIn(html)
  );
}

/** With something for each place: what it is filled with is looked at with it. */
function hasNotationIn(text: MergeText | undefined): boolean {
  return text !== undefined && hasNotation(text.fill(() => "\n"));
}

/** `%recipient%`, `%recipient.name%`, `%recipient_email%` and the like. */
function hasNotation(text: string): boolean {
  return text.includes("%") && /%\s*recipient/i.test(text);
}

function carries(content: BatchContent, recipient: BatchRecipient): boolean {
  const { text, html, isCarried, room } = templateOf(content);
  const { variables } = recipient;
  return (
    isCarried &&
    !isNotation(content, recipient) &&
    !text?.isEmptyFor(variables) &&
    !html?.isEmptyFor(variables) &&
    (mostBytesOf(recipient) <= room || jsonBytes(new Fields(text, html).valuesOf(recipient)) <= room)
  );
}

function isNotation(content: BatchContent, recipient: BatchRecipient): boolean {
  const { to, subject, headers, metadata, variables } = recipient;
  const texts = [to.name ?? "", to.address, subject];
  for (const [, value] of headers) texts.push(value);
  for (const [, value] of metadata) texts.push(value);
  if (texts.some(hasNotation)) return true;
  // Of a value and what stands beside it, too, notation may be made.
  if (![...variables.values()].some((value) => value.includes("%"))) return false;
  const valueIn = (name: string) => variables.get(name) ?? "";
  return [content.text, content.html].some((text) => text !== undefined && hasNotation(text.fill(valueIn)));
}

/** A header and a value of the metadata stand in the form for all, so all must have those of the same names. */
function groupBy(_content: BatchContent, { headers, metadata }: BatchRecipient): string {
  let names = "";
  for (const [name] of headers) names += `${name}\n`;
  names += "\n";
  for (const [name] of metadata) names += `${name}\n`;
  return names;
}

/** The recipient variables of one batch, under names that no text can hold by chance. */
class Fields {
  readonly #text: MergeFields | undefined;
  readonly #html: MergeFields | undefined;
  readonly #nonce: string;

  constructor(text: MergeFields | undefined, html: MergeFields | undefined, nonce = "0".repeat(16)) {
    this.#text = text;
    this.#html = html;
    this.#nonce = nonce;
  }

  get text(): string | undefined {
    return this.#text?.text((field) => this.notation("t", field));
  }

  get html(): string | undefined {
    return this.#html?.text((field) => this.notation("h", field));
  }

  notation(kind: Kind, field: number): string {
    return `%recipient.${this.#name(kind, field)}%`;
  }

  valuesOf({ id, subject, headers, metadata, variables }: BatchRecipient): Record<string, string> {
    const values = { [this.#name("i", 0)]: id, [this.#name("s", 0)]: utf8Header(subject) };
    for (const [field, [, value]] of headers.entries()) values[this.#name("x", field)] = utf8Header(value);
    for (const [field, [, value]] of metadata.entries()) values[this.#name("m", field)] = value;
    const valueIn = (name: string) => variables.get(name) ?? "";
    for (const [field, value] of this.#text?.fill(valueIn).entries() ?? []) values[this.#name("t", field)] = value;
    const escaped = (name: string) => escapeHtml(valueIn(name));
    for (const [field, value] of this.#html?.fill(escaped).entries() ?? []) values[this.#name("h", field)] = value;
    return values;
  }

  #name(kind: Kind, field: number): string {
    return `${kind}${this.#nonce}${field}`;
  }
}

/** id, subject, header, metadata, text or html */
type Kind = "i" | "s" | "x" | "m" | "t" | "h";

/** Has the SDK build the form. */
function dispatch(sdk: Mailgun, { batch, ...way }: OutgoingBatch, account: MailgunAccount): Promise<unknown> {
  const { content, recipients } = batch;
  const template = templateOf(content);
  const fields = new Fields(template.text, template.html, nonce());
  const { text, html } = fields;
  const [first] = recipients;
  const message = {
    ...content.common,
    subject: fields.notation("s", 0),
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    headers: (first?.headers ?? []).map(([name], field) => [name, fields.notation("x", field)] as const),
    metadata: (first?.metadata ?? []).map(([name], field) => [name, fields.notation("m", field)] as const),
  };
  const form = {
    ...mailgunFields(message, fields.notation("i", 0)),
    // In one field: some servers count the fields of a form.
    to: recipients.map(({ to }) => utf8Mailbox(to)).join(", "),
    "recipient-variables": JSON.stringify(
      Object.fromEntries(recipients.map((recipient) => [recipient.to.address, fields.valuesOf(recipient)])),
    ),
  };
  return dispatchFields(sdk, form, { message, id: "", ...way }, account);
}

export function mailgunBatch(account: MailgunAccount): EspBatch<Mailgun> {
  return {
    limit,
    carries,
    groupBy,
    dispatch: (sdk, outgoing) => dispatch(sdk, outgoing, account),
    answers: oneReceiptForAll(mailgunAnswers),
  };
}
