import { describe, expect, it } from "vitest";
import { mailgun } from "../../src/providers/mailgun/index.ts";
import { formOf, type Reply } from "./esp-server.ts";
import { ask, json, pathsOf, serverWith, summaryOf } from "./support-verify.ts";

const asking = "GET /v4/domains/news.example.com";
const probing = "POST /v3/news.example.com/messages";
const forbidden: Reply = { status: 401, headers: { "content-type": "text/plain" }, body: "Forbidden" };
const domain = (state: object) => json(200, { domain: { name: "news.example.com", ...state } });

function serverThat(asked: Reply, probed?: Reply) {
  return serverWith({ [asking]: asked, ...(probed && { [probing]: probed }) });
}

function adapterAt(baseUrl: string, domain = "news.example.com") {
  return mailgun({ baseUrl, apiKey: "key", domain });
}

async function summaryAt(asked: Reply, probed?: Reply): Promise<readonly string[]> {
  const { url } = await serverThat(asked, probed);
  return summaryOf(await ask(adapterAt(url)));
}

const matching = (verdict: string) => expect.stringMatching(new RegExp(`^${verdict}`));

describe("asking Mailgun for the domain", () => {
  it.each([
    [["good", "good", "good"], { state: "active", is_disabled: false }],
    [["good", "good: .*sandbox", "good"], { state: "active", is_disabled: false, type: "sandbox" }],
    [["good", "good", "bad: .*not verified"], { state: "unverified", is_disabled: false }],
    [["good", "bad", "unknown"], { state: "disabled", is_disabled: true }],
    [["good", "bad", "good"], { state: "active", is_disabled: true }],
  ])("finds %j of the state %j", async (verdicts, state) => {
    expect(await summaryAt(domain(state))).toEqual(verdicts.map(matching));
  });

  it("finds the account bad that has no such domain, and the key good", async () => {
    const checks = await ask(adapterAt((await serverThat(json(404, { message: "Domain not found" }))).url));
    expect(summaryOf(checks)).toEqual(["good", "bad: .*region", "unknown"].map(matching));
    expect(checks[1]).toMatchObject({ advice: expect.stringContaining("region"), failure: { status: 404 } });
  });

  it("finds a sender good in a domain that is written in capitals", async () => {
    const { url } = await serverWith({ "GET /v4/domains/News.Example.COM": domain({ state: "active" }) });
    expect(summaryOf(await ask(adapterAt(url, "News.Example.COM")))[2]).toMatch(/^good: .*in the sending domain/);
  });

  it("finds an unverified domain bad although no sender is named", async () => {
    const { url } = await serverThat(domain({ state: "unverified" }));
    expect(summaryOf(await ask(adapterAt(url), { sender: undefined }))[2]).toMatch(/^bad/);
  });
});

describe("asking Mailgun by a sending key", () => {
  const missing = json(400, { message: "to parameter is missing" });

  it("proves key and domain by a message to nobody", async () => {
    const server = await serverThat(forbidden, missing);
    expect(summaryOf(await ask(adapterAt(server.url)))).toEqual(["good", "unknown", "unknown"].map(matching));
    expect(pathsOf(server)).toEqual([asking, probing]);
  });

  it("asks for it with nothing that could be sent: no recipient, no sender, no content, and as a test", async () => {
    const server = await serverThat(forbidden, missing);
    await ask(adapterAt(server.url));
    const [, probe] = server.requests;
    if (!probe) throw new Error("there is no second request");
    expect([...(await formOf(probe))]).toEqual([["o:testmode", "yes"]]);
  });

  it.each([
    [["bad", "unknown", "unknown"], forbidden],
    [["good", "bad", "unknown"], json(403, { message: "Your account is temporarily disabled." })],
    [["good", "bad", "unknown"], json(402, { message: "Payment required" })],
    [["good", "bad", "unknown"], json(404, { message: "Domain not found: news.example.com" })],
    [["good", "unknown", "bad"], json(400, { message: "Domain news.example.com is not allowed to send: unverified" })],
    [["unknown", "unknown", "unknown"], json(400, { message: "something else" })],
    [["unknown", "unknown", "unknown"], json(200, { id: "<1@news.example.com>", message: "Queued. Thank you." })],
    [["unknown", "unknown", "unknown"], { status: 500 }],
    [["unknown", "unknown", "unknown"], json(500, { message: "to parameter is missing" })],
  ])("finds %j of the answer %j", async (verdicts, probed) => {
    expect(await summaryAt(forbidden, probed)).toEqual(verdicts.map(matching));
  });

  it("says that no sender was named where none was", async () => {
    const { url } = await serverThat(forbidden, missing);
    expect(summaryOf(await ask(adapterAt(url), { sender: undefined }))[2]).toMatch(/^unknown: .*none was named/);
  });

  it("does the same for a key of a role that may not read domains", async () => {
    const refused = json(403, { message: "Forbidden for this role" });
    expect(await summaryAt(refused, missing)).toEqual(["good", "unknown", "unknown"].map(matching));
  });
});
