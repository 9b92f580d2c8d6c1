/** Memory while `sendMany` streams a million messages to a provider in the process. Needs `--expose-gc`. */
import { createMailer, type Message, type Provider } from "steadymail";
import { mail } from "./mail.ts";

const messages = 1_000_000;
const warmUp = 20_000;
const lookEvery = 50_000;
const mebibyte = 2 ** 20;

const accepting: Provider = {
  name: "p",
  unsupported: () => [],
  send: async () => ({ providerMessageId: "bench" }),
};
const mailer = createMailer({ providers: [accepting] });

function* stream(count: number): Generator<Message> {
  for (let index = 0; index < count; index += 1) yield { ...mail, to: `reader${index}@example.org` };
}

for await (const _ of mailer.sendMany(stream(warmUp)));
const start = { heap: liveHeap(), rss: process.memoryUsage().rss };
const heaps: number[] = [];
const sizes: number[] = [];
let sent = 0;
const began = performance.now();
for await (const { outcome } of mailer.sendMany(stream(messages))) {
  if (outcome !== "accepted") throw new Error("A message was not accepted");
  sent += 1;
  if (sent % 1_000 === 0) sizes.push(process.memoryUsage().rss - start.rss);
  if (sent % lookEvery === 0) heaps.push(liveHeap() - start.heap);
}
const seconds = (performance.now() - began) / 1_000;

const shown = (bytes: number): string => `${(bytes / mebibyte).toFixed(1)} MB`;
console.log(`\n${sent} messages through sendMany: ${seconds.toFixed(1)} s`);
console.log(
  `  live heap over the start (${shown(start.heap)}): ${shown(Math.max(...heaps))} at most, ${shown(heaps.at(-1) ?? 0)} at the end`,
);
console.log(
  `  resident memory over the start (${shown(start.rss)}): ${shown(Math.max(...sizes))} at most, ${shown(sizes.at(-1) ?? 0)} at the end`,
);
process.exit();

function liveHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
