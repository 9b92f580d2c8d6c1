import { describe, expect, it } from "vitest";
import { mailjet } from "../../src/providers/mailjet/index.ts";
import type { Reply } from "./esp-server.ts";
import { ask, json, pathsOf, serverWith, summaryOf } from "./support-verify.ts";

const keyPath = "GET /v3/REST/apikey?APIKey=public";
const addressPath = "GET /v3/REST/sender?Email=orders%40news.example.com";
const domainPath = "GET /v3/REST/sender?Email=*%40news.example.com";
const anyPath = "GET /v3/REST/sender?Limit=1";

const entries = (...Data: readonly object[]) => json(200, { Count: Data.length, Data, Total: Data.length });
const key = { APIKey: "public", IsActive: true, Runlevel: "Normal" };
const address = { Email: "Orders@news.example.com", Status: "Active" };
const unauthorized = json(401, { StatusCode: 401, ErrorCode: "mj-0015", ErrorMessage: "API key failure" });

interface Answers {
  readonly key?: Reply;
  readonly address?: Reply;
  readonly domain?: Reply;
  readonly any?: Reply;
}

function serverThat(answers: Answers) {
  return serverWith({
    [keyPath]: answers.key ?? entries(key),
    [addressPath]: answers.address ?? entries(),
    [domainPath]: answers.domain ?? entries(),
    [anyPath]: answers.any ?? entries(),
  });
}

async function summaryAt(answers: Answers): Promise<readonly string[]> {
  const { url } = await serverThat(answers);
  return summaryOf(await ask(mailjet({ baseUrl: url, apiKey: "public", apiSecret: "private" })));
}

const matching = (verdict: string) => expect.stringMatching(new RegExp(`^${verdict}`));

describe("asking Mailjet for the key", () => {
  it.each([
    ["good", entries(key)],
    ["good", entries({ ...key, APIKey: "another", IsActive: false }, key)],
    ["bad", entries({ ...key, IsActive: false })],
    ["unknown", entries({ ...key, Runlevel: "Softlock" })],
    ["unknown", entries({ ...key, Runlevel: "Hardlock" })],
    ["unknown", entries({ ...key, APIKey: "another" })],
  ])("finds the account %s by %j", async (verdict, answer) => {
    expect((await summaryAt({ key: answer })).slice(0, 2)).toEqual([matching("good"), matching(verdict)]);
  });

  it.each([401, 403])("asks for senders by one that may not ask for keys (%d), and finds it good", async (status) => {
    const refused = json(status, { StatusCode: status, ErrorMessage: "Not allowed" });
    const server = await serverThat({ key: refused, address: entries(address) });
    const checks = await ask(mailjet({ baseUrl: server.url, apiKey: "public", apiSecret: "private" }));
    expect(summaryOf(checks)).toEqual(["good", "unknown", "good"].map(matching));
    expect(pathsOf(server)).toEqual([keyPath, anyPath, addressPath]);
  });

  it("finds one bad that may ask for neither", async () => {
    const checks = await summaryAt({ key: unauthorized, any: unauthorized });
    expect(checks).toEqual(["bad", "unknown", "unknown"].map(matching));
  });

  it("asks by both parts of the key pair", async () => {
    const server = await serverThat({});
    await ask(mailjet({ baseUrl: server.url, apiKey: "public", apiSecret: "private" }));
    const authorization = `Basic ${Buffer.from("public:private").toString("base64")}`;
    for (const { headers } of server.requests) expect(headers).toMatchObject({ authorization });
  });
});

describe("asking Mailjet for the sender", () => {
  const wildcard = { Email: "*@news.example.com", Status: "Active" };

  it.each([
    ["good: .*address", { address: entries(address) }],
    ["good: .*domain", { domain: entries(wildcard) }],
    ["good: .*domain", { address: entries({ ...address, Status: "Inactive" }), domain: entries(wildcard) }],
    ["bad", { address: entries({ ...address, Status: "Inactive" }) }],
    [
      "bad",
      { address: entries({ ...address, Status: "Deleted" }), domain: entries({ ...wildcard, Status: "Inactive" }) },
    ],
    ["bad", { address: entries({ ...address, Email: "ada@news.example.com" }) }],
    ["unknown", { address: json(500, {}) }],
    ["unknown", { domain: json(200, {}) }],
  ] satisfies readonly (readonly [string, Answers])[])("finds it %s by %j", async (verdict, answers) => {
    expect((await summaryAt(answers))[2]).toMatch(new RegExp(`^${verdict}`));
  });
});
