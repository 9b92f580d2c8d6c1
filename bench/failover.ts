/**
 * What an outage costs the send that meets it first: its provider refuses connections, the next takes the mail. And how
 * soon mail goes to that provider again once it is back.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { createMailer } from "steadymail";
import { memoryProvider } from "steadymail/testing";
import { adapters } from "./adapters.ts";
import { startEspServer } from "./esp-server.ts";
import { mail } from "./mail.ts";
import { shown, spread } from "./runner.ts";

const runs = 100;
const openFor = 200;

const server = await startEspServer();
const nobody = createServer().listen(0, "127.0.0.1");
await once(nobody, "listening");
const address = nobody.address();
const refusing = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 9}`;
nobody.close();
await once(nobody, "close");

const healthy: number[] = [];
const affected: number[] = [];
for (let run = 0; run < runs; run += 1) {
  // Both have what they need loaded, and a connection: an outage begins in the middle of the traffic.
  const standby = adapters.mailjet(server.url);
  const well = createMailer({ providers: [adapters.sendgrid(server.url), standby] });
  const hit = createMailer({ providers: [adapters.sendgrid(refusing), standby] });
  await well.send(mail);
  await well.send(mail, { only: ["mailjet"] });
  await hit.send(mail, { only: ["mailjet"] });
  healthy.push(await duration(() => well.send(mail)));
  affected.push(await duration(() => hit.send(mail)));
}
const added = spread(affected.map((time, run) => time - (healthy[run] ?? Number.NaN)));
console.log("\nfailover");
console.log(`  a healthy send: ${shown(spread(healthy), 2)} ms`);
console.log(`  the first affected send: ${shown(spread(affected), 2)} ms, ${shown(added, 2)} ms more`);

const recoveries: number[] = [];
for (let run = 0; run < 10; run += 1) {
  const first = memoryProvider({ name: "first", script: ["unavailable"] });
  const mailer = createMailer({
    providers: [first, adapters.mailjet(server.url)],
    breaker: { openFor, consecutiveFailures: 1 },
  });
  await mailer.send(mail);
  const began = performance.now();
  while ((await mailer.send(mail)).provider !== "first");
  recoveries.push(performance.now() - began);
}
console.log(
  `  back at a provider that is well again: ${shown(spread(recoveries), 0)} ms (openFor ${openFor} ms ± 20 %)`,
);
server.stop();
process.exit();

async function duration(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
