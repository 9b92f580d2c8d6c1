import type http from "node:http";
import { failureInPhase, ProviderError } from "../failure.ts";
import { ConnectionPool } from "./pool.ts";
import { roundTrip } from "./round-trip.ts";
import { type Target, Targets } from "./target.ts";
import type { Wire, WireOptions } from "./wire.ts";

/**
 * A wire with connections of its own, kept alive between requests. Each holds at most 50 connections to one host, and
 * opens none before its first request. Answers above 1 MB are refused, redirects not followed, compression not asked for.
 * After `close` it still takes requests, but keeps no connection.
 *
 * @throws TypeError if the agent turns TLS verification off and `baseUrl` is given and not loopback. Without `baseUrl`
 *   each request to another host than loopback is refused instead, as `internal` and not sent.
 */
export function createWire({ agent, baseUrl }: WireOptions = {}): Wire {
  const targets = new Targets();
  const unsafe = baseUrl && whyUnsafe(targets.of(baseUrl), agent);
  if (unsafe) throw new TypeError(unsafe);
  const pool = new ConnectionPool(agent);
  return {
    request(request, limits) {
      const target = targets.of(request.url);
      const detail = whyUnsafe(target, agent);
      if (detail) return Promise.reject(new ProviderError(failureInPhase("internal", "no", { detail })));
      return roundTrip(request, target, limits, pool);
    },
    close: () => pool.close(),
  };
}

/** Why credentials must not travel there by that agent. */
function whyUnsafe({ protocol, host, isLoopback }: Target, agent: http.Agent | undefined): string | undefined {
  if (isLoopback) return undefined;
  if (protocol !== "https:") return `credentials would travel in clear to ${host}: use https:`;
  if (!agent || !turnsVerificationOff(agent)) return undefined;
  return (
    `the agent has rejectUnauthorized: false, which is allowed for loopback only, not for ${host}: ` +
    "verify its certificate by a CA that you trust, new https.Agent({ ca })"
  );
}

function turnsVerificationOff(agent: http.Agent): boolean {
  if (!("options" in agent) || typeof agent.options !== "object" || agent.options === null) return false;
  return "rejectUnauthorized" in agent.options && agent.options.rejectUnauthorized === false;
}
