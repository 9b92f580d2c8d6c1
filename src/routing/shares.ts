import type { RouteGroup } from "./resolved-route.ts";

/**
 * The share of the traffic that each provider gets now, 0–1: the first group in which somebody can send has what the
 * standbys do not need to prove that they work.
 */
export function trafficShares<N extends string>(groups: readonly RouteGroup<N>[]): ReadonlyMap<N, number> {
  const weighted = groups.map(({ routes }) => {
    const weights = routes.map((route) => ({ route, weight: route.weight * route.monitor.weightFactor }));
    return { weights, total: weights.reduce((sum, each) => sum + each.weight, 0) };
  });
  const used = weighted.findIndex(({ total }) => total > 0);
  const standbys = used === -1 ? [] : weighted.slice(used + 1).flatMap(({ weights }) => weights);
  const proving = standbys
    .filter(({ weight }) => weight > 0)
    .map(({ route }) => [route.name, route.prove.share] as const);
  const left = Math.max(
    0,
    proving.reduce((rest, [, share]) => rest - share, 1),
  );
  const { weights = [], total = 1 } = weighted[used] ?? {};
  return new Map([...proving, ...weights.map(({ route, weight }) => [route.name, (left * weight) / total] as const)]);
}
