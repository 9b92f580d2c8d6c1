import { afterEach, describe, expect, it } from "vitest";
import { type EspName, type Simulator, type SimulatorOptions, startSimulator } from "../../src/testing/index.ts";
import { exchange, type HttpRequest, type Sight, until } from "./http-client.ts";
import { basic, sendgridRequest, validRequest } from "./valid-requests.ts";

const espNames = ["ses", "sendgrid", "mailgun", "mailjet"] as const;

const open: Simulator[] = [];
afterEach(() => Promise.all(open.splice(0).map((esp) => esp.close())));

async function start<E extends EspName>(name: E, options: SimulatorOptions<E> = {}): Promise<Simulator<E>> {
  const esp = await startSimulator(name, options);
  open.push(esp);
  return esp;
}

function get(path: string, authorization: string): HttpRequest {
  return { method: "GET", path, headers: { authorization }, body: "" };
}

/** `HEAD /` without credentials. */
function knock(esp: Simulator): Promise<Sight> {
  return exchange(esp.url, { method: "HEAD", path: "/", headers: {}, body: "" });
}

async function sendTo<E extends EspName>(esp: Simulator<E>): Promise<Sight> {
  return exchange(esp.url, await validRequest[esp.esp](esp.options));
}

describe.each(espNames)("the senders of a simulated %s", (name) => {
  it("are any by default", async () => {
    const esp = await start(name);
    expect((await sendTo(esp)).status).toBeLessThan(300);
  });

  it("are refused where they are not on its list, in its words", async () => {
    const esp = await start(name, { senders: ["example.net"] });
    expect((await sendTo(esp)).status).toBe({ ses: 400, sendgrid: 403, mailgun: 400, mailjet: 403 }[name]);
    expect(esp).toMatchObject({ requests: 1, inbox: [] });
  });

  it("are taken by their domain", async () => {
    const esp = await start(name, { senders: ["example.com", "mg.example.com"] });
    expect((await sendTo(esp)).status).toBeLessThan(300);
    expect(esp.inbox).toMatchObject([{ from: { address: "orders@example.com" } }]);
  });

  it("must be addresses or domains", async () => {
    await expect(startSimulator(name, { senders: ["Shop <orders@example.com>"] })).rejects.toThrow(TypeError);
    await expect(startSimulator(name, { senders: ["localhost"] })).rejects.toThrow(
      "senders must be addresses or domains",
    );
  });
});

describe.each(espNames)("a knock at a simulated %s", (name) => {
  it("is answered and counted", async () => {
    const esp = await start(name);
    expect(await knock(esp)).toMatchObject({ status: 404, body: "" });
    expect(esp).toMatchObject({ requests: 1, connections: 1, inbox: [] });
  });

  it("uses up no time of a fault", async () => {
    const esp = await start(name);
    await esp.fault({ kind: "status", status: 500 }, { times: 1 });
    expect(await knock(esp)).toMatchObject({ status: 404 });
    expect(await sendTo(esp)).toMatchObject({ status: 500 });
    expect((await sendTo(esp)).status).toBeLessThan(300);
  });

  it("is a request as any other where it has credentials", async () => {
    const esp = await start(name);
    await esp.fault({ kind: "status", status: 500 }, { times: 1 });
    const request = { method: "HEAD", path: "/", headers: { authorization: "Bearer key" }, body: "" };
    expect(await exchange(esp.url, request)).toMatchObject({ status: 500 });
    expect((await sendTo(esp)).status).toBeLessThan(300);
  });

  it("suffers a reset without using it up", async () => {
    const esp = await start(name);
    await esp.fault({ kind: "reset-after-request" }, { times: 1 });
    expect(await knock(esp)).toMatchObject({ broken: "ECONNRESET" });
    expect(await sendTo(esp)).toMatchObject({ broken: "ECONNRESET" });
    expect((await sendTo(esp)).status).toBeLessThan(300);
  });

  it("gets no answer while the ESP stalls or refuses", async () => {
    const esp = await start(name);
    await esp.fault({ kind: "stall" });
    const stalled = knock(esp);
    await until(() => esp.requests === 1);
    await esp.fault({ kind: "refuse" });
    expect(await knock(esp)).toMatchObject({ broken: "ECONNREFUSED" });
    await esp.close();
    expect(await stalled).toMatchObject({ broken: "ECONNRESET" });
  });
});

describe("a question to a simulator", () => {
  it("counts as a request, and uses up a time of a fault", async () => {
    const esp = await start("sendgrid");
    const scopes = get("/v3/scopes", `Bearer ${esp.options.apiKey}`);
    await esp.fault({ kind: "status", status: 500 }, { times: 1 });
    expect(await exchange(esp.url, scopes)).toMatchObject({ status: 500 });
    expect(await exchange(esp.url, scopes)).toMatchObject({ status: 200 });
    expect(esp).toMatchObject({ requests: 2, inbox: [] });
  });

  it("needs credentials", async () => {
    const [sendgrid, mailgun, mailjet] = await Promise.all([start("sendgrid"), start("mailgun"), start("mailjet")]);
    const others = [
      exchange(sendgrid.url, get("/v3/scopes", "Bearer other")),
      exchange(mailgun.url, get("/v4/domains/mg.example.com", basic("api", "other"))),
      exchange(mailjet.url, get("/v3/REST/apikey", basic("other", "other"))),
    ];
    for (const sight of await Promise.all(others)) expect(sight).toMatchObject({ status: 401 });
  });

  it("is not answered to credentials that may only send, whose mails are taken", async () => {
    const esp = await start("sendgrid", { sendOnly: true });
    const authorization = `Bearer ${esp.options.apiKey}`;
    expect(await exchange(esp.url, get("/v3/user/credits", authorization))).toMatchObject({ status: 403 });
    const scopes = await exchange(esp.url, get("/v3/scopes", authorization));
    expect(JSON.parse(scopes.body)).toEqual({ scopes: ["2fa_required", "mail.send", "sender_verification_eligible"] });
    expect(await exchange(esp.url, sendgridRequest(esp.options))).toMatchObject({ status: 202 });
    expect(esp.inbox).toHaveLength(1);
  });

  it("is told the senders that were named, each in its form", async () => {
    const senders = ["Example.com", "ada@example.net"];
    const [sendgrid, mailjet] = await Promise.all([start("sendgrid", { senders }), start("mailjet", { senders })]);
    const bearer = `Bearer ${sendgrid.options.apiKey}`;
    const domains = await exchange(sendgrid.url, get("/v3/whitelabel/domains", bearer));
    expect(JSON.parse(domains.body)).toMatchObject([{ domain: "example.com", valid: true }]);
    const singles = await exchange(sendgrid.url, get("/v3/verified_senders", bearer));
    expect(JSON.parse(singles.body)).toMatchObject({ results: [{ from_email: "ada@example.net", verified: true }] });
    const { apiKey, apiSecret } = mailjet.options;
    const entries = await exchange(mailjet.url, get("/v3/REST/sender", basic(apiKey, apiSecret)));
    expect(JSON.parse(entries.body)).toMatchObject({
      Count: 2,
      Data: [
        { Email: "ada@example.net", Status: "Active" },
        { Email: "*@example.com", Status: "Active" },
      ],
    });
  });

  it.each([
    ["sendgrid", "/v3/scopes"],
    ["mailgun", "/v4/domains/mg.example.com"],
    ["mailjet", "/v3/REST/sender"],
  ] as const)("to %s is refused by another method", async (name, path) => {
    const esp = await start(name);
    expect(await exchange(esp.url, { ...get(path, "x"), method: "DELETE" })).toMatchObject({ status: 405 });
  });
});
