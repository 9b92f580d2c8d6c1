import { isSteadyMailError } from "../../src/errors.ts";
import { type MessageDraft, type PreparationContext, prepare } from "../../src/message/prepare.ts";

/** The smallest valid message. */
export const plain = { from: "shop@example.com", to: "ada@example.org", subject: "Your order", text: "Thank you." };

export function contextWith(changes: Partial<PreparationContext> = {}): PreparationContext {
  return { id: "send-1", providerNames: ["ses"], signal: new AbortController().signal, deadline: 30_000, ...changes };
}

/** Prepares the smallest message with some fields changed; `undefined` leaves a field out. */
export function prepareWith(
  changes: Record<string, unknown>,
  context: Partial<PreparationContext> = {},
): Promise<MessageDraft> {
  return prepare({ ...plain, ...changes }, contextWith(context));
}

/** The faults that a message is refused with, as "path: message"; none if it is accepted. */
export async function faultsOf(message: unknown, context: Partial<PreparationContext> = {}): Promise<string[]> {
  try {
    await prepare(message, contextWith(context));
    return [];
  } catch (error) {
    if (!isSteadyMailError(error) || error.kind !== "invalid") throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

export function faultsWith(changes: Record<string, unknown>, context: Partial<PreparationContext> = {}) {
  return faultsOf({ ...plain, ...changes }, context);
}

export function attachment(content: unknown, changes: Record<string, unknown> = {}) {
  return { attachments: [{ filename: "a.bin", content, ...changes }] };
}
