/**
 * A send by steadymail, failover and all, beside the same mail by the vendor's SDK, by nodemailer, and by node:http with
 * the request built already. One process for each ESP: `tsx bench/sends.ts ses`.
 */
import { createMailer } from "steadymail";
import { adapters, isEspName } from "./adapters.ts";
import { startEspServer } from "./esp-server.ts";
import { mail } from "./mail.ts";
import { nodemailerSend } from "./nodemailer.ts";
import { plainSend } from "./plain-http.ts";
import { compare } from "./runner.ts";
import { vendors } from "./vendors.ts";

const inFlight = 50;
const [esp] = process.argv.slice(2);
if (!isEspName(esp)) throw new Error("Name an ESP: ses, sendgrid, mailgun or mailjet");

const server = await startEspServer();
const mailer = createMailer({ providers: [adapters[esp](server.url)] });
console.log(`\n${esp}: a send, ${inFlight} in flight`);
await compare({
  subjects: {
    steadymail: () => mailer.send(mail),
    "vendor's SDK": vendors[esp](server.url),
    nodemailer: nodemailerSend(esp, server, inFlight),
    "node:http, request built": await plainSend(adapters[esp], server.port, inFlight),
  },
  own: "steadymail",
  inFlight,
  batch: 2_000,
  rounds: 15,
});
server.stop();
process.exit();
