import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EspName, type Simulator, startSimulator } from "../../src/testing/index.ts";
import { adapters, Consumer, sdks } from "./consumer.ts";

/** The packages of which the process has compiled a module: the inspector is told of each, ES module or CommonJS. */
const loadedPackages = `
  function loadedPackages() {
    const session = new inspector.Session();
    const names = new Set();
    session.connect();
    session.on("Debugger.scriptParsed", ({ params: { url } }) => {
      const path = url.split("/node_modules/").at(-1);
      if (path !== url) names.add(path.split("/").slice(0, path.startsWith("@") ? 2 : 1).join("/"));
    });
    session.post("Debugger.enable");
    session.disconnect();
    return [...names].sort();
  }
`;

const runtimes = [
  {
    runtime: "import",
    file: "load.mjs",
    head: `import inspector from "node:inspector"; const load = (name) => import(name); ${loadedPackages}`,
  },
  {
    runtime: "require",
    file: "load.cjs",
    head: `const inspector = require("node:inspector"); const load = async (name) => require(name); ${loadedPackages}`,
  },
] as const;

const message = `{ from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" }`;

const needed: Readonly<Record<string, readonly string[]>> = {
  steadymail: ["is-network-error", "opossum", "p-retry", "steadymail"],
  "steadymail/ses": ["steadymail"],
  "steadymail/sendgrid": ["steadymail"],
  "steadymail/mailgun": ["steadymail"],
  "steadymail/mailjet": ["steadymail"],
  "steadymail/smtp": ["steadymail"],
  "steadymail/nodemailer": ["steadymail"],
  "steadymail/testing": ["steadymail"],
};

describe.each(runtimes)("by $runtime", ({ file, head }) => {
  let consumer: Consumer;
  let simulators: { readonly [E in EspName]: Simulator<E> };

  beforeAll(async () => {
    consumer = new Consumer();
    simulators = {
      ses: await startSimulator("ses"),
      sendgrid: await startSimulator("sendgrid"),
      mailgun: await startSimulator("mailgun"),
      mailjet: await startSimulator("mailjet"),
    };
  });
  afterAll(async () => {
    consumer[Symbol.dispose]();
    for (const name of adapters) await simulators[name].close();
  });

  function options(): Record<string, unknown> {
    return Object.fromEntries(adapters.map((name) => [name, simulators[name].options]));
  }

  it.each(Object.entries(needed))("%s loads what it needs at once, and no SDK", async (entry, packages) => {
    const script = `${head} load("${entry}").then(() => console.log(JSON.stringify(loadedPackages())));`;

    expect(await consumer.result(file, script)).toEqual(packages);
  });

  it.each(adapters)(
    "a mailer loads the SDK of %s at its first send, and those of its standbys after that",
    async (first) => {
      const seen = await consumer.result(
        file,
        `${head}
      (async () => {
        const { first, sdks, options } = JSON.parse(process.argv[2]);
        const loadedSdks = () => loadedPackages().filter((name) => Object.values(sdks).includes(name));
        const names = [first, ...Object.keys(sdks).filter((name) => name !== first)];
        const providers = [];
        for (const name of names) providers.push((await load("steadymail/" + name))[name](options[name]));
        const { createMailer } = await load("steadymail");
        const mailer = createMailer({ providers });
        const before = loadedSdks();
        let accepted;
        mailer.on("accepted", () => { accepted = loadedSdks(); });
        await mailer.send(${message});
        while (loadedSdks().length < names.length) await new Promise(setImmediate);
        console.log(JSON.stringify({ before, accepted }));
      })();`,
        { first, sdks, options: options() },
      );

      expect(seen).toEqual({ before: [], accepted: [sdks[first]] });
    },
  );

  it.each(adapters)(
    "an SDK of %s that is not installed is said so, and the next provider takes the message",
    async (name) => {
      using without = new Consumer({ without: [sdks[name]] });
      const standby = name === "mailgun" ? "ses" : "mailgun";
      const seen = await without.result(
        file,
        `${head}
      (async () => {
        const { name, standby, options } = JSON.parse(process.argv[2]);
        const adapter = async (name) => (await load("steadymail/" + name))[name](options[name]);
        const { createMailer } = await load("steadymail");
        const mailer = createMailer({ providers: [await adapter(name), await adapter(standby)] });
        const warnings = [];
        mailer.on("warning", ({ code, provider, message }) => warnings.push({ code, provider, message }));
        const { provider, attempts, duplicate } = await mailer.send(${message});
        const alone = createMailer({ providers: [await adapter(name)], retry: { maxRounds: 1 } });
        alone.on("warning", () => {});
        const { kind, sent, message } = await alone.send(${message}).catch((error) => error);
        console.log(JSON.stringify({ provider, attempts, duplicate, warnings, alone: { kind, sent, message } }));
      })();`,
        { name, standby, options: options() },
      );

      const advice = `${sdks[name]} is not installed: npm install ${sdks[name]}`;
      expect(seen).toMatchObject({
        provider: standby,
        duplicate: "no",
        attempts: [
          { provider: name, outcome: "not-sent", failure: { reason: "internal", sent: "no", detail: advice } },
          { provider: standby, outcome: "accepted" },
        ],
        warnings: [{ provider: name, message: expect.stringContaining(advice) }],
        alone: { kind: "unavailable", sent: "no", message: expect.stringContaining(advice) },
      });
    },
  );
});
