import { triedText } from "../delivery/explain.ts";
import {
  type AnySteadyMailError,
  RejectedError,
  type SendRecord,
  UnavailableError,
  UnknownDeliveryError,
  UnsupportedError,
} from "../errors.ts";
import type { History } from "./history.ts";

/**
 * Why a mail of a campaign was not accepted.
 *
 * @param refused the last word was a refusal of this very mail, whatever was tried before
 */
export function endingOf<N extends string>(
  id: string,
  { attempts, skipped }: History<N>,
  refused = false,
): AnySteadyMailError<N> {
  const record: SendRecord<N> = { id, attempts, skipped };
  const say = (what: string, advice: string): string =>
    `Message ${id}: ${[what, triedText(attempts), passedOver(skipped), advice].filter(Boolean).join(". ")}.`;
  if (attempts.some(({ outcome }) => outcome === "unknown")) {
    return new UnknownDeliveryError(say("it may have been sent, but no acceptance was seen", lookUp), record);
  }
  if (attempts.length === 0 && skipped.length > 0) {
    const missing = [...new Set(skipped.flatMap(({ fields }) => fields))];
    const advice = "Leave the fields out, or add a provider that can carry them";
    return new UnsupportedError(
      say("it was not sent, since no provider that the campaign uses can carry it", advice),
      record,
      missing,
    );
  }
  if (refused || attempts.every((each) => each.outcome !== "accepted" && each.failure.scope === "message")) {
    return new RejectedError(say("it was refused as this very message, and was not sent", mend), record);
  }
  return new UnavailableError(say("it was not sent: no provider took it", again), record);
}

/** What was on its way when an earlier process ended. */
export function interruptedEnding<N extends string>(id: string): AnySteadyMailError<N> {
  return new UnknownDeliveryError(
    `Message ${id}: it may have been sent: it was on its way when the process ended that the campaign ran in. ${lookUp}.`,
    { id, attempts: [], skipped: [], sent: "maybe" },
  );
}

/** Where nobody could tell whether the recipient is suppressed. */
export function unansweredEnding<N extends string>(id: string): AnySteadyMailError<N> {
  const text = `Message ${id} was not sent: suppress failed for its recipient again and again, but not for others. ${again}.`;
  return new UnavailableError(text, { id, attempts: [], skipped: [] });
}

const lookUp = 'Look it up at the provider by metadata "steadymail-id" before you send it again';
const mend = "Mend the message; sending it again as it is would not help";
const again = "It can be sent again without a duplicate";

function passedOver(skipped: History<string>["skipped"]): string {
  if (skipped.length === 0) return "";
  return `Passed over: ${skipped.map(({ provider, fields }) => `${provider} cannot carry ${fields.join(", ")}`).join("; ")}`;
}
