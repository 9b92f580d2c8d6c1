import type { BatchContent, BatchRecipient, PreparedBatch } from "../../../src/message/batch.ts";
import { MergeText } from "../../../src/message/merge-text.ts";
import type { PreparedMessage } from "../../../src/message/message.ts";
import { Place, Problems } from "../../../src/message/problems.ts";
import type { AttemptContext, BatchSending, Provider } from "../../../src/testing/index.ts";

export const common: PreparedMessage = {
  from: { name: "Shop", address: "orders@example.com" },
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: "",
  attachments: [],
  headers: [],
  tags: [],
  metadata: [],
  tracking: { opens: false, clicks: false },
  size: 100,
};

/** A text with `{{placeholders}}`; one that cannot be read as such is a mistake of the test. */
export function merge(text: string): MergeText {
  const parsed = MergeText.parse(text, new Place(new Problems()));
  if (!parsed) throw new Error("the text holds braces that are no placeholder");
  return parsed;
}

export function content(
  parts: { readonly text?: string | MergeText; readonly html?: string | MergeText },
  changes: Partial<PreparedMessage> = {},
): BatchContent {
  const parsed = (part: string | MergeText) => (typeof part === "string" ? merge(part) : part);
  return {
    common: { ...common, ...changes },
    ...(parts.text === undefined ? {} : { text: parsed(parts.text) }),
    ...(parts.html === undefined ? {} : { html: parsed(parts.html) }),
  };
}

export function recipient(
  number: number,
  { variables = {}, ...changes }: Partial<Omit<BatchRecipient, "variables">> & { readonly variables?: object } = {},
): BatchRecipient {
  return {
    id: `mail-${number}`,
    to: { address: `reader-${number}@example.org` },
    subject: `Number ${number}`,
    headers: [],
    metadata: [],
    ...changes,
    variables: new Map(Object.entries(variables)),
  };
}

export const letter = content({ text: "Dear {{name}}, thank you." });

export function letterTo(count: number): PreparedBatch {
  const recipients = Array.from({ length: count }, (_, i) =>
    recipient(i + 1, { variables: { name: `Reader ${i + 1}` } }),
  );
  return { content: letter, recipients };
}

export function attempt(changes: Partial<AttemptContext> = {}): AttemptContext {
  return { id: "batch-1", signal: new AbortController().signal, timeout: 10_000, fresh: false, ...changes };
}

export function batchOf(provider: Provider): BatchSending {
  if (!provider.batch) throw new Error(`${provider.name} has no batch`);
  return provider.batch;
}
