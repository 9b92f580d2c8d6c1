import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EspName, startSimulator } from "../../src/testing/index.ts";
import { adapters, Consumer } from "./consumer.ts";

/** Two copies of the package in one process: what is imported and what is required. */
const bothCopies = `
  import { createRequire } from "node:module";
  const copies = { esm: (name) => import(name), cjs: createRequire(import.meta.url) };
  const input = JSON.parse(process.argv[2]);
  const load = (copy, entry) => copies[copy]("steadymail" + entry);
  if ((await load("esm", "")).ProviderError === (await load("cjs", "")).ProviderError) throw new Error("one copy only");
`;

const pairs = [
  { mailer: "esm", adapter: "cjs" },
  { mailer: "cjs", adapter: "esm" },
] as const;

describe("an ES module and a CommonJS copy of the package in one process", () => {
  let consumer: Consumer;
  beforeAll(() => {
    consumer = new Consumer();
  });
  afterAll(() => consumer[Symbol.dispose]());

  const combinations = pairs.flatMap((pair) => adapters.map((name) => ({ ...pair, name })));

  it.each(combinations)(
    "$mailer: a mailer sends by the $name adapter of the other",
    async ({ mailer, adapter, name }) => {
      await using esp = await startSimulator<EspName>(name);
      const receipt = await consumer.result(
        "send.mjs",
        `${bothCopies}
      const { createMailer } = await load(input.mailer, "");
      const adapters = await load(input.adapter, "/" + input.name);
      const mailer = createMailer({ providers: [adapters[input.name](input.options)] });
      const message = { from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" };
      console.log(JSON.stringify(await mailer.send(message)));`,
        { mailer, adapter, name, options: esp.options },
      );

      expect(esp.inbox).toHaveLength(1);
      expect(receipt).toMatchObject({ provider: name, providerMessageId: esp.inbox[0]?.id });
    },
  );

  it.each(combinations)(
    "$mailer: a failure of the $name adapter of the other keeps its reason, and the error is recognised by both",
    async ({ mailer, adapter, name }) => {
      await using esp = await startSimulator<EspName>(name);
      await esp.fault({ kind: "unauthorized" });
      const seen = await consumer.result(
        "fail.mjs",
        `${bothCopies}
      const { createMailer } = await load(input.mailer, "");
      const adapters = await load(input.adapter, "/" + input.name);
      const mailer = createMailer({ providers: [adapters[input.name](input.options)], retry: { maxRounds: 1 } });
      mailer.on("provider:down", () => {});
      const message = { from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" };
      const error = await mailer.send(message).catch((error) => error);
      const other = await load(input.adapter, "");
      console.log(JSON.stringify({
        recognised: [await load("esm", ""), await load("cjs", "")].map(({ isSteadyMailError }) => isSteadyMailError(error)),
        ofTheOther: error instanceof other.SteadyMailError,
        kind: error.kind,
        attempts: error.attempts,
      }));`,
        { mailer, adapter, name, options: esp.options },
      );

      expect(seen).toMatchObject({
        recognised: [true, true],
        ofTheOther: false,
        kind: "unavailable",
        attempts: [{ provider: name, outcome: "not-sent", failure: { reason: "authentication", scope: "account" } }],
      });
    },
  );

  it.each(pairs)("$mailer: a ProviderError of the other decides by its reason", async ({ mailer, adapter }) => {
    const attempts = await consumer.result(
      "own.mjs",
      `${bothCopies}
      const { createMailer } = await load(input.mailer, "");
      const { failure, ProviderError } = await load(input.adapter, "");
      const { memoryProvider } = await load(input.adapter, "/testing");
      const own = {
        name: "own",
        unsupported: () => [],
        send: async () => { throw new ProviderError(failure("too-large", { status: 413, detail: "over 10 MB" })); },
      };
      const mailer = createMailer({ providers: [own, memoryProvider()] });
      const receipt = await mailer.send({ from: "a@example.com", to: "b@example.org", subject: "Hello", text: "Hello" });
      console.log(JSON.stringify(receipt.attempts));`,
      { mailer, adapter },
    );

    const failure = { reason: "too-large", scope: "message", sent: "no", status: 413, detail: "over 10 MB" };
    expect(attempts).toMatchObject([
      { provider: "own", outcome: "not-sent", failure },
      { provider: "memory", outcome: "accepted" },
    ]);
  });
});
