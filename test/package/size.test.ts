import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "./bundle.ts";
import { Consumer, entries, manifest, peers } from "./consumer.ts";

/** What a program that uses one thing may take, minified and gzipped, without opossum, p-retry and the SDKs. */
const budgets: readonly { readonly entry: string; readonly name: string; readonly bytes: number }[] = [
  { entry: "steadymail", name: "createMailer", bytes: 53_000 },
  { entry: "steadymail", name: "isSteadyMailError", bytes: 1_300 },
  { entry: "steadymail", name: "failure", bytes: 1_600 },
  { entry: "steadymail/ses", name: "ses", bytes: 18_500 },
  { entry: "steadymail/sendgrid", name: "sendgrid", bytes: 17_300 },
  { entry: "steadymail/mailgun", name: "mailgun", bytes: 17_800 },
  { entry: "steadymail/mailjet", name: "mailjet", bytes: 16_300 },
  { entry: "steadymail/smtp", name: "smtp", bytes: 12_000 },
  { entry: "steadymail/nodemailer", name: "steadymailTransport", bytes: 10_000 },
  { entry: "steadymail/testing", name: "memoryProvider", bytes: 7_000 },
  { entry: "steadymail/testing", name: "startSimulator", bytes: 30_000 },
];

describe("a bundled program", () => {
  let consumer: Consumer;
  beforeAll(() => {
    consumer = new Consumer();
  });
  afterAll(() => consumer[Symbol.dispose]());

  it.each(budgets)("with $name of $entry takes $bytes bytes at most", async ({ entry, name, bytes }) => {
    const external = [...Object.keys(manifest().dependencies), ...peers];
    const program = `import { ${name} } from "${entry}"; console.log(${name});`;
    const { code } = await bundle(consumer.folder, program, { external, minify: true });

    expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(bytes);
  });

  it("has a budget, whichever entry it uses", () => {
    expect([...new Set(budgets.map(({ entry }) => entry))]).toEqual(entries);
  });

  it.each(entries)("takes nothing of %s if it uses nothing of it", async (entry) => {
    const { code } = await bundle(consumer.folder, `import "${entry}";`, { minify: true });

    expect(code.length).toBe(0);
  });
});
