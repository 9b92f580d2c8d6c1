/** The same mail by nodemailer: by its SES transport, and to the other ESPs by SMTP, which is its way to them. */
import { SendEmailCommand } from "@aws-sdk/client-sesv2";
import { createTransport } from "nodemailer";
import type { EspName } from "./adapters.ts";
import type { EspServer } from "./esp-server.ts";
import { mail } from "./mail.ts";
import type { Work } from "./runner.ts";
import { newSesClient } from "./vendors.ts";

export function nodemailerSend(esp: EspName, { url, smtpPort }: EspServer, connections: number): Work {
  const transport =
    esp === "ses"
      ? createTransport({ SES: { sesClient: newSesClient(url), SendEmailCommand } })
      : createTransport({
          host: "127.0.0.1",
          port: smtpPort,
          ignoreTLS: true,
          pool: true,
          maxConnections: connections,
          maxMessages: Number.POSITIVE_INFINITY,
        });
  return () => transport.sendMail(mail);
}
