/**
 * What a cold start pays: time and memory from the start of the program to a mailer that is ready, beside an import of
 * each vendor's SDK. Fresh processes, in turn; the median and the spread of several.
 */
import { execFileSync } from "node:child_process";

const runs = 15;
const subjects: Readonly<Record<string, string>> = {
  nothing: "",
  "steadymail and four adapters": `
    const { createMailer } = await import("steadymail");
    const adapters = await Promise.all(["ses", "sendgrid", "mailgun", "mailjet"].map((esp) => import("steadymail/" + esp)));
    const [{ ses }, { sendgrid }, { mailgun }, { mailjet }] = adapters;
    createMailer({ providers: [ses({ region: "eu-west-1" }), sendgrid({ apiKey: "x" }),
      mailgun({ apiKey: "x", domain: "example.com" }), mailjet({ apiKey: "x", apiSecret: "x" })] });`,
  "@aws-sdk/client-sesv2": `await import("@aws-sdk/client-sesv2");`,
  "@sendgrid/mail": `await import("@sendgrid/mail");`,
  "mailgun.js": `await import("mailgun.js");`,
  "node-mailjet": `await import("node-mailjet");`,
};
const report = `console.log(JSON.stringify([performance.now() - began, process.memoryUsage.rss() / 2 ** 20]))`;

const measured = new Map(Object.keys(subjects).map((name) => [name, { times: [] as number[], sizes: [] as number[] }]));
for (let run = 0; run < runs; run += 1) {
  for (const [name, program] of Object.entries(subjects)) {
    const source = `const began = performance.now();${program};${report}`;
    const output = execFileSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", source]);
    const [time, size]: number[] = JSON.parse(output.toString());
    measured.get(name)?.times.push(time ?? Number.NaN);
    measured.get(name)?.sizes.push(size ?? Number.NaN);
  }
}

const base = spread(measured.get("nothing")?.sizes ?? []);
console.log(`import and set-up in a fresh process, median (lowest–highest) of ${runs}\n`);
for (const [name, { times, sizes }] of measured) {
  const time = spread(times);
  const memory = spread(sizes).median - base.median;
  console.log(
    `${name.padEnd(30)}${time.median.toFixed(0).padStart(5)} ms (${time.lowest.toFixed(0)}–${time.highest.toFixed(0)})`.padEnd(
      52,
    ),
    `${memory.toFixed(0).padStart(4)} MB more than nothing`,
  );
}

function spread(values: readonly number[]): { median: number; lowest: number; highest: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor(sorted.length / 2)), lowest: at(0), highest: at(sorted.length - 1) };
}
