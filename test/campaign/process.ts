/** One campaign in a process of its own, which tells its parent how it goes, and may be killed at any moment. */
import { createMailer, fileCheckpoint } from "../../src/index.ts";
import { mailgun } from "../../src/providers/mailgun/index.ts";
import { mailjet } from "../../src/providers/mailjet/index.ts";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { ses } from "../../src/providers/ses/index.ts";
import { isTask, message, recipients, type Told } from "./campaign.ts";

const task: unknown = JSON.parse(process.argv[2] ?? "");
if (!isTask(task)) throw new TypeError("This is to be started by the test.");
const { esps, checkpoint } = task;

const mailer = createMailer({
  providers: [
    [
      ses(esps.ses),
      mailjet(esps.mailjet),
      // They take a thousand at a time: with a larger share, each of them has several requests to fail with.
      { provider: sendgrid(esps.sendgrid), weight: 3 },
      { provider: mailgun(esps.mailgun), weight: 3 },
    ],
  ],
  // Outages that end in seconds.
  breaker: { openFor: 100, maxOpenFor: 200, slowStart: 200, window: 1_000 },
});
mailer.on("provider:down", () => {});
mailer.on("attempt", ({ attempt: { provider, outcome } }) => {
  if (outcome !== "accepted") tell({ kind: "failed", provider });
});

const campaign = mailer.sendBulk(
  { message, recipients: recipients() },
  {
    spill: "all",
    checkpoint: fileCheckpoint(checkpoint),
    onProgress: ({ accepted }) => tell({ kind: "progress", accepted }),
  },
);
for await (const { index, outcome } of campaign) {
  if (outcome !== "accepted") tell({ kind: "not-accepted", index, outcome });
}
const { state, accepted, rejected, unknown, suppressed, pending } = campaign.progress;
tell({ kind: "end", progress: { state, accepted, rejected, unknown, suppressed, pending } });
await mailer.close();
process.disconnect();

function tell(told: Told): void {
  process.send?.(told);
}
