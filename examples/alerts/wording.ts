import type { ChangeReason, MailerEvents, ProviderChange, ProviderHealth } from "steadymail";
import { escaped } from "./chat-webhook.ts";
import type { Span, Trouble } from "./incidents.ts";

const words: Partial<Record<ChangeReason, string>> = {
  "failure-rate": "too many attempts fail",
  "slow-rate": "too many attempts are slow",
  "consecutive-failures": "several attempts in a row failed",
  "invalid-in-a-row": "it calls one message after another invalid",
  authentication: "it refuses our credentials",
  suspended: "it has suspended the account",
  sender: "it does not take the sender",
  quota: "the account's quota is used up",
};

export function providerInTrouble(change: ProviderChange, health: readonly ProviderHealth[]): string {
  const { provider, to, reason, failure, at, drill } = change;
  // What the account's failure is called is the reason for the change already.
  const causes = [failure?.reason === reason ? undefined : failure?.reason, failure?.code ?? failure?.status];
  const known = causes.filter((cause) => cause !== undefined).join(", ");
  const why = `${words[reason] ?? reason}${known && ` (${escaped(known)})`}`;
  const others = health.filter(
    ({ provider: name, state, isolated }) => name !== provider && !isolated && takesMail(state),
  );
  const way = others.length > 0 ? ` Mail goes through ${others.map((each) => bold(each.provider)).join(" and ")}.` : "";
  return `${sign(drill, to === "down" ? "🔴" : "🟡")} ${bold(provider)} is ${to} since ${time(at)}: ${why}.${way}`;
}

export function providerWell(provider: string, { isDown, isDrill }: Worst, span: Span): string {
  return `${sign(isDrill, "🟢")} ${bold(provider)} is well again. It was ${isDown ? "down" : "degraded"} for ${lasted(span)}.`;
}

/** Real mail is refused, in a drill too: so it calls everybody. */
export function nobodyLeft({ at, retryAt, drill }: MailerEvents["all-down"]): string {
  const next = retryAt ? ` The first of them is tried again at ${time(retryAt)}.` : "";
  return `${sign(drill, "🚨")} <!channel> *No email provider is left* since ${time(at)}: mail is refused.${next}`;
}

export function somebodyBack({ isDrill }: Worst, span: Span): string {
  return `${sign(isDrill, "🟢")} *Mail goes out again.* No provider was left for ${lasted(span)}.`;
}

type Worst = Pick<Trouble, "isDown" | "isDrill">;

function takesMail(state: ProviderHealth["state"]): boolean {
  return state !== "down" && state !== "probing";
}

function sign(isDrill: boolean | undefined, symbol: string): string {
  return isDrill ? `🧪 *Drill:* ${symbol}` : symbol;
}

function bold(name: string): string {
  return `*${escaped(name)}*`;
}

function lasted({ since, until }: Span): string {
  return `${duration(until.getTime() - since.getTime())}, ${clock(since)}–${time(until)}`;
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function time(date: Date): string {
  return `${clock(date)} UTC`;
}

function clock(date: Date): string {
  return date.toISOString().slice(11, 19);
}
