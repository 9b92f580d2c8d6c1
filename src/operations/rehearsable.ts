import type { BatchSending, Provider } from "../providers/provider.ts";
import type { Rehearsal } from "./rehearsal.ts";

/**
 * The provider as the failover uses it: while a drill is on, its attempts fail as the drill has it and the provider itself
 * is not asked. So a rehearsed outage takes the way of a real one from here on.
 */
export function rehearsable<N extends string>(provider: Provider<N>, rehearsal: Rehearsal): Provider<N> {
  const { name, batch } = provider;
  return {
    name,
    unsupported: (message) => provider.unsupported(message),
    send: (message, context) => rehearsal.attempt(context) ?? provider.send(message, context),
    ...(batch && { batch: rehearsableBatch(batch, rehearsal) }),
    load: async () => provider.load?.(),
    close: async () => provider.close?.(),
    ...(provider.warm && { warm: async (limits) => provider.warm?.(limits) }),
    ...(provider.verify && { verify: async (question) => provider.verify?.(question) ?? [] }),
  };
}

function rehearsableBatch(batch: BatchSending, rehearsal: Rehearsal): BatchSending {
  return {
    limit: batch.limit,
    carries: (content, recipient) => batch.carries(content, recipient),
    groupBy: (content, recipient) => (batch.groupBy ? batch.groupBy(content, recipient) : ""),
    send: (prepared, context) => rehearsal.attempt(context) ?? batch.send(prepared, context),
  };
}
