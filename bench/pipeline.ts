/** The pipeline alone: providers in the process that accept at once, each after the other or all in one group. */
import { createMailer, type Provider } from "steadymail";
import { mail } from "./mail.ts";
import { compare, type Work } from "./runner.ts";

const counts = [1, 2, 8, 32];

function providers(count: number): Provider[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `p${index}`,
    unsupported: () => [],
    send: async () => ({ providerMessageId: "bench" }),
  }));
}

function sendBy(entries: readonly (Provider | readonly Provider[])[]): Work {
  const mailer = createMailer({ providers: entries });
  return () => mailer.send(mail);
}

console.log("\nthe pipeline alone, 50 in flight");
await compare({
  subjects: Object.fromEntries([
    ...counts.map((count) => [`${count} in order`, sendBy(providers(count))] as const),
    ...counts.slice(1).map((count) => [`${count} in one group`, sendBy([providers(count)])] as const),
  ]),
  own: "1 in order",
  inFlight: 50,
  batch: 5_000,
  rounds: 15,
});
process.exit();
