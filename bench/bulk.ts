/**
 * A campaign of 10,000 beside 10,000 single sends of the same mails: HTTP requests, and CPU for each recipient. One
 * process for each ESP: `tsx bench/bulk.ts ses`.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { type BulkMessage, createMailer, type Message } from "steadymail";
import { adapters, isEspName } from "./adapters.ts";
import { shown, spread, type Work } from "./runner.ts";

const size = 10_000;
const inFlight = 50;
const rounds = 9;
const warmUps = 2;

const [esp] = process.argv.slice(2);
if (!isEspName(esp)) throw new Error("Name an ESP: ses, sendgrid, mailgun or mailjet");

const server = fork(new URL("./bulk-server.ts", import.meta.url));
const [port]: unknown[] = await once(server, "message");
const mailer = createMailer({ providers: [adapters[esp](`http://127.0.0.1:${port}`)] });

const message: BulkMessage = {
  from: "orders@example.com",
  subject: "News for {{name}}",
  text: "Dear {{name}}, spring is here.",
  html: "<p>Dear {{name}}, spring is here.</p>",
  unsubscribe: { url: "https://example.com/u?t={{token}}" },
};
const people = Array.from({ length: size }, (_, index) => ({ name: `Reader ${index}`, token: index.toString(36) }));
const recipients = people.map((variables, index) => ({ to: `reader${index}@example.org`, variables }));
const messages = people.map(
  ({ name, token }, index): Message => ({
    from: "orders@example.com",
    to: `reader${index}@example.org`,
    subject: `News for ${name}`,
    text: `Dear ${name}, spring is here.`,
    html: `<p>Dear ${name}, spring is here.</p>`,
    unsubscribe: { url: `https://example.com/u?t=${token}` },
  }),
);

async function single(): Promise<void> {
  const rest = messages.values();
  const worker = async (): Promise<void> => {
    for (const each of rest) await mailer.send(each);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function bulk(): Promise<void> {
  const { accepted } = await mailer.sendBulk({ message, recipients }).finish();
  if (accepted !== size) throw new Error(`Only ${accepted} of ${size} were accepted`);
}

/** µs of CPU, and of wall time, for each recipient; and the requests. */
async function measure(work: Work) {
  const began = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  const wall = ((performance.now() - began) * 1_000) / size;
  server.send("requests");
  const [requests]: unknown[] = await once(server, "message");
  return { cpu: (user + system) / size, wall, requests: Number(requests) };
}

type Sample = Awaited<ReturnType<typeof measure>>;
const samples: { readonly ofSingle: Sample; readonly ofBulk: Sample }[] = [];
for (let round = 0; round < warmUps + rounds; round += 1) {
  // Each goes first half of the time.
  const first = round % 2 === 0 ? await measure(single) : undefined;
  const ofBulk = await measure(bulk);
  const ofSingle = first ?? (await measure(single));
  if (round >= warmUps) samples.push({ ofSingle, ofBulk });
}

console.log(`\n${esp}: ${size} recipients`);
console.log(`  ${"".padEnd(34)}${"requests".padStart(8)}${"CPU µs".padStart(9)}${"wall µs".padStart(9)}`);
show(
  "single sends",
  samples.map(({ ofSingle }) => ofSingle),
);
show(
  "a campaign",
  samples.map(({ ofBulk }) => ofBulk),
);
const ratios = samples.map(({ ofBulk, ofSingle }) => ofBulk.cpu / ofSingle.cpu);
console.log(`  a campaign : single sends, CPU     ${shown(spread(ratios), 3)}`);
process.exit();

function show(name: string, all: readonly Sample[]): void {
  const median = (values: readonly number[]): number => spread(values).median;
  const requests = median(all.map((each) => each.requests));
  const cpu = median(all.map((each) => each.cpu)).toFixed(1);
  const wall = median(all.map((each) => each.wall)).toFixed(1);
  console.log(`  ${name.padEnd(34)}${String(requests).padStart(8)}${cpu.padStart(9)}${wall.padStart(9)}`);
}
