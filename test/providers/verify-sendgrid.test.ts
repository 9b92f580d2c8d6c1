import { describe, expect, it, vi } from "vitest";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { until } from "../testing/http-client.ts";
import { stopTime } from "../wire/harness.ts";
import type { Reply } from "./esp-server.ts";
import { ask, json, pathsOf, sender, serverWith, summaryOf } from "./support-verify.ts";

const scopes = json(200, { scopes: ["mail.send", "sender_verification_eligible"] });
const credits = json(200, { remain: 200, total: 200, overage: 0, used: 0 });
const forbidden = json(403, { errors: [{ message: "access forbidden", field: null }] });
const nobody = json(200, { results: [] });
const domains = (...list: readonly object[]) => json(200, list);

interface Answers {
  readonly scopes?: Reply;
  readonly credits?: Reply;
  readonly domain?: Reply;
  readonly parent?: Reply;
  readonly senders?: Reply;
}

function serverThat(answers: Answers) {
  return serverWith({
    "GET /v3/scopes": answers.scopes ?? scopes,
    "GET /v3/user/credits": answers.credits ?? credits,
    "GET /v3/whitelabel/domains?domain=news.example.com": answers.domain ?? domains(),
    "GET /v3/whitelabel/domains?domain=example.com": answers.parent ?? domains(),
    "GET /v3/verified_senders": answers.senders ?? nobody,
  });
}

async function summaryAt(answers: Answers): Promise<readonly string[]> {
  const { url } = await serverThat(answers);
  return summaryOf(await ask(sendgrid({ baseUrl: url, apiKey: "SG.key" })));
}

describe("asking SendGrid for the key", () => {
  it("finds one bad that may not send, names the permission, and asks no more", async () => {
    const server = await serverThat({ scopes: json(200, { scopes: ["stats.read"] }) });
    const checks = await ask(sendgrid({ baseUrl: server.url, apiKey: "SG.key" }));
    expect(summaryOf(checks)).toEqual([
      expect.stringMatching(/^bad: .*may not send/),
      expect.stringMatching(/^unknown/),
      expect.stringMatching(/^unknown/),
    ]);
    expect(checks[0]).toMatchObject({ advice: expect.stringContaining("mail.send"), failure: { sent: "no" } });
    expect(pathsOf(server)).toEqual(["GET /v3/scopes"]);
  });

  it("does not know one whose scopes it may not read, and asks the rest", async () => {
    const domain = domains({ domain: "news.example.com", valid: true });
    expect(await summaryAt({ scopes: forbidden, domain })).toEqual([
      expect.stringMatching(/^unknown: .*scopes/),
      expect.stringMatching(/^good/),
      expect.stringMatching(/^good/),
    ]);
  });

  it("asks by the key, and of the SDK's making", async () => {
    const server = await serverThat({});
    await ask(sendgrid({ baseUrl: server.url, apiKey: "SG.key" }));
    for (const { headers, body } of server.requests) {
      expect(headers).toMatchObject({
        authorization: "Bearer SG.key",
        "user-agent": expect.stringMatching(/sendgrid/),
      });
      expect(body).toHaveLength(0);
    }
  });
});

describe("asking SendGrid for the account", () => {
  it.each([
    ["good", { remain: 1, total: 100, overage: 0 }],
    ["good", { remain: 0, total: 100, overage: 17 }],
    ["good", { remain: null, total: null, overage: null }],
    ["bad", { remain: 0, total: 100, overage: 0 }],
    ["unknown", { total: 100 }],
    ["unknown", []],
  ])("finds it %s by credits of %j", async (verdict, body) => {
    expect((await summaryAt({ credits: json(200, body) }))[1]).toMatch(new RegExp(`^${verdict}`));
  });

  it.each([
    ["bad", "suspended", 403, "Sending is not authorized: there is a temporary block on this account."],
    ["bad", "used up", 401, "Maximum credits exceeded"],
    ["unknown", "credits", 403, "access forbidden"],
    ["unknown", "no answer", 404, "not found"],
  ])("finds it %s (%s) after %d %s", async (verdict, words, status, message) => {
    const refused = json(status, { errors: [{ message }] });
    expect((await summaryAt({ credits: refused }))[1]).toMatch(new RegExp(`^${verdict}: .*${words}`));
  });
});

describe("asking SendGrid that stops to answer", () => {
  it("asks no more, and says of the rest what became of the last question", async () => {
    const server = await serverWith({ "GET /v3/scopes": scopes, "GET /v3/user/credits": () => undefined });
    const provider = sendgrid({ baseUrl: server.url, apiKey: "SG.key" });
    await provider.load?.();
    stopTime();
    const asking = ask(provider, { timeout: 300 });
    await until(() => server.requests.length === 2);
    await vi.advanceTimersByTimeAsync(300);
    const failure = { reason: "timeout", sent: "no" };
    expect(await asking).toMatchObject([
      { verdict: "good" },
      { verdict: "unknown", failure },
      { verdict: "unknown", failure },
    ]);
    expect(server.requests).toHaveLength(2);
  });
});

describe("asking SendGrid for the sender", () => {
  const own = { domain: "News.Example.com", valid: true };
  const single = { from_email: "Orders@news.example.com", verified: true };

  it.each([
    ["good", { domain: domains(own) }],
    ["bad", { domain: domains({ ...own, valid: false }) }],
    ["bad", { domain: domains({ ...own, domain: "other.example.com" }) }],
    ["good", { senders: json(200, { results: [single] }) }],
    ["bad", { senders: json(200, { results: [{ ...single, verified: false }] }) }],
    ["bad", { senders: json(200, { results: [{ ...single, from_email: "ada@news.example.com" }] }) }],
    ["good", { domain: forbidden, senders: json(200, { results: [single] }) }],
    ["unknown", { domain: forbidden }],
    ["unknown", { senders: forbidden }],
    ["unknown", { senders: json(200, {}) }],
    ["unknown", { parent: domains({ domain: "example.com", valid: true }) }],
    ["unknown", { parent: forbidden }],
  ] satisfies readonly (readonly [string, Answers])[])("finds it %s by %j", async (verdict, answers) => {
    expect((await summaryAt(answers))[2]).toMatch(new RegExp(`^${verdict}`));
  });

  it("asks for no domain above one that is authenticated, nor for single senders", async () => {
    const server = await serverThat({ domain: domains(own) });
    await ask(sendgrid({ baseUrl: server.url, apiKey: "SG.key" }), { sender });
    expect(pathsOf(server).slice(2)).toEqual(["GET /v3/whitelabel/domains?domain=news.example.com"]);
  });
});
