import type { ProviderRecord, SendRecord } from "./records.ts";
import type { Replay } from "./replay.ts";

/** Whether the caller's options let a send go to a provider. */
export function isAllowed({ options: { only, except, require = [] } }: SendRecord, provider: ProviderRecord): boolean {
  if (only && !only.includes(provider.place)) return false;
  if (except?.includes(provider.place)) return false;
  return require.every((label) => provider.setup.labels.includes(label));
}

/** Whether it can carry the message; `tags` may be dropped, `metadata` may not. */
export function canCarry({ options: { fields = [] } }: SendRecord, { setup }: ProviderRecord): boolean {
  return !(fields.includes("metadata") && setup.cannotCarry.includes("metadata"));
}

/** Whether it would lose nothing there. */
export function losesNothing({ options: { fields = [] } }: SendRecord, { setup }: ProviderRecord): boolean {
  return fields.every((field) => !setup.cannotCarry.includes(field));
}

/** Those that a send may use: allowed, able to carry it, and not isolated when it was planned. */
export function candidatesOf(replay: Replay, send: SendRecord): ProviderRecord[] {
  return replay
    .providersOf(send.mailer)
    .filter(
      (provider) => isAllowed(send, provider) && canCarry(send, provider) && !send.isolatedAtFirst.has(provider.name),
    );
}

/** Number of the group of each provider. */
export function groupsOf(replay: Replay): number[] {
  let group = -1;
  return replay.scenario.providers.map(({ joins }, place) => {
    if (!joins || place === 0) group += 1;
    return group;
  });
}

/** No attempt begins with less time left, ms. */
export function usefulTime({ at, deadline }: SendRecord): number {
  return Math.min(250, (deadline - at) * 0.05);
}

/** Whether a provider is done with a message: it refused it, or may have it. */
export function isDone(send: SendRecord, provider: ProviderRecord): boolean {
  return send.attempts.some(
    (attempt) =>
      attempt.provider === provider.name && (attempt.outcome !== "not-sent" || attempt.failure.scope === "message"),
  );
}

/** End of the pause that a provider asked of this message, if it did. */
export function pauseOf(send: SendRecord, provider: ProviderRecord): number {
  const ends = send.begun.map(({ provider: name, attempt, endedAt }) => {
    const failed = name === provider.name && attempt?.outcome !== "accepted" ? attempt?.failure : undefined;
    return failed?.retryAfter === undefined || endedAt === undefined ? 0 : endedAt + failed.retryAfter;
  });
  return Math.max(0, ...ends);
}

export function isUnlimited({ setup: { rate, concurrency } }: ProviderRecord): boolean {
  return rate === undefined && concurrency === undefined;
}
