import type { RouteGroup } from "./resolved-route.ts";

/** The share of the traffic that each provider gets now, 0–1: the first group in which somebody can send has it all. */
export function trafficShares<N extends string>(groups: readonly RouteGroup<N>[]): ReadonlyMap<N, number> {
  for (const group of groups) {
    const weights = group.routes.map(({ name, weight, monitor }) => ({ name, weight: weight * monitor.weightFactor }));
    const total = weights.reduce((sum, each) => sum + each.weight, 0);
    if (total > 0) return new Map(weights.map((each) => [each.name, each.weight / total]));
  }
  return new Map();
}
