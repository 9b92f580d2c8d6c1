import type { Invariant } from "./invariant.ts";
import type { SendRecord } from "./records.ts";

export const verdicts: Invariant = {
  name: "an acceptance is never reported as failed, a failure never as accepted, and nobody has what was not sent",
  observe: (replay) => ({
    *conclude() {
      for (const send of replay.sends.values()) yield* faultsOf(send);
    },
  }),
};

function* faultsOf(send: SendRecord): Generator<string> {
  const { id, result, attempts } = send;
  if (!result) return;
  const accepted = attempts.filter(({ outcome }) => outcome === "accepted");
  if (result.kind === "accepted") {
    const { receipt } = result;
    const there = send.stored.some(
      ({ provider, messageId }) => provider === receipt.provider && messageId === receipt.providerMessageId,
    );
    if (!there) yield `${id} is said to be accepted by ${receipt.provider}, which does not have it`;
    if (accepted.length !== 1) yield `${id} has a receipt and ${accepted.length} accepted attempts`;
    if (receipt.id !== id) yield `the receipt of ${id} is that of ${receipt.id}`;
    if (!sameAttempts(send, receipt.attempts)) yield `the receipt of ${id} has other attempts than were made`;
    return;
  }
  if (accepted.length > 0) yield `${id} was accepted by ${accepted[0]?.provider} and is said to be ${result.kind}`;
  if (result.kind === "foreign") {
    yield `${id} ended with a foreign error: ${result.error instanceof Error ? result.error.stack : String(result.error)}`;
    return;
  }
  const { sent, kind, retryable, attempts: told } = result.error;
  const [copy] = send.stored;
  if (sent === "no" && copy) yield `${id} is said not to be sent (${kind}), but ${copy.provider} has it`;
  const mayBeSent = attempts.some(({ outcome }) => outcome === "unknown");
  if (sent !== (mayBeSent ? "maybe" : "no")) yield `${id} is said to be sent: ${sent}, against its attempts`;
  if (!sameAttempts(send, told)) yield `the error of ${id} has other attempts than were made`;
  if (kind === "unknown" && !mayBeSent) yield `${id} is said to be unknown without an unknown attempt`;
  if (mayBeSent && !["unknown", "aborted", "closed"].includes(kind))
    yield `${id} may be sent, and is said to be ${kind}`;
  if (retryable !== (kind === "unavailable" || kind === "overloaded"))
    yield `${id} (${kind}) is retryable: ${retryable}`;
  if (kind === "aborted" && send.abortedAt === undefined) yield `${id} is said to be aborted, which nobody did`;
  if (kind === "closed" || kind === "invalid") yield `${id} is said to be ${kind}`;
}

function sameAttempts(send: SendRecord, told: readonly unknown[]): boolean {
  return told.length === send.attempts.length && told.every((attempt, index) => attempt === send.attempts[index]);
}
