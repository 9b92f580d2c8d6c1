import https from "node:https";
import type net from "node:net";
import { describe, expect, it } from "vitest";
import { mailgun } from "../../src/providers/mailgun/index.ts";
import { mailjet } from "../../src/providers/mailjet/index.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { ses } from "../../src/providers/ses/index.ts";
import { context, failureOf, message } from "./esps.ts";

/** An agent that notes where it is to connect to, and never does. */
class NotingAgent extends https.Agent {
  readonly hosts: string[] = [];

  override createConnection(options: { host?: string | null }): net.Socket {
    this.hosts.push(String(options.host));
    throw Object.assign(new Error("no connections here"), { code: "ECONNREFUSED" });
  }
}

const domain = "mg.example.com";
const keys = { apiKey: "x", apiSecret: "y" };
const credentials = { accessKeyId: "AKIAX", secretAccessKey: "y" };

const cases: readonly (readonly [host: string, create: (agent: https.Agent) => Provider])[] = [
  ["api.sendgrid.com", (agent) => sendgrid({ apiKey: "SG.x", agent })],
  ["api.sendgrid.com", (agent) => sendgrid({ apiKey: "SG.x", region: "global", agent })],
  ["api.eu.sendgrid.com", (agent) => sendgrid({ apiKey: "SG.x", region: "eu", agent })],
  ["api.mailgun.net", (agent) => mailgun({ apiKey: "x", domain, agent })],
  ["api.eu.mailgun.net", (agent) => mailgun({ apiKey: "x", domain, region: "eu", agent })],
  ["api.mailjet.com", (agent) => mailjet({ ...keys, agent })],
  ["email.eu-west-1.amazonaws.com", (agent) => ses({ region: "eu-west-1", credentials, agent })],
  ["email.ap-northeast-1.amazonaws.com", (agent) => ses({ region: "ap-northeast-1", credentials, agent })],
  [
    "email-fips.us-east-1.amazonaws.com",
    (agent) => ses({ region: "us-east-1", useFipsEndpoint: true, credentials, agent }),
  ],
  ["gateway.example.com", (agent) => sendgrid({ apiKey: "SG.x", baseUrl: "https://gateway.example.com/x", agent })],
];

describe("a region", () => {
  it.each(cases)("leads to %s, by the user's own agent", async (host, create) => {
    const agent = new NotingAgent();
    const failure = await failureOf(create(agent).send(message(), context()));
    expect(agent.hosts).toEqual([host]);
    expect(failure.sent).toBe("no");
  });
});
