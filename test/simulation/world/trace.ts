import type { Attempt, Failure, ProviderChange, ProviderHealth } from "../../../src/index.ts";
import type { Entry, Fact, Result } from "./journal.ts";

/** The course of a run to read, a line for each thing that happened. */
export function traceOf(entries: readonly Entry[]): string[] {
  return entries.map((entry) => {
    const process = entry.mailer === 0 ? "" : ` process ${entry.mailer}`;
    return `${String(entry.at).padStart(9)} ms${process}  ${said(entry)}`;
  });
}

function said(fact: Fact): string {
  switch (fact.what) {
    case "send":
      return `send ${fact.id} until ${fact.deadline} ${JSON.stringify(fact.planned.options)} ${fact.planned.stickyKey ?? ""}`;
    case "settled":
      return `${fact.id} → ${resultText(fact.result)}`;
    case "begun":
      if (fact.timeout === undefined) return `${fact.id} would ask ${fact.provider}, but for the drill`;
      return `${fact.id} asks ${fact.provider} (${Math.round(fact.timeout)} ms)`;
    case "stored":
      return `${fact.provider} has ${fact.id} (${fact.messageId})`;
    case "answered":
      return `${fact.provider} answers ${fact.id}: ${fact.say}`;
    case "attempt":
      return `attempt of ${fact.id} at ${attemptText(fact.attempt)}`;
    case "failover":
      return `failover of ${fact.id} from ${fact.from} to ${fact.to}`;
    case "told":
      return `event ${fact.name} ${fact.id}`;
    case "changed":
      return changeText(fact.change);
    case "named":
      return `event ${fact.name} ${fact.provider}`;
    case "health":
      return `health ${fact.report.map(healthText).join(" | ")}`;
    case "all-down":
      return `event all-down, retryAt ${fact.event.retryAt?.toISOString() ?? "unknown"}`;
    case "all-down:over":
      return `event all-down:over since ${fact.event.since.toISOString()}`;
    case "warning":
      return `warning ${fact.code} ${fact.provider}`;
    case "caller-aborts":
      return `the caller of ${fact.id} gives up`;
    case "isolated":
    case "restored":
      return `${fact.provider} is ${fact.what}`;
    case "drilled":
      return `drill ${fact.number} at ${fact.provider} ${JSON.stringify(fact.drill)}`;
    case "drill-given-up":
      return `drill ${fact.number} at ${fact.provider} is given up`;
    case "drill:started":
    case "drill:over":
      return `event ${fact.what} ${fact.provider} (${fact.event.fault})`;
    case "frozen":
      return `the process is frozen for ${fact.for} ms`;
    case "wall-clock-stepped":
      return `the wall clock is set by ${fact.by} ms`;
    case "calm":
      return `all faults are over; everybody is to be well by ${fact.recoversUntil}`;
    case "closed":
      return "the mailer is closed";
    case "left-behind":
      return `left behind: ${fact.thing}`;
  }
}

function resultText(result: Result): string {
  if (result.kind === "accepted") {
    const { provider, providerMessageId, duplicate } = result.receipt;
    return `accepted by ${provider} (${providerMessageId}), duplicate: ${duplicate}`;
  }
  if (result.kind === "foreign") return `a foreign error: ${String(result.error)}`;
  const { sent, retryable, retryAt, message } = result.error;
  return `${result.kind}, sent: ${sent}, retryable: ${retryable}, retryAt: ${retryAt?.toISOString() ?? "unknown"}; ${message}`;
}

function attemptText(attempt: Attempt): string {
  const how = attempt.outcome === "accepted" ? "" : ` ${failureText(attempt.failure)}`;
  return `${attempt.provider} in round ${attempt.round}: ${attempt.outcome}${how} after ${attempt.duration} ms`;
}

function failureText({ reason, retryAfter, drill }: Failure): string {
  const what = drill ? `drilled ${reason}` : reason;
  return retryAfter === undefined ? what : `${what} (retryAfter ${retryAfter})`;
}

function changeText({ provider, from, to, reason, stats, failure, drill }: ProviderChange): string {
  const counted = `${stats.attempts} counted, ${percent(stats.failureRate)} failed, ${percent(stats.slowRate)} slow`;
  const mark = drill ? ", marked as of a drill" : "";
  return `${provider} ${from} → ${to} (${reason}${failure ? `, ${failure.reason}` : ""})${mark}; ${counted}`;
}

function healthText(health: ProviderHealth): string {
  const { provider, state, isolated, throttledUntil, openUntil, share, failureRate, slowRate, inFlight, queued } =
    health;
  return [
    `${provider} ${state}`,
    isolated ? "isolated" : "",
    throttledUntil ? `throttled until ${throttledUntil.toISOString()}` : "",
    openUntil ? `open until ${openUntil.toISOString()}` : "",
    `share ${share.toFixed(3)}`,
    `failed ${percent(failureRate)} slow ${percent(slowRate)} in flight ${inFlight} queued ${queued}`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function percent(rate: number): string {
  return `${Math.round(rate * 1000) / 10} %`;
}
