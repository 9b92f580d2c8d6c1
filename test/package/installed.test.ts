import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "./bundle.ts";
import { Compiler } from "./compiler.ts";
import { adapters as esps, manifest, type Outcome, packageOf, runNode } from "./consumer.ts";
import { startReceiver } from "./receiver.ts";
import { Tarball } from "./tarball.ts";

const adapters = [...esps, "smtp"] as const;

/** Sends one mail by one adapter, whose options it gets as JSON. */
const appOf = (adapter: string) => `
import { createMailer, type Message } from "steadymail";
import { ${adapter} } from "steadymail/${adapter}";

const mailer = createMailer({ providers: [${adapter}(JSON.parse(process.argv[2] ?? "{}"))] });
const message: Message = { from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" };
void mailer.send(message, { only: ["${adapter}"] }).then(({ provider }) => console.log(provider));
`;

/** Each line marked is an error, or the marks are: so each of these typos is found, and nothing else. */
const typosOf = (adapter: string) => `
import { createMailer } from "steadymail";
import { ${adapter} } from "steadymail/${adapter}";

const mailer = createMailer({ providers: [${adapter}(JSON.parse("{}"))] });
const message = { from: "a@example.com", to: "b@example.org", subject: "" };
void mailer.send({ ...message, template: { id: { ${adapter}: "welcome" } } }, { only: ["${adapter}"], except: [] });
mailer.drill("${adapter}", "unreachable", { for: 1_000 });
// @ts-expect-error
void mailer.send(message, { only: ["${adapter}s"] });
// @ts-expect-error
void mailer.send(message, { except: ["${adapter}s"] });
// @ts-expect-error
void mailer.send({ ...message, template: { id: { ${adapter}s: "welcome" } } });
// @ts-expect-error
mailer.drill("${adapter}s", "unreachable", { for: 1_000 });
// @ts-expect-error
mailer.drill("${adapter}", "unreachible", { for: 1_000 });
// @ts-expect-error
mailer.isolate("${adapter}s");
// @ts-expect-error
createMailer({ providers: [${adapter}(JSON.parse("{}"))], defaults: { templates: {} } });
// @ts-expect-error
void import("steadymail/${adapter}s");
`;

/** As somebody has it who says no more than what is to come out. */
const compilers = {
  node: new Compiler({ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext }),
  bundler: new Compiler({
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noEmit: true,
  }),
};

function send(app: string, folder: string, options: object): Promise<Outcome> {
  return runNode([app, JSON.stringify(options)], folder);
}

describe("installed from its tarball", { timeout: 120_000 }, () => {
  let tarball: Tarball;
  beforeAll(async () => {
    tarball = await Tarball.pack();
  });
  afterAll(() => tarball[Symbol.dispose]());

  describe.each(adapters)("with nothing beside it but what %s needs", (adapter) => {
    let folder: string;
    beforeAll(async () => {
      folder = await tarball.install(adapter, [packageOf[adapter], "@types/node"]);
      for (const [kind, type] of [
        ["esm", "module"],
        ["cjs", "commonjs"],
      ] as const) {
        mkdirSync(join(folder, kind));
        writeFileSync(join(folder, kind, "package.json"), JSON.stringify({ type }));
        writeFileSync(join(folder, kind, "app.ts"), appOf(adapter));
        writeFileSync(join(folder, kind, "typos.ts"), typosOf(adapter));
      }
    });

    it("it compiles strictly as an ES module and as CommonJS, finds typos, and sends from both", async () => {
      const files = ["esm/app.ts", "cjs/app.ts", "esm/typos.ts", "cjs/typos.ts"];
      expect(compilers.node.compile(folder, files)).toEqual([]);

      await using receiver = await startReceiver(adapter);
      for (const kind of ["esm", "cjs"]) {
        const app = join(folder, kind, "app.js");
        expect(await send(app, folder, receiver.options)).toEqual({ stdout: `${adapter}\n`, stderr: "", code: 0 });
      }
      expect(receiver.received()).toBe(2);
    });

    it("it compiles for a bundler", () => {
      expect(compilers.bundler.compile(folder, ["esm/app.ts", "esm/typos.ts"])).toEqual([]);
    });

    it.each(["esm", "cjs"] as const)(
      "bundled into one file (%s) it sends where nothing is installed",
      async (format) => {
        const { code, warnings } = await bundle(join(folder, "esm"), appOf(adapter), { format, loader: "ts" });
        expect(warnings).toEqual([]);

        await using receiver = await startReceiver(adapter);
        const elsewhere = mkdtempSync(join(tmpdir(), "steadymail-bundle-"));
        const app = join(elsewhere, format === "esm" ? "app.mjs" : "app.cjs");
        writeFileSync(app, code);
        expect(await send(app, elsewhere, receiver.options)).toEqual({ stdout: `${adapter}\n`, stderr: "", code: 0 });
        expect(receiver.received()).toBe(1);
        rmSync(elsewhere, { recursive: true });
      },
    );
  });

  it("beside Nodemailer and its types alone, a transporter of Nodemailer takes a mailer", async () => {
    const folder = await tarball.install("transport", ["nodemailer", "@types/nodemailer", "@types/node"], "module");
    writeFileSync(join(folder, "app.ts"), transporterApp);
    writeFileSync(join(folder, "app.cts"), transporterApp.replace("await ", "void "));

    expect(compilers.node.compile(folder, ["app.ts", "app.cts"])).toEqual([]);
    for (const file of ["app.js", "app.cjs"]) {
      expect(await send(join(folder, file), folder, {})).toEqual({ stdout: "1\n", stderr: "", code: 0 });
    }
  });

  it("with none of the SDKs it says of each adapter what to install, at a send and before", async () => {
    const folder = await tarball.install("bare", []);
    const app = join(folder, "app.mjs");
    writeFileSync(app, warmAndSend);
    const { stdout, stderr } = await runNode([app, JSON.stringify(accounts)], folder);

    expect(stderr).toBe("");
    for (const [adapter, { warmth, error }] of Object.entries<{ warmth: unknown; error: string }>(JSON.parse(stdout))) {
      const name = adapters.find((each) => each === adapter) ?? "ses";
      const detail = `${packageOf[name]} is not installed: npm install ${packageOf[name]}`;
      expect(warmth).toMatchObject([{ provider: adapter, ready: false, failure: { reason: "internal", detail } }]);
      expect(error).toContain(detail);
    }
    expect(Object.keys(JSON.parse(stdout))).toEqual(adapters);
  });
});

it("each package that an adapter needs is an optional peer, so that nobody gets what they do not use", () => {
  const { peerDependencies, peerDependenciesMeta } = manifest();

  expect(Object.keys(peerDependencies).sort()).toEqual(Object.values(packageOf).sort());
  for (const name of Object.values(packageOf)) expect(peerDependenciesMeta[name]).toEqual({ optional: true });
});

const accounts: Readonly<Record<(typeof adapters)[number], object>> = {
  ses: { region: "eu-west-1", credentials: { accessKeyId: "id", secretAccessKey: "secret" } },
  sendgrid: { apiKey: "key" },
  mailgun: { apiKey: "key", domain: "mg.example.com" },
  mailjet: { apiKey: "key", apiSecret: "secret" },
  smtp: { host: "127.0.0.1", requireTls: false, auth: false },
};

const transporterApp = `
import { createTransport } from "nodemailer";
import { createMailer } from "steadymail";
import { steadymailTransport } from "steadymail/nodemailer";
import { memoryProvider } from "steadymail/testing";

const inMemory = memoryProvider();
const transporter = createTransport(steadymailTransport(createMailer({ providers: [inMemory] })));
await transporter
  .sendMail({ from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" })
  .then(() => console.log(inMemory.inbox.length));
`;

const warmAndSend = `
import { createMailer } from "steadymail";
const seen = {};
for (const [name, options] of Object.entries(JSON.parse(process.argv[2]))) {
  const adapters = await import("steadymail/" + name);
  const mailer = createMailer({ providers: [adapters[name](options)], retry: { maxRounds: 1 } });
  mailer.on("warning", () => {});
  const warmth = await mailer.warm();
  const message = { from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" };
  const error = await mailer.send(message).then(() => "sent", ({ message }) => message);
  seen[name] = { warmth, error };
}
console.log(JSON.stringify(seen));
`;
