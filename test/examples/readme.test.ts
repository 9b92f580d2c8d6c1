import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { adapters, Consumer, manifest, project } from "../package/consumer.ts";

const readme = readFileSync(join(project, "README.md"), "utf8");

interface Snippet {
  /** Number of its first line in README.md. */
  readonly line: number;
  readonly code: string;
}

function snippets(language: string): readonly Snippet[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms");
  return [...readme.matchAll(fenced)].map(({ index, 1: code = "" }) => ({
    line: readme.slice(0, index).split("\n").length + 1,
    code,
  }));
}

/** What a reader has around the snippets. */
const surroundings = `
import type { CampaignState, createMailer as createMailerOf, Mailer, Message } from "steadymail";
import type { mailgun as mailgunAdapter } from "steadymail/mailgun";
import type { mailjet as mailjetAdapter } from "steadymail/mailjet";
import type { sendgrid as sendgridAdapter } from "steadymail/sendgrid";
import type { ses as sesAdapter } from "steadymail/ses";
type Log = (...words: readonly unknown[]) => void;
declare global {
  const createMailer: typeof createMailerOf;
  const ses: typeof sesAdapter, sendgrid: typeof sendgridAdapter;
  const mailgun: typeof mailgunAdapter, mailjet: typeof mailjetAdapter;
  const mailer: Mailer<"ses" | "sendgrid" | "mailgun" | "mailjet">;
  const message: Message;
  const to: string, subject: string, html: string, text: string, apiKey: string, key: string, secret: string;
  const signal: AbortSignal;
  const logo: Uint8Array;
  const customer: { readonly id: string };
  const token: string, suppressed: ReadonlySet<string>;
  const invoices: AsyncIterable<{ readonly address: string; readonly number: number }>;
  const database: { read(key: string): Promise<CampaignState | undefined>; write(key: string, state: CampaignState): Promise<void> };
  const log: Readonly<Record<"error" | "warn" | "info", Log>>;
  const pager: { alert(text: string): void };
  const queue: { put(message: Message, notBefore?: Date): Promise<void> };
  const ask: { aHuman(id: string): Promise<void> };
}
`;

/** What the compiler has to say to each snippet, with its line in README.md. */
function faultsOf(code: readonly Snippet[]): readonly string[] {
  const files = new Map([[join(project, "README.surroundings.ts"), surroundings]]);
  const lines = new Map<string, number>();
  for (const snippet of code) {
    const path = join(project, `README.${snippet.line}.ts`);
    // A module, whatever it holds.
    files.set(path, `${snippet.code}\nexport {};`);
    lines.set(path, snippet.line);
  }
  const { config } = ts.readConfigFile(join(project, "tsconfig.json"), ts.sys.readFile);
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(config, ts.sys, project).options,
    // An extract may be a label to the compiler, and name what it does not use.
    allowUnusedLabels: true,
    noUnusedLocals: false,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((path) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(path)).map(({ start = 0, messageText }) => {
      const within = files.get(path)?.slice(0, start).split("\n").length ?? 1;
      const line = lines.get(path);
      const place = line === undefined ? "surroundings" : `README.md:${line + within - 1}`;
      return `${place}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    }),
  );
}

describe("README", () => {
  it("has TypeScript that compiles, strictly", { timeout: 120_000 }, () => {
    const code = snippets("ts");
    expect(code.length).toBeGreaterThan(5);

    expect(faultsOf(code)).toEqual([]);
  });

  it("would be told of a snippet that does not compile", { timeout: 120_000 }, () => {
    const faults = faultsOf([{ line: 7, code: '\nmailer.isolate("postmark");' }]);

    expect(faults).toEqual([expect.stringMatching(/^README\.md:8: .*"postmark"/)]);
  });

  it("has a first send that runs as it stands, without an SDK", async () => {
    using consumer = new Consumer({
      without: ["@aws-sdk/client-sesv2", "@sendgrid/mail", "mailgun.js", "node-mailjet"],
    });
    const { stdout, stderr, code } = await consumer.run("first.mjs", snippetWith("// first.mjs"));

    expect(stdout.trim().split("\n").at(-1)).toMatch(/^log \S+$/);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("has a rehearsal that comes out as it says", async () => {
    using consumer = new Consumer();
    const rehearsal = snippetWith("accept-then-reset");
    const promised = [...rehearsal.matchAll(/^console\.log.* \/\/ (.*)$/gm)].map(({ 1: comment = "" }) => comment);
    const { stdout, stderr, code } = await consumer.run("rehearsal.mjs", rehearsal);

    expect(promised).toHaveLength(2);
    expect(stdout.trim().split("\n")).toEqual(promised.map((words) => words.replaceAll('"', "")));
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("names scripts, files and packages that exist", () => {
    const commands = snippets("sh")
      .map(({ code }) => code)
      .join("");
    const { scripts, peerDependencies } = manifest();

    for (const [, script = ""] of commands.matchAll(/npm run (\w+)/g)) expect(Object.keys(scripts)).toContain(script);
    for (const [, file = ""] of commands.matchAll(/npx tsx (\S+)/g))
      expect(ts.sys.fileExists(join(project, file))).toBe(true);
    for (const sdk of Object.keys(peerDependencies)) expect(commands).toContain(sdk);
  });

  it("says of each field of a message where it goes at each ESP", () => {
    const table = readme.slice(readme.indexOf("## Which field goes where"), readme.indexOf("## Events"));
    const rows = table.split("\n").filter((line) => line.startsWith("|"));

    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(adapters.length + 3);
    const fields = fieldsOf("Message", "src/message/message.ts");
    expect(fields).toContain("subject");
    for (const field of fields) expect(table).toContain(`\`${field}\``);
  });

  it.each([
    ["a mailer", "MailerOptions", "src/options.ts", "## Options of a mailer", "## A message with everything"],
    ["retries", "RetryOptions", "src/options.ts", "## Options of a mailer", "## A message with everything"],
    [
      "a breaker",
      "BreakerOptions",
      "src/health/breaker-options.ts",
      "## Options of a mailer",
      "## A message with everything",
    ],
    ["a provider", "Route", "src/options.ts", "## With two providers", "## Options of a mailer"],
    ["an adapter", "AdapterOptions", "src/providers/options.ts", "## With two providers", "## Options of a mailer"],
    ["a send", "SendOptions", "src/options.ts", "## Options of a send", "## Send many"],
    ["many sends", "SendManyOptions", "src/bulk/campaign.ts", "## Send many", "## A campaign"],
    ["a campaign", "BulkOptions", "src/bulk/campaign.ts", "## A campaign", "### After a crash"],
  ])("names every option of %s", (_, type, file, start, end) => {
    const section = readme.slice(readme.indexOf(start), readme.indexOf(end));
    const missing = fieldsOf(type, file).filter((option) => !new RegExp(`\\b${option}\\b`).test(section));

    expect(missing).toEqual([]);
  });

  it("shows a message with every field but what only one provider can do", () => {
    const section = readme.slice(readme.indexOf("## A message with everything"), readme.indexOf("## What becomes of"));
    const missing = fieldsOf("Message", "src/message/message.ts").filter((field) => !section.includes(`${field}: `));

    expect(missing).toEqual(["providerOptions"]);
  });

  it("keeps its prose to one width", () => {
    const prose = readme.split("\n").filter((line) => !line.startsWith("|"));

    expect(prose.filter((line) => line.length > 125)).toEqual([]);
  });

  it("names every event", () => {
    const source = readFileSync(join(project, "src/events.ts"), "utf8");
    const [, body = ""] = /export interface MailerEvents<.*?> \{\n(.*?)^\}/ms.exec(source) ?? [];
    const events = [...body.matchAll(/^ {2}"?([\w:-]+)"?: /gm)].map(({ 1: name = "" }) => name);

    expect(events).toContain("provider:down");
    for (const event of events) expect(readme).toContain(`\`${event}\``);
  });
});

function snippetWith(words: string): string {
  const found = snippets("ts").find(({ code }) => code.includes(words));
  if (!found) throw new Error(`README.md has no snippet with ${words}`);
  return found.code;
}

/** The fields of a type as its source has them. */
function fieldsOf(type: string, file: string): readonly string[] {
  const source = readFileSync(join(project, file), "utf8");
  const [, body = ""] = new RegExp(`export interface ${type}\\b.*? \\{\\n(.*?)^\\}`, "ms").exec(source) ?? [];
  const fields = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(({ 1: name = "" }) => name);
  expect(fields.length).toBeGreaterThan(1);
  return fields;
}
