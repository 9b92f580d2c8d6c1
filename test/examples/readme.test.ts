import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { adapters, Consumer, project } from "../package/consumer.ts";
import { page, section, snippets } from "./pages.ts";

const readme = page("README.md");
const usage = page("docs/usage.md");
const bulk = page("docs/bulk.md");

describe("README", () => {
  it("has a first send that runs as it stands, without an SDK", async () => {
    using consumer = new Consumer({
      without: ["@aws-sdk/client-sesv2", "@sendgrid/mail", "mailgun.js", "node-mailjet", "nodemailer"],
    });
    const first = snippets("ts", [readme]).find(({ code }) => code.startsWith("// first.mjs\n"));
    const { stdout, stderr, code } = await consumer.run("first.mjs", first?.code ?? "");

    expect(stdout.trim().split("\n").at(-1)).toMatch(/^log \S+$/);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("has the two commands that show that it works", () => {
    const commands = snippets("sh", [readme]).map(({ code }) => code.trim());

    expect(commands).toEqual(expect.arrayContaining(["npm ci && npm run demo", "npm ci && npm test"]));
  });
});

describe("the documentation", () => {
  it("says of each field of a message where it goes at each ESP", () => {
    const table = section(page("docs/esps.md"), "## Which field goes where");
    const rows = table.split("\n").filter((line) => line.startsWith("|"));

    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(adapters.length + 3);
    const fields = fieldsOf("Message", "src/message/message.ts");
    expect(fields).toContain("subject");
    for (const field of fields) expect(table).toContain(`\`${field}\``);
  });

  it.each([
    ["a mailer", "MailerOptions", "src/options.ts", usage, "## Options of a mailer"],
    ["retries", "RetryOptions", "src/options.ts", usage, "## Options of a mailer"],
    ["a breaker", "BreakerOptions", "src/health/breaker-options.ts", usage, "## Options of a mailer"],
    ["a provider", "Route", "src/options.ts", usage, "## Providers"],
    ["an adapter", "AdapterOptions", "src/providers/options.ts", usage, "## Providers"],
    ["a send", "SendOptions", "src/options.ts", usage, "## Options of a send"],
    ["many sends", "SendManyOptions", "src/bulk/campaign.ts", bulk, "## Send many"],
    ["a campaign", "BulkOptions", "src/bulk/campaign.ts", bulk, "## A campaign"],
    ["a drill", "DrillOptions", "src/drill.ts", page("docs/operations.md"), "## Drill"],
  ])("names every option of %s", (_, type, file, where, heading) => {
    const text = section(where, heading);
    const missing = fieldsOf(type, file).filter((option) => !new RegExp(`\\b${option}\\b`).test(text));

    expect(missing).toEqual([]);
  });

  it("shows a message with every field but what stands below it", () => {
    const text = section(usage, "## A message with everything");
    const [everything = ""] = text.split("\n```\n");
    const missing = fieldsOf("Message", "src/message/message.ts").filter((field) => !everything.includes(`${field}: `));

    expect(missing).toEqual(["template", "providerOptions"]);
    for (const field of missing) expect(text).toContain(`${field}: `);
  });

  it("names every field of a provider's health, and of a receipt", () => {
    const health = section(page("docs/health-and-events.md"), "## Ask");
    const receipt = section(usage, "## What you get back");

    for (const field of fieldsOf("ProviderHealth", "src/health/provider-health.ts")) expect(health).toContain(field);
    for (const field of fieldsOf("Receipt", "src/receipt.ts")) expect(receipt).toContain(`receipt.${field};`);
  });

  it("names every event", () => {
    const told = section(page("docs/health-and-events.md"), "## Be told");
    const source = readFileSync(join(project, "src/events.ts"), "utf8");
    const [, body = ""] = /export interface MailerEvents<.*?> \{\n(.*?)^\}/ms.exec(source) ?? [];
    const events = [...body.matchAll(/^ {2}"?([\w:-]+)"?: /gm)].map(({ 1: name = "" }) => name);

    expect(events).toContain("provider:down");
    for (const event of events) expect(told).toContain(`\`${event}\``);
  });

  it("names every fault of a simulator", () => {
    const { text } = page("docs/testing.md");
    const source = readFileSync(join(project, "src/testing/simulator/fault.ts"), "utf8");
    const [, body = ""] = /export const effects.*? = \{\n(.*?)^\};/ms.exec(source) ?? [];
    const kinds = [...body.matchAll(/^ {2}"?([\w-]+)"?: /gm)].map(({ 1: kind = "" }) => kind);

    expect(kinds).toContain("throttle");
    for (const kind of kinds) expect(text).toContain(`\`${kind}\``);
  });

  it.each([
    ["reason", "Reason", "src/failure.ts", page("docs/outcomes.md")],
    ["kind of error", "ErrorKind", "src/errors.ts", page("docs/outcomes.md")],
    ["fault of a drill", "DrillFault", "src/drill.ts", page("docs/operations.md")],
    ["reason of a change", "ChangeReason", "src/health/change.ts", page("docs/health-and-events.md")],
  ])("names every %s", (_, type, file, { text }) => {
    const source = readFileSync(join(project, file), "utf8");
    const [, body = ""] = new RegExp(`export type ${type} =(.*?);\\n`, "s").exec(source) ?? [];
    const words = [...body.matchAll(/"([\w-]+)"/g)].map(({ 1: word = "" }) => word);

    expect(words.length).toBeGreaterThan(5);
    for (const word of words) expect(text).toContain(`\`${word}\``);
  });
});

/** The fields of a type as its source has them. */
function fieldsOf(type: string, file: string): readonly string[] {
  const source = readFileSync(join(project, file), "utf8");
  const [, body = ""] = new RegExp(`export interface ${type}\\b.*? \\{\\n(.*?)^\\}`, "ms").exec(source) ?? [];
  const fields = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(({ 1: name = "" }) => name);
  expect(fields.length).toBeGreaterThan(1);
  return fields;
}
