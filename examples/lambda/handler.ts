/**
 * Sends the mails of an SQS queue, each a JSON of `to`, `subject`, `text` and `html`, through SES, and through SendGrid
 * while SES cannot.
 *
 *   esbuild handler.ts --bundle --minify --platform=node --target=node20 --format=esm --outfile=handler.mjs \
 *     --banner:js="import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
 *
 * It needs SENDGRID_API_KEY and MAIL_FROM, and a role that may send by SES. The event source mapping needs
 * `ReportBatchItemFailures`; the queue is no FIFO queue, and has a dead-letter queue. What is said here of Lambda and
 * SQS is from their documentation: it was not tried there.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { createMailer, isSteadyMailError, type Message } from "steadymail";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";

const { SENDGRID_API_KEY, SENDGRID_BASE_URL, MAIL_FROM } = process.env;

/** Kept back of the function's time, ms: for the answer to SQS. */
const margin = 1_000;

// Outside of the handler: what it learns of the providers, and its connections, last as long as the instance.
const mailer = createMailer({
  providers: [ses(), sendgrid({ apiKey: SENDGRID_API_KEY, baseUrl: SENDGRID_BASE_URL })],
  defaults: { from: MAIL_FROM },
  timeout: 3_000, // far below the function's: time for the other provider must be left
});
mailer.on("provider:changed", ({ provider, from, to, reason, severity }) => {
  log(severity, `${provider}: ${from} → ${to} (${reason})`);
});
mailer.on("provider:down", () => {}); // logged above already, which the warning of the process does not know

// In the init phase: no mail waits for an SDK to load, and a missing package is told before it is needed.
await mailer.warm();

export async function handler({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const deadline = Math.max(1, context.getRemainingTimeInMillis() - margin);
  const mails = Records.map(async (record) => ({ record, again: await isToComeAgain(record, deadline) }));
  const failed = (await Promise.all(mails)).filter(({ again }) => again);
  return { batchItemFailures: failed.map(({ record }) => ({ itemIdentifier: record.messageId })) };
}

/** Sends the mail, and says whether SQS is to deliver its record once more. */
async function isToComeAgain({ messageId, body }: SQSRecord, deadline: number): Promise<boolean> {
  try {
    // SQS may deliver a record twice: both mails then have the same id at the providers, and so can be told for copies.
    const { provider, duplicate } = await mailer.send(mailIn(body), { id: messageId, deadline });
    log("info", "accepted", { messageId, provider, duplicate });
    return false;
  } catch (error) {
    // Something is wrong in here, and nothing was sent. Thrown, it would bring back those too that were.
    if (!isSteadyMailError(error)) {
      log("error", "not sent, by a mistake of this function", { messageId, why: String(error) });
      return true;
    }
    const { kind, sent, retryable, attempts } = error;
    if (sent === "maybe") log("error", "may have been sent: look it up at the providers", { messageId, attempts });
    else if (retryable) log("warning", "not sent, comes again", { messageId, kind });
    // The same would be refused again: for whoever wrote it to mend.
    else log("error", "not sent, and never will be", { messageId, kind, why: error.message });
    return sent === "no" && retryable;
  }
}

/** Only what a mail may say: the rest, files of this machine for one, is not for a queue to choose. */
function mailIn(body: string): Message {
  const { to, subject, text, html } = objectIn(body);
  return { to, subject, text, html };
}

function objectIn(json: string) {
  try {
    return Object(JSON.parse(json));
  } catch {
    return {}; // which the mailer refuses
  }
}

/** A line for CloudWatch, of which one can ask by its fields. */
function log(severity: string, message: string, fields: object = {}): void {
  console.log(JSON.stringify({ severity, message, ...fields }));
}
