import type { ErrorKind } from "../errors.ts";
import type { Attempt } from "../receipt.ts";
import type { Choice } from "../routing/plan.ts";
import { availabilityOf } from "../routing/resolved-route.ts";
import type { DeliveryRecord } from "./conclude.ts";

/** The errors that may end a delivery. */
export type DeliveryErrorKind = Exclude<ErrorKind, "invalid" | "suppressed">;

type Explanation = <N extends string>(record: DeliveryRecord<N>) => readonly string[];

const explanations: Readonly<Record<DeliveryErrorKind, Explanation>> = {
  aborted: (record) => [`the caller's signal ended the send; ${soFar(record)}`, tried(record)],
  closed: (record) => [`the mailer was closed; ${soFar(record)}`, tried(record)],
  unknown: (record) => [
    "it may have been sent, but no acceptance was seen",
    tried(record),
    'Look it up at the provider by metadata "steadymail-id" before you send it again',
  ],
  unsupported: (record) => [
    "it was not sent, since no allowed provider can carry it",
    passedOver(record),
    "Leave the fields out, allow them to be dropped (mayDrop), or add a provider that can carry them",
  ],
  rejected: (record) => [
    "it was refused as this very message, and was not sent",
    tried(record),
    passedOver(record),
    "Mend the message; sending it again as it is would not help",
  ],
  unavailable: (record) => [
    `it was not sent: ${whyNobody(record)}`,
    tried(record),
    passedOver(record),
    accountFault(record),
    "It can be sent again without a duplicate",
  ],
  overloaded: (record) => [
    `it was not sent: the queue of those that wait for limits or throttles is full (queue.limit: ${record.queueLimit}), and ${statesOf(record)}`,
    tried(record),
    passedOver(record),
    "It can be sent again without a duplicate; send slower, raise the limits, or add a provider",
  ],
};

/** The message of an error: what went wrong, where, and what to do. */
export function explain<N extends string>(kind: DeliveryErrorKind, record: DeliveryRecord<N>): string {
  const sentences = explanations[kind](record).filter((sentence) => sentence !== "");
  return `Message ${record.id}: ${sentences.join(". ")}.`;
}

function soFar<N extends string>({ log }: DeliveryRecord<N>): string {
  return log.anyUnknown ? "it may have been sent" : "it was not sent";
}

/** The attempts in order; what repeats itself is said once. */
function tried<N extends string>({ log }: DeliveryRecord<N>): string {
  return triedText(log.all);
}

export function triedText(attempts: readonly Attempt[]): string {
  if (attempts.length === 0) return "No provider was tried";
  const times = new Map<string, number>();
  for (const text of attempts.map(described)) times.set(text, (times.get(text) ?? 0) + 1);
  return `Tried: ${[...times].map(([text, count]) => (count > 1 ? `${text} (${count} times)` : text)).join("; ")}`;
}

function described(attempt: Attempt): string {
  if (attempt.outcome === "accepted") return `${attempt.provider} accepted`;
  const { reason, status, code, detail } = attempt.failure;
  const facts = [status, code].filter((fact) => fact !== undefined).join(" ");
  const words = detail?.replace(/[.\s]+$/u, "");
  return `${attempt.provider} ${reason}${facts ? ` (${facts})` : ""}${words ? `: ${words}` : ""}`;
}

function passedOver<N extends string>({ plan }: DeliveryRecord<N>): string {
  const skipped = plan.skipped.map(({ provider, fields }) => `${provider} cannot carry ${fields.join(", ")}`);
  return skipped.length === 0 ? "" : `Passed over: ${skipped.join("; ")}`;
}

function accountFault<N extends string>({ log }: DeliveryRecord<N>): string {
  const faulty = log.all.filter((each) => each.outcome !== "accepted" && each.failure.scope === "account");
  const names = [...new Set(faulty.map(({ provider }) => provider))];
  return names.length === 0 ? "" : `Check credentials, sender and account of ${names.join(", ")}`;
}

function whyNobody<N extends string>(record: DeliveryRecord<N>): string {
  const { plan, remaining } = record;
  if (plan.allowed.length === 0)
    return `no configured provider is allowed by only, except and require${chosen(plan.choice)}`;
  if (plan.candidates.length === 0) return "every allowed provider that can carry it is isolated";
  if (remaining.length === 0) return "no provider is left to try";
  const budget = record.budgetSpent ? "the retry budget of the last ten seconds is spent (retry.budget); " : "";
  return `no provider took it (${budget}${statesOf(record)})`;
}

/** Labels that nobody has are foreign words, and are not repeated. */
function chosen<N extends string>({ only, except, require }: Choice<N>): string {
  const told = [
    ...(only && only.length > 0 ? [`only ${only.join(", ")}`] : []),
    ...(except.length > 0 ? [`except ${except.join(", ")}`] : []),
    ...(require.length > 0 ? [`require with ${require.length === 1 ? "a label" : `${require.length} labels`}`] : []),
  ];
  return told.length === 0 ? "" : ` (${told.join("; ")})`;
}

function statesOf<N extends string>({ remaining }: DeliveryRecord<N>): string {
  const states = remaining.map(({ route }) => {
    const availability = availabilityOf(route);
    if (availability.can !== "nothing") return `${route.name} is ${route.monitor.state}`;
    return `${route.name} is ${availability.because === "limited" ? "at its limit" : availability.because}`;
  });
  return states.join(", ");
}
