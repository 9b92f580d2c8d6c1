import { Cancellation } from "../cancellation.ts";
import { AbortedError, ClosedError, type SteadyMailError, UnavailableError } from "../errors.ts";
import { abandon } from "../message/abandon.ts";
import type { Message } from "../message/message.ts";
import { type MessageDraft, type PreparationContext, prepare } from "../message/prepare.ts";
import type { Interruption, Interruptions } from "./interruptions.ts";

/**
 * Prepares a message until the send is interrupted; what the message holds open is let go of then.
 *
 * @throws SteadyMailError
 */
export async function prepareInTime<N extends string>(
  message: Message<N>,
  options: Omit<PreparationContext, "signal" | "deadline">,
  interruptions: Interruptions,
): Promise<MessageDraft> {
  const { id } = options;
  const preparing = new Cancellation();
  const remove = interruptions.onInterrupt(() => preparing.abort());
  try {
    const { pending } = interruptions;
    if (pending) {
      abandon(message);
      throw notBegun(pending, id, interruptions);
    }
    const deadline = Math.ceil(interruptions.remaining);
    const draft = await prepare(message, { ...options, signal: preparing, deadline });
    if (preparing.aborted) throw preparing.reason;
    return draft;
  } catch (error) {
    if (!preparing.aborted) throw error;
    throw notBegun(interruptions.cancelled ?? "closed", id, interruptions);
  } finally {
    remove();
  }
}

/** What a send ends in that was interrupted before any attempt. */
export function notBegun<N extends string>(
  how: Interruption,
  id: string,
  { abortReason }: Interruptions,
): SteadyMailError<N> {
  const record = { id, attempts: [], skipped: [] };
  const message = `Message ${id} was not sent`;
  if (how === "closed") return new ClosedError(`${message}: the mailer is closed; create another one`, record);
  if (how === "expired") return new UnavailableError(`${message}: its deadline had passed before any attempt`, record);
  const text = `${message}: the caller's signal was aborted before any attempt`;
  return new AbortedError(text, record, { cause: abortReason });
}
