/**
 * Four simulated ESPs, one mailer with the real adapters, a stream of mails, and one breakdown after another.
 * Ends with what was told and what really arrived, and with exit code 1 if the two differ.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createMailer, isSteadyMailError, type Mailer, type ProviderChange } from "steadymail";
import { mailgun } from "steadymail/mailgun";
import { mailjet } from "steadymail/mailjet";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";
import { startSimulator } from "steadymail/testing";
import { type Audit, Ledger } from "./ledger.ts";
import { kinds } from "./messages.ts";
import { incidents, lastMessageAt, type Name, type Simulators } from "./scenario.ts";
import { openScreen } from "./screen.ts";

// With Node 20 the AWS SDK warns that it will ask for Node 22: true, but a hole in the picture that is drawn here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const messagesPerSecond = 25;
const styleOfSeverity = { error: "red", warning: "yellow", info: "green" } as const;
const names: readonly Name[] = ["ses", "sendgrid", "mailgun", "mailjet"];

const [sesSimulator, sendgridSimulator, mailgunSimulator, mailjetSimulator] = await Promise.all([
  startSimulator("ses", { latency: 40 }),
  startSimulator("sendgrid", { latency: 25 }),
  startSimulator("mailgun", { latency: 60 }),
  startSimulator("mailjet", { latency: 80 }),
]);
const simulators: Simulators = {
  ses: sesSimulator,
  sendgrid: sendgridSimulator,
  mailgun: mailgunSimulator,
  mailjet: mailjetSimulator,
};

const mailer: Mailer<Name> = createMailer({
  providers: [
    [{ provider: ses(sesSimulator.options), weight: 3 }, sendgrid(sendgridSimulator.options)],
    mailgun(mailgunSimulator.options),
    mailjet(mailjetSimulator.options),
  ],
  timeout: 2_000,
  deadline: 5_000,
  // A day's outage in seconds: everything heals faster than it should in production.
  breaker: { openFor: 1_200, maxOpenFor: 4_000, window: 4_000, slowStart: 2_500, slowAttempt: 1_000 },
});

const ledger = new Ledger();
const faults = new Map<Name, string>();
const screen = openScreen(process.stdout);
const began = performance.now();
const elapsed = (): number => performance.now() - began;
const underWay = new Set<Promise<void>>();

tellWhatHappens();
const timers = [
  setInterval(() => screen.draw({ elapsed: elapsed(), health: mailer.health(), faults, ledger }), 150),
  setInterval(() => sendNext(), 1_000 / messagesPerSecond),
];
for (const incident of incidents) {
  await sleep(Math.max(0, incident.at - elapsed()));
  screen.log(elapsed(), `▶ ${incident.headline}`, "bold");
  for (const name of incident.providers) {
    const { fault } = incident;
    if (fault) await simulators[name].fault(fault);
    else await simulators[name].heal();
    if (fault) faults.set(name, "status" in fault ? `${fault.kind} ${fault.status}` : fault.kind);
    else faults.delete(name);
  }
}
await sleep(Math.max(0, lastMessageAt - elapsed()));
for (const timer of timers) clearInterval(timer);
await Promise.all(underWay);
screen.draw({ elapsed: elapsed(), health: mailer.health(), faults, ledger });
await mailer.close();
const audit = ledger.audit(simulators);
await Promise.all(names.map((name) => simulators[name].close()));
screen.end();
printTable(audit);
process.exitCode = isClean(audit) ? 0 : 1;

function sendNext(): void {
  const number = ledger.sent;
  ledger.sent += 1;
  const delivering = deliver(number).finally(() => underWay.delete(delivering));
  underWay.add(delivering);
}

/** What a careful caller does: sends again what surely was not sent, and leaves alone what may have been. */
async function deliver(number: number): Promise<void> {
  const id = `demo-${number}`;
  const kind = kinds[number % kinds.length];
  if (!kind) return;
  for (let again = 0; again < 5; again += 1) {
    try {
      ledger.receipts.set(id, await mailer.send(kind(number), { id }));
      ledger.notSent.delete(id);
      return;
    } catch (error) {
      if (!isSteadyMailError(error)) throw error;
      if (error.sent === "maybe") {
        ledger.unknown.add(id);
        return;
      }
      ledger.notSent.add(id);
      if (error.kind !== "unavailable") return;
      ledger.sentAgain += 1;
      const pause = error.retryAt ? error.retryAt.getTime() - Date.now() : 0;
      await sleep(Math.min(Math.max(pause, 200), 2_000));
    }
  }
}

function tellWhatHappens(): void {
  mailer.on("provider:changed", (change) => {
    if (change.to !== "down") logChange(change);
  });
  mailer.on("provider:down", (change) => logChange(change));
  mailer.on("all-down", () => screen.log(elapsed(), "all-down: no provider is left", "red"));
  mailer.on("all-down:over", () => screen.log(elapsed(), "all-down:over: one is back", "green"));
  mailer.on("failed", ({ id, error }) => {
    if (error.sent === "maybe") screen.log(elapsed(), `${id}: ${error.kind}, it may have been sent`, "red");
  });
}

function logChange({ provider, from, to, reason, failure, severity }: ProviderChange<Name>): void {
  // What the account's failure is called is the reason for the change already.
  const cause = [failure?.reason === reason ? undefined : failure?.reason, failure?.code ?? failure?.status];
  const why = [reason, cause.filter(Boolean).join(" ")].filter(Boolean).join(": ");
  screen.log(elapsed(), `${provider}: ${from} → ${to} (${why})`, styleOfSeverity[severity]);
}

function printTable(result: Audit): void {
  const rows: readonly (readonly [string, number])[] = [
    ["sent", ledger.sent],
    ...names.map((name) => [`accepted by ${name}`, ledger.acceptedBy(name)] as const),
    ["failed over", ledger.failedOver],
    ["sent again later, as nobody took them at first", ledger.sentAgain],
    ["not sent in the end", ledger.notSent.size],
    ["unknown", ledger.unknown.size],
    ["possible duplicates, by the receipts", ledger.possibleDuplicates],
    ["real duplicates, in the inboxes", result.realDuplicates],
    ["  of these without a word", result.duplicatesWithoutAWord],
    ["reported as accepted, but nowhere", result.lost],
    ["reported as not sent, but somewhere", result.sentButDenied],
    ["not reported at all", result.unaccounted],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  for (const [label, count] of rows) console.log(`${label.padEnd(width)}  ${String(count).padStart(5)}`);
  console.log(isClean(result) ? "\nNo message was lost, and none sent twice without a word." : "\nFAILED: see above.");
}

function isClean({ lost, sentButDenied, duplicatesWithoutAWord, unaccounted }: Audit): boolean {
  return lost + sentButDenied + duplicatesWithoutAWord + unaccounted + ledger.notSent.size === 0;
}
