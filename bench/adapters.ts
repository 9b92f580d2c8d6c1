/** The adapters as the benchmarks use them. */
import type { Provider } from "steadymail";
import { mailgun } from "steadymail/mailgun";
import { mailjet } from "steadymail/mailjet";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";

export const espNames = ["ses", "sendgrid", "mailgun", "mailjet"] as const;
export type EspName = (typeof espNames)[number];

export function isEspName(name: unknown): name is EspName {
  return espNames.some((esp) => esp === name);
}

export const adapters: Readonly<Record<EspName, (baseUrl: string) => Provider>> = {
  ses: (baseUrl) =>
    ses({ region: "eu-west-1", credentials: { accessKeyId: "AKIABENCH", secretAccessKey: "bench" }, baseUrl }),
  sendgrid: (baseUrl) => sendgrid({ apiKey: "SG.bench", baseUrl }),
  mailgun: (baseUrl) => mailgun({ apiKey: "bench", domain: "mg.example.com", baseUrl }),
  mailjet: (baseUrl) => mailjet({ apiKey: "bench", apiSecret: "bench", baseUrl }),
};
