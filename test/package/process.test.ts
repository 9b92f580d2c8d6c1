import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EspName, startSimulator } from "../../src/testing/index.ts";
import { adapters, Consumer, type Outcome } from "./consumer.ts";

const message = `{ from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" }`;

/** The script came to its end, and the process had nothing to complain of. */
function endedWell({ stdout, stderr, code }: Outcome): string {
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout.trim();
}

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
});
afterAll(() => consumer[Symbol.dispose]());

describe("a process that sends by an adapter ends by itself", () => {
  it.each(adapters)("after close(): %s", async (name) => {
    await using esp = await startSimulator<EspName>(name);
    const outcome = await consumer.run(
      "close.mjs",
      `import { createMailer } from "steadymail";
      import { ${name} } from "steadymail/${name}";
      const mailer = createMailer({ providers: [${name}(JSON.parse(process.argv[2]))] });
      const { provider } = await mailer.send(${message});
      await mailer.close();
      console.log(provider);`,
      esp.options,
    );

    expect(endedWell(outcome)).toBe(name);
    expect(esp.inbox).toHaveLength(1);
  });

  it.each(adapters)("without close(), once nothing is pending: %s", async (name) => {
    await using esp = await startSimulator<EspName>(name);
    const outcome = await consumer.run(
      "no-close.mjs",
      `import { createMailer } from "steadymail";
      import { ${name} } from "steadymail/${name}";
      const mailer = createMailer({ providers: [${name}(JSON.parse(process.argv[2]))] });
      const receipts = await Promise.all([mailer.send(${message}), mailer.send(${message})]);
      console.log(receipts.map(({ provider }) => provider).join());`,
      esp.options,
    );

    expect(endedWell(outcome)).toBe(`${name},${name}`);
    expect(esp.inbox).toHaveLength(2);
  });

  it("from CommonJS too, with standbys that are loaded meanwhile and never used", async () => {
    await using esp = await startSimulator("sendgrid");
    const outcome = await consumer.run(
      "no-close.cjs",
      `const { createMailer } = require("steadymail");
      const { sendgrid } = require("steadymail/sendgrid");
      const { mailgun } = require("steadymail/mailgun");
      const { ses } = require("steadymail/ses");
      const { mailjet } = require("steadymail/mailjet");
      const mailer = createMailer({
        providers: [
          sendgrid(JSON.parse(process.argv[2])),
          mailgun({ apiKey: "key", domain: "mg.example.com" }),
          ses({ region: "eu-west-1" }),
          mailjet({ apiKey: "key", apiSecret: "secret" }),
        ],
      });
      mailer.send(${message}).then(({ provider }) => console.log(provider));`,
      esp.options,
    );

    expect(endedWell(outcome)).toBe("sendgrid");
  });

  it("when the only provider is throttled first: the send waits, and holds the process", async () => {
    await using esp = await startSimulator("sendgrid");
    await esp.fault({ kind: "throttle", retryAfter: 1_000 }, { times: 1 });
    const outcome = await consumer.run(
      "throttle.mjs",
      `import { createMailer } from "steadymail";
      import { sendgrid } from "steadymail/sendgrid";
      const mailer = createMailer({ providers: [sendgrid(JSON.parse(process.argv[2]))] });
      const { attempts } = await mailer.send(${message});
      console.log(attempts.map(({ outcome, failure }) => failure?.reason ?? outcome).join());`,
      esp.options,
    );

    expect(endedWell(outcome)).toBe("throttled,accepted");
  });

  it("when nobody took the message: the error says so, and a provider that is down holds nothing", async () => {
    await using esp = await startSimulator("mailjet");
    await esp.fault({ kind: "unauthorized" });
    const outcome = await consumer.run(
      "down.mjs",
      `import { createMailer } from "steadymail";
      import { mailjet } from "steadymail/mailjet";
      const mailer = createMailer({ providers: [mailjet(JSON.parse(process.argv[2]))] });
      mailer.on("provider:down", ({ reason }) => console.log("down", reason));
      console.log(await mailer.send(${message}).catch(({ kind }) => kind));`,
      esp.options,
    );

    expect(endedWell(outcome)).toMatch(/^down .*\nunavailable$/);
  });
});

describe("a script that only awaits one send gets its answer, and then ends", () => {
  it.each([
    ["from a provider that accepts at once", `memoryProvider()`, "accepted"],
    ["from one that takes its time", `memoryProvider({ latency: 50 })`, "accepted"],
    ["after a throttle", `memoryProvider({ script: [{ reason: "throttled", retryAfter: 50 }] })`, "throttled,accepted"],
    ["in another round", `memoryProvider({ script: ["unavailable"] })`, "unavailable,accepted"],
    ["as an error, when the answer never came", `memoryProvider({ script: ["hang"] })`, "unknown"],
  ])("%s", async (_, provider, answer) => {
    const outcome = await consumer.run(
      "one-send.mjs",
      `import { createMailer } from "steadymail";
      import { memoryProvider } from "steadymail/testing";
      const mailer = createMailer({ providers: [${provider}], timeout: 100 });
      const { attempts, kind } = await mailer.send(${message}).catch((error) => error);
      console.log(kind ?? attempts.map(({ outcome, failure }) => failure?.reason ?? outcome).join());`,
    );

    expect(endedWell(outcome)).toBe(answer);
  });

  it("also with logProvider, which prints a summary without the body", async () => {
    const outcome = await consumer.run(
      "log.mjs",
      `import { createMailer } from "steadymail";
      import { logProvider } from "steadymail/testing";
      await createMailer({ providers: [logProvider()] }).send({ ...${message}, text: "canary" });`,
    );

    expect(endedWell(outcome)).not.toBe("");
    expect(outcome.stdout).not.toContain("canary");
  });
});

describe("a process with isolated or waiting providers", () => {
  it("ends although a handle of isolate() was never disposed", async () => {
    const outcome = await consumer.run(
      "isolated.mjs",
      `import { createMailer } from "steadymail";
      import { memoryProvider } from "steadymail/testing";
      const mailer = createMailer({ providers: [memoryProvider({ name: "one" }), memoryProvider({ name: "two" })] });
      mailer.isolate("one");
      console.log((await mailer.send(${message})).provider);`,
    );

    expect(endedWell(outcome)).toBe("two");
  });

  it("ends soon after close() while a send waits for a throttle: the send rejects", async () => {
    const outcome = await consumer.run(
      "close-waiting.mjs",
      `import { createMailer } from "steadymail";
      import { memoryProvider } from "steadymail/testing";
      const mailer = createMailer({ providers: [memoryProvider({ script: [{ reason: "throttled", retryAfter: 20_000 }] })] });
      mailer.on("provider:throttled", () => mailer.close());
      console.log(await mailer.send(${message}).catch(({ kind }) => kind));`,
    );

    expect(endedWell(outcome)).toBe("closed");
  });
});
