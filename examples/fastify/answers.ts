import type { AnySteadyMailError, ProviderHealth } from "steadymail";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** What the client is told of a mail that no provider was seen to accept: above all, whether to send it again. */
export function answerTo(error: AnySteadyMailError): Answer {
  const { id, kind } = error;
  // Any status that says "failed" makes some client, or some proxy on the way, repeat the request, and somebody may get
  // the mail twice. 202 is "intentionally noncommittal" (RFC 9110 §15.3.3): from here on it is ours to find out.
  if (error.sent === "maybe") return { status: 202, body: { id, outcome: "unknown" } };
  const body = { id, outcome: "not-sent", error: kind };
  switch (error.kind) {
    case "invalid":
      return { status: 400, body: { ...body, problems: error.problems } };
    case "suppressed":
      return { status: 422, body: { ...body, paths: error.paths } };
    case "unsupported":
      return { status: 422, body: { ...body, missing: error.missing } };
    case "rejected":
      return { status: 422, body };
    default:
      return { status: 503, headers: { "retry-after": secondsUntil(error.retryAt) }, body };
  }
}

/** As `Retry-After` wants it: whole seconds, never too early. */
function secondsUntil(date: Date | undefined): string {
  const left = date ? date.getTime() - Date.now() : 0;
  return String(Math.max(1, Math.ceil(left / 1_000)));
}

/** Whether this instance can send, for a load balancer: is it ready, not is it alive. A restart mends no provider. */
export function answerOnHealth(health: readonly ProviderHealth[]): Answer {
  const usable = health.filter(isUsable).length;
  const well = health.filter(({ state, isolated }) => state === "healthy" && !isolated).length;
  const status = usable === 0 ? "down" : well === health.length ? "ok" : "degraded";
  // Of each only what is no secret: not the words of its last failure.
  const providers = health.map(({ provider, state, since, isolated, throttledUntil, openUntil, share }) => {
    return { provider, state, since, isolated, throttledUntil, openUntil, share };
  });
  return { status: usable === 0 ? 503 : 200, body: { status, providers } };
}

/**
 * Whether a mail could go there now. One that was down and is due again counts: if it did not, an instance that gets no
 * requests because its health is bad would never send the mail that finds out that it is good again.
 */
function isUsable({ state, isolated, openUntil }: ProviderHealth): boolean {
  if (isolated || state === "probing") return false;
  return state !== "down" || (openUntil !== undefined && openUntil.getTime() <= Date.now());
}
