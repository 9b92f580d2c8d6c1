import type { ProviderMonitor } from "../health/provider-monitor.ts";
import type { Address } from "../message/message.ts";
import type { Provider } from "../providers/provider.ts";
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
  readonly monitor: ProviderMonitor<N>;
}

/** Routes that share the load by weight. Groups are used in their order. */
export interface RouteGroup<N extends string = string> {
  readonly routes: readonly ResolvedRoute<N>[];
  readonly balancer: SmoothWeightedRoundRobin<string>;
}
