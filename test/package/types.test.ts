import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Consumer, entries, peers, project, runNode } from "./consumer.ts";

/** Uses each entry, by names that the types must know and with values that they must accept. */
const uses = `
const esp = await startSimulator("mailgun");
const inMemory = memoryProvider({ name: "memory-2", script: ["throttled", { reason: "unavailable", retryAfter: 5 }] });
const options: MailerOptions<"ses" | "sendgrid" | "mailgun" | "mailjet" | "memory-2" | "log"> = {
  providers: [
    [{ provider: ses({ region: "eu-west-1" }), weight: 3, labels: ["eu"] }, sendgrid({ apiKey: "key" })],
    { provider: mailgun(esp.options), from: ({ name }) => ({ name, address: "orders@example.com" }) },
    mailjet({ apiKey: "key", apiSecret: "secret" }),
    inMemory,
    logProvider(),
  ],
};
export const mailer = createMailer(options);
mailer.on("provider:down", ({ provider, reason, failure }) => {
  const name: "ses" | "sendgrid" | "mailgun" | "mailjet" | "memory-2" | "log" = provider;
  const detail: string | undefined = failure?.detail;
  console.log(name, reason, detail);
});
export async function send(message: Message, sendOptions: SendOptions<"ses">): Promise<Receipt<"ses"> | Date | undefined> {
  const own = createMailer({ providers: [ses({ name: "ses" })] });
  try {
    return await own.send(message, sendOptions);
  } catch (error) {
    if (!isSteadyMailError(error)) throw error;
    if (error.kind === "invalid") console.log(error.problems.map(({ path }) => path));
    return error.kind === "unavailable" ? error.retryAt : undefined;
  } finally {
    await own.close();
  }
}
export const own: Provider<"own"> = {
  name: "own",
  unsupported: (message) => (message.sendAt === undefined ? [] : ["sendAt"]),
  async send(message, { id, timeout }) {
    if (timeout < 1) throw new ProviderError(failure("timeout"));
    return { providerMessageId: id + message.subject };
  },
};
// @ts-expect-error: there is no such provider
mailer.isolate("postmark");
// @ts-expect-error: a key is needed
sendgrid({});
`;

const imports = `
import { createMailer, failure, isSteadyMailError, ProviderError } from "steadymail";
import type { MailerOptions, Message, Provider, Receipt, SendOptions } from "steadymail";
import { mailgun } from "steadymail/mailgun";
import { mailjet } from "steadymail/mailjet";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";
import { logProvider, memoryProvider, startSimulator } from "steadymail/testing";
`;

/** CommonJS has no await outside of a function. */
const inCommonJs = uses.replace(
  /^\nconst esp = await (.*);$/m,
  "\ndeclare const esp: Awaited<ReturnType<typeof start>>;\nconst start = () => $1;",
);

const strict = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: false,
  target: "ES2023",
  lib: ["ES2023", "ESNext.Disposable"],
  types: ["node"],
};

const nodeNext = { module: "NodeNext", moduleResolution: "NodeNext" };
const bundler = { module: "ESNext", moduleResolution: "bundler" };

/** What the compiler has to say, with every declaration checked, those of the dependencies included. */
async function compile(consumer: Consumer, resolution: object, files: readonly string[]) {
  const compilerOptions = { ...strict, ...resolution, skipLibCheck: false };
  const config = consumer.write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
  const tsc = join(project, "node_modules", "typescript", "bin", "tsc");
  const { stdout, code } = await runNode([tsc, "-p", config], consumer.folder);
  return { stdout, code };
}

describe("the types of the built package", { timeout: 120_000 }, () => {
  it("fit ES modules and CommonJS on Node", async () => {
    using consumer = new Consumer();
    consumer.write("esm.mts", imports + uses);
    consumer.write("cjs.cts", imports + inCommonJs);

    expect(await compile(consumer, nodeNext, ["esm.mts", "cjs.cts"])).toEqual({ stdout: "", code: 0 });
  });

  it("fit a bundler", async () => {
    using consumer = new Consumer();
    consumer.write("app.ts", imports + uses);

    expect(await compile(consumer, bundler, ["app.ts"])).toEqual({ stdout: "", code: 0 });
  });

  it("need no SDK, but for those of steadymail/ses", async () => {
    using consumer = new Consumer({ without: peers });
    const others = entries.filter((entry) => entry !== "steadymail/ses");
    consumer.write("app.mts", others.map((entry) => `export * from "${entry}";`).join("\n"));

    expect(await compile(consumer, nodeNext, ["app.mts"])).toEqual({ stdout: "", code: 0 });
  });
});
