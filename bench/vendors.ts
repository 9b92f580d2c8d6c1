/** The same mail by the vendors' own SDKs, called as their documentation says. */
import { SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { MailService } from "@sendgrid/mail";
import Mailgun from "mailgun.js";
import mailjet from "node-mailjet";

export type Send = () => Promise<unknown>;
export type EspName = "ses" | "sendgrid" | "mailgun" | "mailjet";

export const mail = {
  from: "orders@example.com",
  to: "ada@example.org",
  subject: "Your order",
  text: "It is on its way.",
  html: "<p>It is on its way.</p>",
};

export function vendorSends(port: number): Readonly<Record<EspName, Send>> {
  const url = `http://127.0.0.1:${port}`;
  const { from, to, subject, text, html } = mail;

  const sesClient = new SESv2Client({
    region: "eu-west-1",
    endpoint: url,
    credentials: { accessKeyId: "AKIABENCH", secretAccessKey: "bench" },
  });
  const sendgridService = new MailService();
  sendgridService.setApiKey("SG.bench");
  // The types of the two packages do not show what their documentation tells to set.
  Reflect.get(sendgridService, "client").setDefaultRequest("baseUrl", url);
  const mailgunClient = new Mailgun(FormData).client({ username: "api", key: "bench", url });
  Reflect.set(mailjet.Request, "protocol", "http://");
  const mailjetClient = new mailjet.Client({
    apiKey: "bench",
    apiSecret: "bench",
    config: { host: `127.0.0.1:${port}` },
  });

  return {
    ses: () =>
      sesClient.send(
        new SendEmailCommand({
          FromEmailAddress: from,
          Destination: { ToAddresses: [to] },
          Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text }, Html: { Data: html } } } },
        }),
      ),
    sendgrid: () => sendgridService.send({ from, to, subject, text, html }),
    mailgun: () => mailgunClient.messages.create("mg.example.com", { from, to: [to], subject, text, html }),
    mailjet: () =>
      mailjetClient.post("send", { version: "v3.1" }).request({
        Messages: [{ From: { Email: from }, To: [{ Email: to }], Subject: subject, TextPart: text, HTMLPart: html }],
      }),
  };
}
