/**
 * CPU time of a send by steadymail, failover and all, over that of the vendor's SDK called directly. Batches of both
 * alternate in one process; what counts is their ratio, with its spread.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createMailer, type Provider } from "steadymail";
import { mailgun } from "steadymail/mailgun";
import { mailjet } from "steadymail/mailjet";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";
import { type EspName, mail, type Send, vendorSends } from "./vendors.ts";

const inFlight = 50;
const batch = 1_000;
const rounds = 15;

const server = fork(new URL("./server.ts", import.meta.url));
const [message] = await once(server, "message");
const port = Number(message);
const baseUrl = `http://127.0.0.1:${port}`;

const adapters: Readonly<Record<EspName, Provider>> = {
  ses: ses({ region: "eu-west-1", credentials: { accessKeyId: "AKIABENCH", secretAccessKey: "bench" }, baseUrl }),
  sendgrid: sendgrid({ apiKey: "SG.bench", baseUrl }),
  mailgun: mailgun({ apiKey: "bench", domain: "mg.example.com", baseUrl }),
  mailjet: mailjet({ apiKey: "bench", apiSecret: "bench", baseUrl }),
};
const vendors = vendorSends(port);

console.log(`µs of CPU a send, ${inFlight} in flight, median of ${rounds} alternating batches of ${batch}\n`);
console.log("          SDK   steadymail   ratio (lowest–highest)");
for (const name of ["ses", "sendgrid", "mailgun", "mailjet"] as const) {
  const mailer = createMailer({ providers: [adapters[name]] });
  const ours: Send = () => mailer.send(mail);
  await cpuOf(vendors[name]);
  await cpuOf(ours);
  const pairs: { readonly vendor: number; readonly own: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Each goes first half of the time.
    const first = round % 2 === 0 ? await cpuOf(vendors[name]) : undefined;
    const own = await cpuOf(ours);
    pairs.push({ vendor: first ?? (await cpuOf(vendors[name])), own });
  }
  const ratios = pairs.map(({ vendor, own }) => own / vendor).sort((a, b) => a - b);
  const row = [
    name.padEnd(8),
    String(Math.round(median(pairs.map(({ vendor }) => vendor)))).padStart(5),
    String(Math.round(median(pairs.map(({ own }) => own)))).padStart(12),
    `${median(ratios).toFixed(2).padStart(7)} (${ratios[0]?.toFixed(2)}–${ratios.at(-1)?.toFixed(2)})`,
  ];
  console.log(row.join(""));
  await mailer.close();
}
server.disconnect();
process.exit();

async function cpuOf(send: Send): Promise<number> {
  const before = process.cpuUsage();
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < batch) {
      begun += 1;
      await send();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / batch;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
