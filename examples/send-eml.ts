/**
 * Sends .eml files.
 *
 *   npx tsx examples/send-eml.ts FILE…             to four simulators, each file through each of them
 *   npx tsx examples/send-eml.ts --live FILE…      through the ESPs whose credentials are in the environment
 *
 * With --from and --to, these addresses take the place of the file's; a live run should have both.
 *
 * It ends with 0 if every file was sent, 1 if any was refused or may not have been sent, and 2, with nothing sent, if the
 * command makes no sense.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { createMailer, isSteadyMailError, type Mailer, type Message, type Provider } from "steadymail";
import { mailgun } from "steadymail/mailgun";
import { mailjet } from "steadymail/mailjet";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";
import { startSimulator } from "steadymail/testing";
import { messageFromEml } from "./eml.ts";

const usage = "usage: npx tsx examples/send-eml.ts [--live] [--from ADDRESS] [--to ADDRESS] FILE…";

const credentials = `Set the variables of one or more of:
  Amazon SES  AWS_REGION, and what the AWS SDK reads
  SendGrid    SENDGRID_API_KEY
  Mailgun     MAILGUN_API_KEY, MAILGUN_DOMAIN
  Mailjet     MAILJET_API_KEY, MAILJET_API_SECRET`;

// With Node 20 the AWS SDK warns that it will ask for Node 22, in the midst of what is printed here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/** The command cannot be carried out as it was given. */
class CommandError extends Error {}

interface Draft {
  readonly file: string;
  readonly message: Message;
}

try {
  const { live, files, addresses } = readCommand(process.argv.slice(2));
  const drafts = await Promise.all(files.map((file) => readDraft(file, addresses)));
  const allSent = await (live ? sendLive(drafts) : sendToSimulators(drafts));
  process.exitCode = allSent ? 0 : 1;
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

function readCommand(args: string[]) {
  const { values, positionals: files } = parse(args);
  if (files.length === 0) throw new CommandError(`No file was given.\n${usage}`);
  const { live = false, from, to } = values;
  const addresses = {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to, cc: undefined, bcc: undefined }),
  };
  return { live, files, addresses };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { live: { type: "boolean" }, from: { type: "string" }, to: { type: "string" } },
    });
  } catch (error) {
    throw new CommandError(`${wordsOf(error)}\n${usage}`);
  }
}

async function readDraft(file: string, addresses: Partial<Message>): Promise<Draft> {
  try {
    return { file, message: { ...(await messageFromEml(await readFile(file))), ...addresses } };
  } catch (error) {
    throw new CommandError(`Cannot read ${file}: ${wordsOf(error)}`);
  }
}

async function sendLive(drafts: readonly Draft[]): Promise<boolean> {
  const [first, ...standbys] = providersFromEnvironment(process.env);
  if (!first) throw new CommandError(`--live needs credentials in the environment. ${credentials}`);
  await using mailer = createMailer({ providers: [first, ...standbys], onUnknown: "stop" });
  return await sendEach(mailer, drafts, [undefined]);
}

async function sendToSimulators(drafts: readonly Draft[]): Promise<boolean> {
  await using sesSimulator = await startSimulator("ses");
  await using sendgridSimulator = await startSimulator("sendgrid");
  await using mailgunSimulator = await startSimulator("mailgun");
  await using mailjetSimulator = await startSimulator("mailjet");
  await using mailer = createMailer({
    providers: [
      ses(sesSimulator.options),
      sendgrid(sendgridSimulator.options),
      mailgun(mailgunSimulator.options),
      mailjet(mailjetSimulator.options),
    ],
  });
  return await sendEach(mailer, drafts, ["ses", "sendgrid", "mailgun", "mailjet"]);
}

/** Sends each file through each of the providers; `undefined` leaves the choice to the mailer. */
async function sendEach<N extends string>(
  mailer: Mailer<N>,
  drafts: readonly Draft[],
  providers: readonly (N | undefined)[],
): Promise<boolean> {
  let allSent = true;
  for (const draft of drafts) {
    const outcomes = new Set<string>();
    for (const provider of providers) {
      outcomes.add(await send(mailer, draft, provider));
      // A message that is invalid is so for every provider.
      if (outcomes.has("invalid")) break;
    }
    // What one ESP cannot carry, another can: that alone is no failure.
    outcomes.delete("unsupported");
    allSent &&= outcomes.size === 1 && outcomes.has("accepted");
  }
  return allSent;
}

/** Sends a file and says what became of it. */
async function send<N extends string>(mailer: Mailer<N>, { file, message }: Draft, provider?: N): Promise<string> {
  try {
    const receipt = await mailer.send(message, provider === undefined ? {} : { only: [provider] });
    console.log(`${basename(file)}  ${receipt.provider}  accepted as ${receipt.providerMessageId}`);
    return "accepted";
  } catch (error) {
    if (!isSteadyMailError(error)) throw error;
    // An invalid message is refused before any provider is asked.
    const who = error.kind === "invalid" ? "steadymail" : (provider ?? "all");
    console.log(`${basename(file)}  ${who}  ${error.kind} (sent: ${error.sent})  ${error.message}`);
    return error.kind;
  }
}

function providersFromEnvironment(env: NodeJS.ProcessEnv): Provider[] {
  const { AWS_REGION, SENDGRID_API_KEY, MAILGUN_API_KEY, MAILGUN_DOMAIN, MAILJET_API_KEY, MAILJET_API_SECRET } = env;
  try {
    return [
      ...(AWS_REGION ? [ses({ region: AWS_REGION })] : []),
      ...(SENDGRID_API_KEY ? [sendgrid({ apiKey: SENDGRID_API_KEY })] : []),
      ...(MAILGUN_API_KEY && MAILGUN_DOMAIN ? [mailgun({ apiKey: MAILGUN_API_KEY, domain: MAILGUN_DOMAIN })] : []),
      ...(MAILJET_API_KEY && MAILJET_API_SECRET
        ? [mailjet({ apiKey: MAILJET_API_KEY, apiSecret: MAILJET_API_SECRET })]
        : []),
    ];
  } catch (error) {
    throw new CommandError(wordsOf(error));
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
