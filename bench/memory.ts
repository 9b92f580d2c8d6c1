/** What a mailer takes, and what a million sends leave behind. Needs `--expose-gc`. */
import { createMailer, type Provider } from "steadymail";
import { adapters, espNames } from "./adapters.ts";
import { mail } from "./mail.ts";

const mailers = 1_000;
const sends = 1_000_000;
const inFlight = 50;

const accepting: Provider = {
  name: "p",
  unsupported: () => [],
  send: async () => ({ providerMessageId: "bench" }),
};

console.log("\nmemory");
const make = () => createMailer({ providers: espNames.map((esp) => adapters[esp]("http://127.0.0.1:9")) });
const kept = [make()];
const before = heap();
while (kept.length <= mailers) kept.push(make());
console.log(`  a mailer of four adapters: ${((heap() - before) / mailers / 1_024).toFixed(1)} KB of heap`);
kept.length = 0;

const mailer = createMailer({ providers: [accepting] });
await sendMany(10_000);
const start = heap();
const began = performance.now();
await sendMany(sends);
const seconds = (performance.now() - began) / 1_000;
const change = (heap() - start) / 2 ** 20;
console.log(
  `  ${sends} sends: ${seconds.toFixed(1)} s, ${change.toFixed(1)} MB of heap more than before (${(start / 2 ** 20).toFixed(1)} MB)`,
);

async function sendMany(count: number): Promise<void> {
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await mailer.send(mail);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
