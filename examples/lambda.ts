/**
 * Shows what the function in `examples/lambda` does: bundled, started and frozen between two events as Lambda does it,
 * at simulators of its providers.
 *
 *   npm run example:lambda
 *
 * It ends with 0 if it did as it should.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SQSEvent } from "aws-lambda";
import { type Esps, startEsps } from "./driving/esps.ts";
import { type Bundle, bundleHandler } from "./driving/lambda/bundle.ts";
import { eventOf } from "./driving/lambda/events.ts";
import { Instance } from "./driving/lambda/instance.ts";

const mail = { to: "ada@example.org", subject: "Your order", text: "It is on its way." };
/** Where the code of steadymail, and of what comes with it, is found. */
const steadymail = ["src", "opossum", "p-retry", "is-network-error", "deepmerge-ts", "email-addresses", "mrmime"];
const coldStarts = 5;
/** Longer than a connection may idle, ms. */
const freeze = 5_000;

// As with Ctrl-C, so that what it started ends with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

await using esps = await startEsps();
await using bundle = await bundleHandler();
console.log(
  "A function that sends the mails of an SQS queue through SES and, while SES cannot, SendGrid; all simulated.",
);
showSize(bundle);
await showColdStarts(bundle, esps);
process.exitCode = (await showEvents(bundle, esps)) ? 0 : 1;

function showSize({ size, gzipped, parts }: Bundle): void {
  console.log(`\nThe bundle: ${kilobytes(size)} minified, ${kilobytes(gzipped)} gzipped`);
  const sdks = sum(parts, (origin) => /^@(aws|smithy)/.test(origin));
  const own = sum(parts, (origin) => steadymail.includes(origin));
  console.log(
    `  AWS SDK ${kilobytes(sdks)}, steadymail with opossum and p-retry ${kilobytes(own)}, SendGrid's the rest`,
  );
}

async function showColdStarts(bundle: Bundle, { environment }: Esps): Promise<void> {
  const starts: { readonly start: number; readonly init: number; readonly first: number; readonly second: number }[] =
    [];
  for (let count = 0; count < coldStarts; count += 1) {
    await using instance = await Instance.start(bundle, environment);
    await instance.invoke(eventOf([mail]));
    const first = instance.lastDuration;
    await instance.invoke(eventOf([mail]));
    starts.push({ start: instance.coldStart, init: instance.init, first, second: instance.lastDuration });
  }
  console.log(`\nA cold start here, median of ${coldStarts}`);
  console.log(`  ${median(starts.map(({ start }) => start))} from the start of the process until it takes an event`);
  console.log(
    `  ${median(starts.map(({ init }) => init))} of it the init phase: loads the bundle, warms up the providers`,
  );
  console.log(
    `  ${median(starts.map(({ first }) => first))} the first mail, ${median(starts.map(({ second }) => second)).trim()} the second`,
  );
}

async function showEvents(bundle: Bundle, { ses, sendgrid, environment, received }: Esps): Promise<boolean> {
  console.log("\nOne instance, frozen after each event");
  await using instance = await Instance.start(bundle, environment, (line) => console.log(`    log: ${short(line)}`));
  const ask = async (what: string, event: SQSEvent): Promise<number> => {
    console.log(`  ${what}`);
    const { batchItemFailures } = await instance.invoke(event);
    await sleep(20); // what it printed comes by another way than its answer
    console.log(`    to come again: ${batchItemFailures.length} of ${event.Records.length}`);
    return batchItemFailures.length;
  };
  const before = received().length;
  const again = [await ask("three mails", eventOf([mail, mail, mail]))];

  await ses.fault({ kind: "refuse" });
  await Promise.all([sleep(freeze), ses.heal()]);
  again.push(await ask(`frozen for ${freeze / 1_000} s; SES has closed its connections`, eventOf([mail, mail])));

  again.push(await ask("one that no provider could ever send", eventOf([mail, { ...mail, to: "nobody" }])));

  await ses.fault({ kind: "accept-then-reset" }, { times: 1 });
  again.push(await ask("SES takes a mail, and its answer is lost: SendGrid sends it too", eventOf([mail])));

  await ses.fault({ kind: "reset-after-request" }, { times: 1 });
  await sendgrid.fault({ kind: "reset-after-request" }, { times: 1 });
  again.push(await ask("both swallow a mail without an answer", eventOf([mail])));

  await ses.fault({ kind: "refuse" });
  await sendgrid.fault({ kind: "throttle", retryAfter: 60_000 });
  const event = eventOf([mail]);
  again.push(await ask("neither takes one", event));
  await Promise.all([ses.heal(), sendgrid.heal()]);
  again.push(await ask("SES works again, and SQS delivers it once more", event));

  const ids = received().slice(before);
  const copies = ids.length - new Set(ids).size;
  console.log(`\n${ids.length} mails at the providers, ${copies} of them the copy that was told of`);
  const isWell = String(again) === "0,0,0,0,0,1,0" && ids.length === 9 && copies === 1;
  console.log(
    isWell ? "No mail was lost, and none sent twice without a word." : "FAILED: it should have been 9, and 1.",
  );
  return isWell;
}

function sum(parts: ReadonlyMap<string, number>, chosen: (origin: string) => boolean): number {
  return [...parts].reduce((total, [origin, size]) => (chosen(origin) ? total + size : total), 0);
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1_000)} KB`;
}

function median(values: readonly number[]): string {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  return `${middle.toFixed(middle < 10 ? 1 : 0).padStart(4)} ms`;
}

/** Without the ends of ids, and of attempts only why they failed. */
function short(line: string): string {
  return line.replace(/(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "…").replace(/"attempts":\[.*\]/, (attempts) => {
    const reasons = [...attempts.matchAll(/"reason":"([^"]*)"/g)].map(([, reason]) => reason);
    return `"reasons":${JSON.stringify(reasons)}`;
  });
}
