import { afterEach, describe, expect, it } from "vitest";
import { type EspName, type Fault, type Simulator, startSimulator } from "../../src/testing/index.ts";
import { exchange, type HttpRequest, type Sight, until } from "./http-client.ts";
import { validRequest } from "./valid-requests.ts";

const open: Simulator[] = [];
afterEach(() => Promise.all(open.splice(0).map((esp) => esp.close())));

/** A simulator, and a way to send it a valid message; of the union of the four, so that tests can go through all. */
async function start<E extends EspName>(name: E): Promise<{ esp: Simulator; send: () => Promise<Sight> }> {
  const esp = await startSimulator(name);
  open.push(esp);
  const request: HttpRequest = await validRequest[name](esp.options);
  return { esp, send: () => exchange(esp.url, request) };
}

const names = ["ses", "sendgrid", "mailgun", "mailjet"] as const;

/** What the client sees of each fault that all four show alike. */
const alike: readonly {
  fault: Fault;
  accepted: number;
  requests: number;
  connections: number;
  seen: Partial<Sight>;
}[] = [
  { fault: { kind: "refuse" }, accepted: 0, requests: 0, connections: 0, seen: { broken: "ECONNREFUSED" } },
  { fault: { kind: "reset-on-accept" }, accepted: 0, requests: 0, connections: 1, seen: { broken: "ECONNRESET" } },
  { fault: { kind: "reset-after-request" }, accepted: 0, requests: 1, connections: 1, seen: { broken: "ECONNRESET" } },
  { fault: { kind: "accept-then-reset" }, accepted: 1, requests: 1, connections: 1, seen: { broken: "ECONNRESET" } },
  {
    fault: { kind: "html-200" },
    accepted: 0,
    requests: 1,
    connections: 1,
    seen: { status: 200, body: expect.stringContaining("<!doctype html>") },
  },
  { fault: { kind: "empty-200" }, accepted: 0, requests: 1, connections: 1, seen: { status: 200, body: "" } },
  {
    fault: { kind: "status", status: 503, headers: { "x-proxy": "yes" }, body: "down" },
    accepted: 0,
    requests: 1,
    connections: 1,
    seen: { status: 503, body: "down", headers: expect.objectContaining({ "x-proxy": "yes" }) },
  },
];

describe.each(names)("a simulated %s", (name) => {
  it.each(alike)(
    "with $fault.kind shows its client just that",
    async ({ fault, accepted, requests, connections, seen }) => {
      const { esp, send } = await start(name);
      esp.fault(fault);
      expect(await send()).toMatchObject(seen);
      expect(esp.inbox).toHaveLength(accepted);
      expect(esp.requests).toBe(requests);
      expect(esp.connections).toBe(connections);
      await esp.heal();
      expect((await send()).status).toBe(name === "sendgrid" ? 202 : 200);
      expect(esp.inbox).toHaveLength(accepted + 1);
    },
  );

  it.each([
    ["stall", 0],
    ["accept-then-stall", 1],
  ] as const)("with %s never answers, not even when it is healed", async (kind, accepted) => {
    const { esp, send } = await start(name);
    esp.fault({ kind });
    let settled = false;
    const stalled = send().finally(() => {
      settled = true;
    });
    await until(() => esp.requests === 1);
    // A second message is served after the first was read, so the first has had its turn.
    esp.fault({ kind }, { times: 1 });
    await until(() => esp.inbox.length === accepted);
    await esp.heal();
    expect((await send()).broken).toBeUndefined();
    expect(settled).toBe(false);
    expect(esp.inbox).toHaveLength(accepted + 1);
    await esp.close();
    expect(await stalled).toMatchObject({ broken: "ECONNRESET", body: "" });
  });

  it("with stall-body sends half an answer to an accepted message", async () => {
    const { esp, send } = await start(name);
    esp.fault({ kind: "stall-body" });
    const stalled = send();
    await until(() => esp.inbox.length === 1);
    await esp.heal();
    const whole = await send();
    await esp.close();
    const seen = await stalled;
    expect(seen).toMatchObject({ status: whole.status, broken: "ECONNRESET" });
    expect(seen.body).toHaveLength(Math.floor(whole.body.length / 2));
    expect(Number(seen.headers["content-length"])).toBeGreaterThan(seen.body.length);
  });

  it("with truncate ends the connection in the middle of the answer to an accepted message", async () => {
    const { esp, send } = await start(name);
    const whole = await send();
    esp.fault({ kind: "truncate" });
    const seen = await send();
    expect(seen).toMatchObject({ status: whole.status, broken: "ECONNRESET" });
    expect(seen.body).toHaveLength(Math.floor(whole.body.length / 2));
    expect(Number(seen.headers["content-length"])).toBeGreaterThan(seen.body.length);
    expect(esp.inbox).toHaveLength(2);
  });

  it("with slow answers as always, after the message is in the inbox", async () => {
    const { esp, send } = await start(name);
    esp.fault({ kind: "slow", ms: 20 });
    let settled = false;
    const slow = send().finally(() => {
      settled = true;
    });
    await until(() => esp.inbox.length === 1);
    expect(settled).toBe(false);
    expect((await slow).status).toBe(name === "sendgrid" ? 202 : 200);
  });
});

/** Each ESP's own words: status, and what body and headers say. */
const words: readonly [EspName, Fault, number, string, Record<string, string>?][] = [
  ["ses", { kind: "unauthorized" }, 403, "security token", { "x-amzn-errortype": "UnrecognizedClientException" }],
  ["ses", { kind: "suspended" }, 400, "permanently restricted", { "x-amzn-errortype": "AccountSuspendedException" }],
  [
    "ses",
    { kind: "sender-unverified" },
    400,
    "Email address is not verified. The following identities failed the check in region EU-WEST-1: orders@example.com",
    { "x-amzn-errortype": "MessageRejected" },
  ],
  ["ses", { kind: "quota" }, 400, "Daily message quota exceeded", { "x-amzn-errortype": "ThrottlingException" }],
  ["ses", { kind: "reject-message" }, 400, "invalid content", { "x-amzn-errortype": "MessageRejected" }],
  [
    "ses",
    { kind: "throttle", retryAfter: 1_500 },
    429,
    "Maximum sending rate exceeded",
    { "x-amzn-errortype": "TooManyRequestsException", "retry-after": "2" },
  ],
  ["sendgrid", { kind: "unauthorized" }, 401, "authorization grant is invalid"],
  ["sendgrid", { kind: "suspended" }, 403, "temporary block"],
  ["sendgrid", { kind: "sender-unverified" }, 403, "does not match a verified Sender Identity"],
  ["sendgrid", { kind: "quota" }, 401, "Maximum credits exceeded"],
  ["sendgrid", { kind: "reject-message" }, 400, '"field":"content.0.value"'],
  [
    "sendgrid",
    { kind: "throttle", retryAfter: 2_000 },
    429,
    "too many requests",
    { "retry-after": "2", "x-ratelimit-remaining": "0" },
  ],
  ["mailgun", { kind: "unauthorized" }, 401, "Forbidden", { "content-type": "text/plain" }],
  ["mailgun", { kind: "suspended" }, 403, "temporarily disabled"],
  ["mailgun", { kind: "sender-unverified" }, 400, "Domain mg.example.com is not allowed to send"],
  ["mailgun", { kind: "quota" }, 402, "sending limit"],
  ["mailgun", { kind: "reject-message" }, 400, "'to' parameter is not a valid address. please check documentation"],
  ["mailgun", { kind: "throttle", retryAfter: 2_000 }, 429, "UTC"],
  ["mailjet", { kind: "unauthorized" }, 401, '"ErrorCode":"mj-0015"'],
  ["mailjet", { kind: "suspended" }, 401, '"ErrorCode":"mj-0001"'],
  ["mailjet", { kind: "sender-unverified" }, 403, '"ErrorCode":"send-0008"'],
  ["mailjet", { kind: "quota" }, 402, "quota"],
  ["mailjet", { kind: "reject-message" }, 400, '"ErrorCode":"mj-0013"'],
  ["mailjet", { kind: "throttle", retryAfter: 2_000 }, 429, "Too Many Requests", { "retry-after": "2" }],
];

describe("the words of the ESPs", () => {
  it.each(words)("%s with %o answers %i", async (name, fault, status, text, headers = {}) => {
    const { esp, send } = await start(name);
    esp.fault(fault);
    const seen = await send();
    expect(seen).toMatchObject({ status, headers });
    expect(seen.body).toContain(text);
    expect(esp.inbox).toEqual([]);
    expect(esp.requests).toBe(1);
  });

  it("Mailgun says in its text when to come back, rounded up to seconds, and nowhere else", async () => {
    const { esp, send } = await start("mailgun");
    esp.fault({ kind: "throttle", retryAfter: 60_000 });
    const before = Date.now();
    const seen = await send();
    const until = Date.parse(/try again after ([^"]+)"/.exec(seen.body)?.[1] ?? "");
    expect(until).toBeGreaterThanOrEqual(before + 60_000);
    expect(until).toBeLessThanOrEqual(Date.now() + 61_000);
    expect(seen.headers).not.toHaveProperty("retry-after");
  });

  it.each(names)("a throttle of %s without a time says none", async (name) => {
    const { esp, send } = await start(name);
    esp.fault({ kind: "throttle" });
    const seen = await send();
    expect(seen.status).toBe(429);
    expect(seen.headers).not.toHaveProperty("retry-after");
    expect(seen.body).not.toContain("after");
  });
});
