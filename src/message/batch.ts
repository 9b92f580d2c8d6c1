import { escapeHtml, type MergeText } from "./merge-text.ts";
import type { Address, PreparedMessage } from "./message.ts";

/** What the mails of one batch have in common, as one provider is to send them. */
export interface BatchContent {
  /**
   * All that is the same in each mail. Here `to`, `headers` and `metadata` are empty, the subject is "", and there is no
   * text and no html.
   */
  readonly common: PreparedMessage;
  /** With places for the variables of each recipient; no part of the mail where it is missing. */
  readonly text?: MergeText;
  /** The same; values are escaped when they are filled in. */
  readonly html?: MergeText;
}

/** One recipient of a batch, who gets a mail of its own that shows nobody else. */
export interface BatchRecipient {
  /** Id of this mail; goes to the ESP as its metadata `steadymail-id`. */
  readonly id: string;
  /** The one mailbox that the mail shows. */
  readonly to: Address;
  /** What `text` and `html` of the content are filled with; has every variable that they name. */
  readonly variables: ReadonlyMap<string, string>;
  /** Filled already. */
  readonly subject: string;
  /** All headers of this mail, those that all recipients have in common included; filled already. */
  readonly headers: PreparedMessage["headers"];
  /** All metadata of this mail, those that all recipients have in common included. */
  readonly metadata: PreparedMessage["metadata"];
}

/** One content and those who are to get it, no two of them with the same address in whatever case. */
export interface PreparedBatch {
  readonly content: BatchContent;
  readonly recipients: readonly BatchRecipient[];
}

/** The mail that one recipient is to get, by whichever ESP and whichever of its ways: values escaped in html alone. */
export function messageTo(content: BatchContent, recipient: BatchRecipient): PreparedMessage {
  const valueIn = (name: string): string => recipient.variables.get(name) ?? "";
  return withTexts(content, recipient, {
    text: content.text?.fill(valueIn),
    html: content.html?.fill((name) => escapeHtml(valueIn(name))),
  });
}

/** The mail of one recipient with these texts in it. */
export function withTexts(
  { common }: BatchContent,
  { to, subject, headers, metadata }: BatchRecipient,
  { text, html }: { readonly text: string | undefined; readonly html: string | undefined },
): PreparedMessage {
  return {
    ...common,
    to: [to],
    subject,
    headers,
    metadata,
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
  };
}
