import type { Attempt } from "../receipt.ts";
import type { DeliveryRecord } from "./conclude.ts";

type Texts = Readonly<Record<"aborted" | "closed" | "unknown" | "unsupported" | "rejected" | "unavailable", string>>;

/** The messages of the errors that may end a delivery: what went wrong, where, and what to do. */
export function explain<N extends string>({ id, plan, log, remaining }: DeliveryRecord<N>): Texts {
  const tried = log.all.length === 0 ? "No provider was tried." : `Tried: ${log.all.map(described).join("; ")}.`;
  const skipped = plan.skipped.map(({ provider, fields }) => `${provider} cannot carry ${fields.join(", ")}`);
  const passedOver = skipped.length === 0 ? "" : ` Passed over: ${skipped.join("; ")}.`;
  const message = `Message ${id}`;
  const soFar = log.anyUnknown ? "it may have been sent" : "it was not sent";
  return {
    aborted: `${message}: the caller's signal ended the send; ${soFar}. ${tried}`,
    closed: `${message}: the mailer was closed; ${soFar}. ${tried}`,
    unknown: `${message} may have been sent, but no acceptance was seen. ${tried} Look it up at the provider by metadata "steadymail-id" before you send it again.`,
    unsupported: `${message} was not sent: no allowed provider can carry it.${passedOver} Leave the fields out, or allow them to be dropped (mayDrop), or add a provider that can carry them.`,
    rejected: `${message} was refused as this very message, and was not sent. ${tried}${passedOver} Mend the message; sending it again as it is would not help.`,
    unavailable: `${message} was not sent: ${whyNobody()} ${tried}${passedOver} It can be sent again without a duplicate.`,
  };

  function whyNobody(): string {
    if (plan.allowed.length === 0) return "no configured provider is allowed by only, except and require.";
    if (plan.candidates.length === 0) return "every allowed provider that can carry it is isolated.";
    const states = remaining.map(({ route: { name, monitor } }) => {
      const { availability } = monitor;
      return `${name} is ${availability.can === "nothing" ? availability.because : monitor.state}`;
    });
    return states.length === 0 ? "no provider is left to try." : `no provider took it in time (${states.join(", ")}).`;
  }
}

function described(attempt: Attempt): string {
  if (attempt.outcome === "accepted") return `${attempt.provider} accepted`;
  const { reason, status, code, detail } = attempt.failure;
  const facts = [status, code].filter((fact) => fact !== undefined).join(" ");
  return `${attempt.provider} ${reason}${facts ? ` (${facts})` : ""}${detail ? `: ${detail}` : ""}`;
}
