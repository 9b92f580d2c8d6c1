/** A fresh process that sends one mail: by steadymail with all four adapters, or by the vendor's SDK alone. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { espNames } from "./adapters.ts";
import { startEspServer } from "./esp-server.ts";
import { shown, spread } from "./runner.ts";

const runs = 11;
const run = promisify(execFile);
const server = await startEspServer();
const setUp = `
  const url = ${JSON.stringify(server.url)};
  const mail = { from: "orders@example.com", to: "ada@example.org", subject: "Your order", text: "It is on its way." };
  const { from, to, subject, text } = mail;`;
const ours = (esp: string): string => `
  const { createMailer } = await import("steadymail");
  const adapters = await Promise.all(["ses", "sendgrid", "mailgun", "mailjet"].map((esp) => import("steadymail/" + esp)));
  const [{ ses }, { sendgrid }, { mailgun }, { mailjet }] = adapters;
  const mailer = createMailer({ providers: [
    ses({ region: "eu-west-1", credentials: { accessKeyId: "a", secretAccessKey: "b" }, baseUrl: url }),
    sendgrid({ apiKey: "SG.bench", baseUrl: url }), mailgun({ apiKey: "x", domain: "mg.example.com", baseUrl: url }),
    mailjet({ apiKey: "x", apiSecret: "x", baseUrl: url })] });
  await mailer.send(mail, { only: ["${esp}"] });`;
const theirs: Readonly<Record<string, string>> = {
  ses: `
  const { SESv2Client, SendEmailCommand } = await import("@aws-sdk/client-sesv2");
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const client = new SESv2Client({ region: "eu-west-1", endpoint: url, credentials });
  await client.send(new SendEmailCommand({ FromEmailAddress: from, Destination: { ToAddresses: [to] },
    Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text } } } } }));`,
  sendgrid: `
  const { default: sgMail } = await import("@sendgrid/mail");
  sgMail.setApiKey("SG.bench");
  sgMail.client.setDefaultRequest("baseUrl", url);
  await sgMail.send(mail);`,
  mailgun: `
  const { default: Mailgun } = await import("mailgun.js");
  const client = new Mailgun(FormData).client({ username: "api", key: "x", url });
  await client.messages.create("mg.example.com", { from, to: [to], subject, text });`,
  mailjet: `
  const { default: mailjet } = await import("node-mailjet");
  mailjet.Request.protocol = "http://";
  const client = new mailjet.Client({ apiKey: "x", apiSecret: "x", config: { host: new URL(url).host } });
  await client.post("send", { version: "v3.1" }).request({
    Messages: [{ From: { Email: from }, To: [{ Email: to }], Subject: subject, TextPart: text }] });`,
};

console.log(`\nfirst send of a fresh process, import and set-up included, median (lowest–highest) of ${runs}, ms`);
for (const esp of espNames) {
  const own: number[] = [];
  const vendor: number[] = [];
  for (let round = 0; round < runs; round += 1) {
    own.push(await timeOf(ours(esp)));
    vendor.push(await timeOf(theirs[esp] ?? ""));
  }
  console.log(
    `  ${esp.padEnd(10)} steadymail ${shown(spread(own), 0).padEnd(16)} SDK alone ${shown(spread(vendor), 0)}`,
  );
}
server.stop();
process.exit();

async function timeOf(program: string): Promise<number> {
  const report = "console.log(performance.now() - began); process.exit();";
  const source = `const began = performance.now();${setUp}${program}${report}`;
  const { stdout } = await run(process.execPath, ["--no-warnings", "--input-type=module", "-e", source]);
  return Number(stdout);
}
