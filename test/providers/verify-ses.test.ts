import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { ses } from "../../src/providers/ses/index.ts";
import { until } from "../testing/http-client.ts";
import { stopTime } from "../wire/harness.ts";
import type { Reply } from "./esp-server.ts";
import { ask, errorWhenAsked, json, pathsOf, serverWith, summaryOf } from "./support-verify.ts";

const account = { EnforcementStatus: "HEALTHY", ProductionAccessEnabled: true, SendingEnabled: true };
const quota = (most: number, sent: number) => ({ SendQuota: { Max24HourSend: most, SentLast24Hours: sent } });
const verified = json(200, { VerifiedForSendingStatus: true });
const unverified = json(200, { VerifiedForSendingStatus: false, VerificationStatus: "PENDING" });
const missing = error(404, "NotFoundException", "Email identity does not exist.");
const denied = error(403, "AccessDeniedException", "User is not authorized to perform this.");

function error(status: number, code: string, message: string): Reply {
  return json(status, { message }, { "x-amzn-errortype": code });
}

function adapterAt(baseUrl: string) {
  return ses({ baseUrl, region: "eu-west-1", credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret" } });
}

const accountPath = "GET /v2/email/account";
const [addressPath, domainPath, parentPath] = ["orders%40news.example.com", "news.example.com", "example.com"].map(
  (identity) => `GET /v2/email/identities/${identity}`,
);

interface Answers {
  readonly account?: Reply;
  readonly address?: Reply;
  readonly domain?: Reply;
  readonly parent?: Reply;
}

function serverThat({ account: given = json(200, account), address, domain, parent }: Answers) {
  return serverWith({
    [accountPath]: given,
    [`${addressPath}`]: address ?? missing,
    [`${domainPath}`]: domain ?? missing,
    [`${parentPath}`]: parent ?? missing,
  });
}

async function accountAt(answer: Reply): Promise<string | undefined> {
  const { url } = await serverThat({ account: answer, address: verified });
  return summaryOf(await ask(adapterAt(url)))[1];
}

async function senderAt(answers: Answers): Promise<string | undefined> {
  const { url } = await serverThat(answers);
  return summaryOf(await ask(adapterAt(url)))[2];
}

describe("asking SES for the account", () => {
  it.each([
    ["good", "is in the sandbox", { ProductionAccessEnabled: false }],
    ["good", "under review", { EnforcementStatus: "PROBATION" }],
    ["good", "Sending is enabled", quota(-1, 5_000)],
    ["good", "Sending is enabled", quota(200, 199)],
    ["bad", "quota", quota(200, 200)],
    ["bad", "quota", quota(200, 210)],
    ["bad", "turned off", { SendingEnabled: false }],
    ["bad", "suspended", { SendingEnabled: false, EnforcementStatus: "SHUTDOWN" }],
  ])("finds it %s and says that it %s", async (verdict, words, state) => {
    expect(await accountAt(json(200, { ...account, ...state }))).toMatch(new RegExp(`^${verdict}: .*${words}`));
  });

  it.each(["AccessDeniedException", "AccessDenied"])("names the IAM action that is not allowed (%s)", async (code) => {
    const denied = error(403, code, "User is not authorized to perform this.");
    const { url } = await serverThat({ account: denied, address: denied, domain: denied, parent: denied });
    const checks = await ask(adapterAt(url));
    expect(checks).toMatchObject([
      { verdict: "good" },
      { verdict: "unknown", advice: expect.stringContaining("ses:GetAccount") },
      { verdict: "unknown", advice: expect.stringContaining("ses:GetEmailIdentity") },
    ]);
  });

  it.each([
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "ExpiredTokenException",
  ])("finds credentials bad at which it says %s", async (code) => {
    const { url } = await serverThat({ account: error(403, code, "The security token is invalid.") });
    const [credentials] = await ask(adapterAt(url));
    expect(credentials).toMatchObject({
      verdict: "bad",
      finding: "SES does not accept the AWS credentials.",
      failure: { reason: "authentication", code },
    });
  });

  it("believes no answer with the status of a failure, whatever its body says", async () => {
    expect(await accountAt(json(500, account))).toMatch(/^unknown/);
  });

  it.each([
    ["gives up", new DOMException("given up", "AbortError"), "aborted"],
    ["has no more time", new DOMException("too late", "TimeoutError"), "timeout"],
  ])("ends when the caller %s before there was an answer", async (_what, why, reason) => {
    const server = await serverWith({ [accountPath]: () => undefined });
    const controller = new AbortController();
    const asking = errorWhenAsked(adapterAt(server.url), { signal: controller.signal });
    await until(() => server.requests.length === 1);
    controller.abort(why);
    expect((await asking).failure).toMatchObject({ reason });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("repeats nothing of a session token that a function gave it", async () => {
    const sessionToken = "FwoGZXIvYXdzEXAMPLE";
    const server = await serverThat({ account: error(403, "ExpiredTokenException", `${sessionToken} has expired.`) });
    const credentials = async () => ({ accessKeyId: "AKIAEXAMPLE", secretAccessKey: "secret", sessionToken });
    const checks = await ask(ses({ baseUrl: server.url, region: "eu-west-1", credentials }));
    expect(server.requests[0]?.headers).toMatchObject({ "x-amz-security-token": sessionToken });
    expect(summaryOf(checks)[0]).toMatch(/^bad/);
    expect(JSON.stringify(checks)).not.toContain(sessionToken);
  });

  it("finds credentials bad that are not there, without a request", async () => {
    const server = await serverThat({});
    const credentials = async () => {
      throw Object.assign(new Error("Could not load credentials from any providers"), {
        name: "CredentialsProviderError",
      });
    };
    const checks = await ask(ses({ baseUrl: server.url, region: "eu-west-1", credentials }));
    expect(summaryOf(checks)[0]).toMatch(/^bad: No request could be made by the AWS credentials: .*Could not load/);
    expect(checks[0]?.failure).toMatchObject({ reason: "authentication", sent: "no" });
    expect(server.requests).toEqual([]);
  });
});

describe("asking SES for the sender", () => {
  it("asks for the address, its domain and those above it, until one is verified", async () => {
    const server = await serverThat({ parent: verified });
    expect(summaryOf(await ask(adapterAt(server.url)))[2]).toMatch(/^good: .*domain/);
    expect(pathsOf(server)).toEqual([accountPath, addressPath, domainPath, parentPath]);
  });

  it("asks for the domain of an address that is not verified by itself", async () => {
    expect(await senderAt({ address: unverified, domain: verified })).toMatch(/^good: .*domain/);
  });

  it("finds an address bad whose verification is pending, and no domain is verified", async () => {
    expect(await senderAt({ address: unverified })).toMatch(/^bad/);
  });

  it("finds it good by an identity that it may ask for, whatever it may not", async () => {
    expect(await senderAt({ address: denied, domain: verified })).toMatch(/^good/);
  });

  it("does not know it where one of the identities may not be asked for and the others are not verified", async () => {
    expect(await senderAt({ domain: denied })).toMatch(/^unknown: .*ses:GetEmailIdentity/);
  });

  it.each([
    ["throttled", error(429, "TooManyRequestsException", "Too many requests.")],
    ["server-error", { status: 500 }],
    ["bad-response", json(200, {})],
    ["invalid", { status: 404, headers: { "content-type": "text/html" }, body: "<h1>Not found</h1>" }],
  ])("does not know it after an answer that means %s, but knows the account", async (reason, answer) => {
    const server = await serverThat({ address: answer });
    const checks = await ask(adapterAt(server.url));
    expect(checks).toMatchObject([
      { verdict: "good" },
      { verdict: "good" },
      { verdict: "unknown", failure: { reason, sent: "no" } },
    ]);
    expect(server.requests).toHaveLength(2);
  });

  it("keeps what it knows when the time limit ends a later question", async () => {
    const server = await serverWith({ [accountPath]: json(200, account), [`${addressPath}`]: () => undefined });
    const provider = adapterAt(server.url);
    await provider.load?.();
    stopTime();
    const asking = ask(provider, { timeout: 300 });
    await until(() => server.requests.length === 2);
    await vi.advanceTimersByTimeAsync(300);
    expect(await asking).toMatchObject([
      { verdict: "good" },
      { verdict: "good" },
      { verdict: "unknown", failure: { reason: "timeout", sent: "no" } },
    ]);
  });
});
