import type { Address, PreparedMessage } from "./message.ts";
import type { MessageDraft } from "./prepare.ts";

export interface ProviderView {
  /** The sender that is verified at this provider, in place of the message's. */
  readonly from?: Address | undefined;
  /** Fields to leave out: `tags`, `metadata`, `tracking`, `replyTo`. */
  readonly drop?: readonly string[] | undefined;
}

/**
 * Makes a message out to one provider after another. Those to whom it goes as it is share one object, so that a provider
 * more costs next to nothing.
 */
export function messagesFor(draft: MessageDraft): (provider: string, view: ProviderView) => PreparedMessage {
  let asItIs: PreparedMessage | undefined;
  return (provider, { from, drop = [] }) => {
    const differs =
      draft.template !== undefined ||
      draft.providerOptions[provider] !== undefined ||
      drop.length > 0 ||
      (from !== undefined && from !== draft.from);
    if (differs) return messageFor(draft, provider, { from, drop });
    asItIs ??= messageFor(draft, provider);
    return asItIs;
  };
}

/** The message as one provider is to send it. Contents are shared, not copied, so it costs little per attempt. */
export function messageFor(
  draft: MessageDraft,
  provider: string,
  { from, drop = [] }: ProviderView = {},
): PreparedMessage {
  const { to, cc, bcc, subject, text, html, attachments, headers, template, sendAt, size } = draft;
  const id = templateId(draft, provider);
  const options = draft.providerOptions[provider];
  // Written out: a literal made of spreads takes a hundred times as long.
  const message: { -readonly [K in keyof PreparedMessage]: PreparedMessage[K] } = {
    from: from ?? draft.from,
    to,
    cc,
    bcc,
    replyTo: drop.includes("replyTo") ? blanks.replyTo : replyTo(draft, from),
    subject,
    attachments,
    headers,
    tags: drop.includes("tags") ? blanks.tags : draft.tags,
    metadata: drop.includes("metadata") ? blanks.metadata : draft.metadata,
    tracking: drop.includes("tracking") ? blanks.tracking : draft.tracking,
    size,
  };
  if (text !== undefined) message.text = text;
  if (html !== undefined) message.html = html;
  if (template !== undefined && id !== undefined) {
    message.template = Object.freeze({ id, variables: template.variables });
  }
  if (sendAt !== undefined) message.sendAt = sendAt;
  if (options !== undefined) message.providerOptions = options;
  return Object.freeze(message);
}

/** Whether the message asks for a template and names none for this provider. */
export function templateMissing(draft: MessageDraft, provider: string): boolean {
  return draft.template !== undefined && templateId(draft, provider) === undefined;
}

/** What a dropped field is replaced by. */
const blanks: Pick<PreparedMessage, "tags" | "metadata" | "tracking" | "replyTo"> = {
  tags: Object.freeze([]),
  metadata: Object.freeze([]),
  tracking: Object.freeze({ opens: false, clicks: false }),
  replyTo: Object.freeze([]),
};

/** Answers still go to the sender that the message names. */
function replyTo(draft: MessageDraft, from: Address | undefined): readonly Address[] {
  const replaced = from !== undefined && from.address !== draft.from.address;
  return replaced && draft.replyTo.length === 0 ? Object.freeze([draft.from]) : draft.replyTo;
}

function templateId({ template }: MessageDraft, provider: string): string | undefined {
  return typeof template?.id === "string" ? template.id : template?.id[provider];
}
