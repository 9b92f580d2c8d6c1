/**
 * A campaign to the recipients of a CSV file, through simulators of the four ESPs.
 *
 *   npm run campaign                             a sample of 20,000; --recipients N: of so many
 *   npm run campaign -- --outage                 with providers that fail on the way
 *   npm run campaign -- --file recipients.csv    a column "to", and one for each variable of the message: firstName
 *
 * Its state is kept beside that file, or where --checkpoint says: after Ctrl-C, or kill -9, the same command goes on.
 *
 * It ends with 0 if everybody has the mail, 1 if somebody was refused or is unknown or it was stopped, and 2, with nothing
 * sent, if the command makes no sense.
 */
import { rm } from "node:fs/promises";
import {
  type BulkMessage,
  type CampaignProgress,
  type CampaignState,
  CheckpointError,
  createMailer,
  fileCheckpoint,
  isSteadyMailError,
  type Mailer,
} from "steadymail";
import { mailgun } from "steadymail/mailgun";
import { mailjet } from "steadymail/mailjet";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";
import { type Command, CommandError, readCommand } from "./campaign/command.ts";
import { breaker, startEsps } from "./campaign/esps.ts";
import { recipientsIn } from "./campaign/recipients.ts";
import { number, openScreen, type Screen, settled } from "./campaign/screen.ts";

// With Node 20 the AWS SDK warns that it will ask for Node 22: true, but a hole in the picture that is drawn here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const message: BulkMessage = {
  from: "Analytical Books <news@books.example>",
  subject: "{{firstName}}, new in the shop",
  text: "Dear {{firstName}},\n\nnew this week: engines, analytical and otherwise.",
  html: "<p>Dear {{firstName}},</p><p>new this week: engines, analytical and otherwise.</p>",
  unsubscribe: { url: "https://books.example/unsubscribe?t={{token}}" },
};

type Name = "ses" | "sendgrid" | "mailgun" | "mailjet";
type Places = Readonly<Record<"not-sent" | "unknown", number[]>>;

try {
  process.exitCode = (await run(await readCommand(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  const isExpected = error instanceof CommandError || error instanceof CheckpointError || isSteadyMailError(error);
  if (!isExpected) throw error;
  console.error(error.message);
  process.exitCode = error instanceof CommandError ? 2 : 1;
}

/** Returns whether everybody has the mail. */
async function run({ file, checkpointFile, total, outage, isSample }: Command): Promise<boolean> {
  await using esps = await startEsps();
  await using mailer = createMailer({
    providers: [
      [ses(esps.ses.options), mailjet(esps.mailjet.options)],
      [sendgrid(esps.sendgrid.options), mailgun(esps.mailgun.options)], // while neither of the first two can
    ],
    breaker: { openFor: 1_000, maxOpenFor: 2_000 }, // outages are short here
  });
  const checkpoint = fileCheckpoint(checkpointFile);
  const earlier = await checkpoint.load();
  const campaign = mailer.sendBulk({ message, recipients: recipientsIn(file) }, { spill: "all", checkpoint });

  console.log(`${number(total)} recipients in ${file}\nCheckpoint in ${checkpointFile}`);
  if (earlier) console.log(earlierText(earlier));
  console.log(`Ctrl-C stops it in good order, kill -9 ${process.pid} in none; the same command goes on.\n`);
  const screen = openScreen(process.stdout, total);
  tellWhatHappens(mailer, screen);
  process.once("SIGINT", () => {
    screen.log("stopping: what is on its way settles; Ctrl-C again ends at once");
    campaign.cancel();
    process.once("SIGINT", () => {
      screen.end();
      process.exit(1);
    });
  });
  const breakNext = outage ? breaker(esps, screen.log) : () => {};
  const ticking = setInterval(() => {
    const { progress } = campaign;
    screen.draw(progress);
    breakNext(settled(progress) / total);
  }, 100);
  const places: Places = { "not-sent": [], unknown: [] };
  try {
    for await (const { index, outcome } of campaign) if (outcome !== "accepted") places[outcome].push(index);
  } finally {
    clearInterval(ticking);
    screen.draw(campaign.progress);
    screen.end();
  }
  const { progress } = campaign;
  const inboxes = esps.inboxes();
  console.log(`\n${summary(progress, places, total)}`);
  console.log(
    `in the inboxes, since this start: ${number(inboxes.length)} mails, to ${number(new Set(inboxes).size)} people`,
  );
  if (progress.state === "cancelled") console.log("Stopped. The same command goes on.");
  else if (isSample) await rm(checkpointFile, { force: true }); // so that there is something to see the next time
  return progress.accepted + progress.suppressed === total;
}

function tellWhatHappens(mailer: Mailer<Name>, screen: Screen): void {
  mailer.on("provider:changed", ({ provider, from, to, reason }) => {
    const isVainProbe = to === "probing" || (from === "probing" && to === "down");
    if (!isVainProbe) screen.log(`${provider}: ${from} → ${to} (${reason})`);
  });
  mailer.on("provider:down", () => {}); // told above already, which the warning of the process does not know
  mailer.on("campaign:paused", ({ reason }) => screen.log(`the campaign pauses: ${reason}`));
  mailer.on("campaign:resumed", () => screen.log("the campaign goes on"));
}

function earlierText({ counts: { accepted, rejected, unknown, suppressed }, inFlight }: CampaignState): string {
  const underWay = inFlight.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const done = `Going on: ${number(accepted + rejected + unknown + suppressed)} are done`;
  return `${done}, ${number(underWay)} were on their way and are reported as unknown.`;
}

function summary({ accepted, rejected, unknown }: CampaignProgress, places: Places, total: number): string {
  const lines: readonly (readonly [string, number, string])[] = [
    ["accepted", accepted, ""],
    ["refused", rejected, rowsText(places["not-sent"])],
    ["unknown", unknown, rowsText(places.unknown)],
    ["not tried", total - accepted - rejected - unknown, ""],
  ];
  return lines
    .map(([what, count, rows]) => `${what.padEnd(10)}${number(count).padStart(9)}  ${rows}`.trimEnd())
    .join("\n");
}

/** Rows of the file, the first recipient's being 1, that were settled since this start: "rows 1–50, 201–250". */
function rowsText(places: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const place of places.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === place) last[1] = place + 1;
    else ranges.push([place + 1, place + 1]);
  }
  const shown = ranges.slice(0, 8).map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
  return ranges.length === 0 ? "" : `rows ${shown.join(", ")}${ranges.length > shown.length ? ", …" : ""}`;
}
