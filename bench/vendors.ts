/** The same mail by the vendors' own SDKs, called as their documentation says, with all that steadymail tells the ESP. */
import { randomUUID } from "node:crypto";
import { SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { MailService } from "@sendgrid/mail";
import Mailgun from "mailgun.js";
import mailjet from "node-mailjet";
import type { EspName } from "./adapters.ts";
import { mail } from "./mail.ts";
import type { Work } from "./runner.ts";

const { from, to, subject, text, html } = mail;

export function newSesClient(url: string): SESv2Client {
  const credentials = { accessKeyId: "AKIABENCH", secretAccessKey: "bench" };
  return new SESv2Client({ region: "eu-west-1", endpoint: url, credentials });
}

export const vendors: Readonly<Record<EspName, (url: string) => Work>> = {
  ses(url) {
    const client = newSesClient(url);
    return () =>
      client.send(
        new SendEmailCommand({
          FromEmailAddress: from,
          Destination: { ToAddresses: [to] },
          Content: { Simple: { Subject: utf8(subject), Body: { Text: utf8(text), Html: utf8(html) } } },
          EmailTags: [{ Name: "steadymail-id", Value: randomUUID() }],
        }),
      );
  },
  sendgrid(url) {
    const service = new MailService();
    service.setApiKey("SG.bench");
    // The types of this package and of Mailjet's do not show what their documentation tells to set.
    Reflect.get(service, "client").setDefaultRequest("baseUrl", url);
    const trackingSettings = { clickTracking: { enable: false, enableText: false }, openTracking: { enable: false } };
    return () =>
      service.send({ from, to, subject, text, html, trackingSettings, customArgs: { "steadymail-id": randomUUID() } });
  },
  mailgun(url) {
    const client = new Mailgun(FormData).client({ username: "api", key: "bench", url });
    const tracking = { "o:tracking-clicks": "no", "o:tracking-opens": "no" } as const;
    return () =>
      client.messages.create("mg.example.com", {
        from,
        to: [to],
        subject,
        text,
        html,
        ...tracking,
        "v:steadymail-id": randomUUID(),
      });
  },
  mailjet(url) {
    Reflect.set(mailjet.Request, "protocol", "http://");
    const { host } = new URL(url);
    const client = new mailjet.Client({ apiKey: "bench", apiSecret: "bench", config: { host } });
    return () =>
      client.post("send", { version: "v3.1" }).request({
        Messages: [
          {
            From: { Email: from },
            To: [{ Email: to }],
            Subject: subject,
            TextPart: text,
            HTMLPart: html,
            CustomID: randomUUID(),
            TrackOpens: "disabled",
            TrackClicks: "disabled",
          },
        ],
      });
  },
};

function utf8(Data: string) {
  return { Data, Charset: "UTF-8" };
}
