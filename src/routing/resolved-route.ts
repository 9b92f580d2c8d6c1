import type { Availability } from "../health/availability.ts";
import type { ProviderMonitor } from "../health/provider-monitor.ts";
import type { ProviderLimits } from "../limits/provider-limits.ts";
import type { Address } from "../message/message.ts";
import type { Provider } from "../providers/provider.ts";
import type { ProvingShare } from "./proving-share.ts";
import type { SmoothWeightedRoundRobin } from "./smooth-weighted-round-robin.ts";

/** A provider with all that the mailer knows of it. */
export interface ResolvedRoute<N extends string = string> {
  readonly name: N;
  readonly provider: Provider<N>;
  /** Configured share inside its group. */
  readonly weight: number;
  readonly labels: readonly string[];
  /** The sender verified at this provider; throws where it has none for this one. */
  readonly sender: (from: Address) => Address;
  /** Time limit of one attempt, ms. */
  readonly timeout: number;
  /** Share of ordinary traffic that goes here although an earlier group could take it, 0–1. */
  readonly prove: ProvingShare;
  readonly monitor: ProviderMonitor<N>;
  readonly limits: ProviderLimits;
}

/** What may be done with a route now: as its provider's health has it, and then the user's own limits. */
export type RouteAvailability = Availability | { readonly can: "nothing"; readonly because: "limited" };

const limited: RouteAvailability = { can: "nothing", because: "limited" };

export function availabilityOf<N extends string>({ monitor, limits }: ResolvedRoute<N>): RouteAvailability {
  const { availability } = monitor;
  return availability.can === "nothing" || limits.free ? availability : limited;
}

/** Routes that share the load by weight. Groups are used in their order. */
export interface RouteGroup<N extends string = string> {
  readonly routes: readonly ResolvedRoute<N>[];
  readonly balancer: SmoothWeightedRoundRobin<string>;
}
