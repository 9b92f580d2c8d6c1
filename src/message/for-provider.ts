import type { Address, PreparedMessage } from "./message.ts";
import type { MessageDraft } from "./prepare.ts";

export interface ProviderView {
  /** The sender that is verified at this provider, in place of the message's. */
  readonly from?: Address | undefined;
  /** Fields to leave out: `tags`, `metadata`, `tracking`, `replyTo`. */
  readonly drop?: readonly string[] | undefined;
}

/** The message as one provider is to send it. Contents are shared, not copied, so it costs little per attempt. */
export function messageFor(
  draft: MessageDraft,
  provider: string,
  { from, drop = [] }: ProviderView = {},
): PreparedMessage {
  const { template, providerOptions, ...common } = draft;
  const id = templateId(draft, provider);
  const options = providerOptions[provider];
  return Object.freeze({
    ...common,
    from: from ?? draft.from,
    replyTo: replyTo(draft, from),
    ...(template === undefined || id === undefined
      ? {}
      : { template: Object.freeze({ id, variables: template.variables }) }),
    ...(options === undefined ? {} : { providerOptions: options }),
    ...Object.fromEntries(Object.entries(blanks).filter(([field]) => drop.includes(field))),
  });
}

/** Whether the message asks for a template and names none for this provider. */
export function templateMissing(draft: MessageDraft, provider: string): boolean {
  return draft.template !== undefined && templateId(draft, provider) === undefined;
}

/** What a dropped field is replaced by. */
const blanks: Partial<PreparedMessage> = {
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
