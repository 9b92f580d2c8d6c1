import { describe, expect, it, vi } from "vitest";
import type { Failure } from "../../src/index.ts";
import type { Fault } from "../../src/testing/index.ts";
import { until } from "../testing/http-client.ts";
import { stopTime } from "../wire/harness.ts";
import { espNames } from "./support/esps.ts";
import { checkOf, sender, verdictsIn, verifying } from "./support/verifying.ts";

const allUnknown = { credentials: "unknown", account: "unknown", sender: "unknown" };

/** What says nothing of the account, and how an attempt would have failed by it. */
const endings: readonly (readonly [what: string, Fault, Partial<Failure>])[] = [
  ["is not reachable", { kind: "refuse" }, { reason: "unreachable", code: "ECONNREFUSED" }],
  ["breaks off", { kind: "reset-after-request" }, { reason: "response-lost" }],
  ["breaks off in its answer", { kind: "truncate" }, { reason: "response-lost", status: 200 }],
  ["answers 500", { kind: "status", status: 500 }, { reason: "server-error", status: 500 }],
  ["answers 502 with a page", page(502), { reason: "server-error", status: 502 }],
  ["answers 429", { kind: "throttle" }, { reason: "throttled", status: 429 }],
  ["answers 200 with a page", { kind: "html-200" }, { reason: "bad-response", status: 200 }],
  ["answers 200 with nothing", { kind: "empty-200" }, { reason: "bad-response", status: 200 }],
  ["answers 200 with JSON of another service", json(200, { ok: true }), { reason: "bad-response" }],
  ["answers 200 with JSON that is no object", json(200, [null, 1]), { reason: "bad-response" }],
  ["is redirected", { kind: "status", status: 302, headers: { location: "/login" } }, { reason: "unavailable" }],
  ["stands behind a proxy that answers 401", page(401), { status: 401 }],
  ["stands behind a proxy that answers 402", page(402), { status: 402 }],
  ["stands behind a proxy that answers 403", page(403), { status: 403 }],
  ["stands behind a proxy that answers 404", page(404), { status: 404 }],
];

function page(status: number): Fault {
  return { kind: "status", status, headers: { "content-type": "text/html" }, body: "<h1>Forbidden</h1>" };
}

function json(status: number, body: unknown): Fault {
  return { kind: "status", status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

describe.each(espNames)("verifying where %s", (name) => {
  it.each(endings)("%s knows nothing, and says why", async (_what, fault, failure) => {
    const { esp, verify } = await verifying(name);
    await esp.fault(fault);
    const verification = await verify();
    expect(verdictsIn(verification)).toEqual(allUnknown);
    expect(verification.verdict).toBe("unknown");
    for (const check of verification.checks) expect(check.failure).toMatchObject({ ...failure, sent: "no" });
  });

  it("does not answer ends by the time limit, and knows nothing", async () => {
    const { esp, verify } = await verifying(name);
    await verify();
    esp.clear();
    stopTime();
    await esp.fault({ kind: "stall" });
    const given = verify({ from: sender, timeout: 700 });
    await until(() => esp.requests === 1);
    await vi.advanceTimersByTimeAsync(700);
    const verification = await given;
    expect(verdictsIn(verification)).toEqual(allUnknown);
    expect(checkOf("credentials", verification).failure).toMatchObject({ reason: "timeout", sent: "no" });
    expect(esp.requests).toBe(1);
  });

  it("throttles says that it was asked too fast, and not that something is wrong", async () => {
    const { esp, verify } = await verifying(name);
    await esp.fault({ kind: "throttle", retryAfter: 2_000 });
    for (const { advice } of (await verify()).checks) expect(advice).toContain("too fast");
  });

  it("stalls is given up when the caller's signal aborts", async () => {
    const { esp, verify } = await verifying(name);
    await esp.fault({ kind: "stall" });
    const controller = new AbortController();
    const given = verify({ from: sender, signal: controller.signal });
    await until(() => esp.requests === 1);
    controller.abort();
    const verification = await given;
    expect(verdictsIn(verification)).toEqual(allUnknown);
    expect(checkOf("account", verification).failure).toMatchObject({ reason: "aborted", sent: "no" });
  });

  it("is not asked by a signal that has aborted", async () => {
    const { esp, verify } = await verifying(name);
    const verification = await verify({ from: sender, signal: AbortSignal.abort() });
    expect(verdictsIn(verification)).toEqual(allUnknown);
    expect(esp.requests).toBe(0);
  });

  it("fails once is asked each question once, and not again", async () => {
    const { esp, verify } = await verifying(name);
    await esp.fault({ kind: "status", status: 503, headers: { "retry-after": "1" } });
    await verify();
    expect(esp.requests).toBe(1);
  });
});
