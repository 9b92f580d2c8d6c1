import nodemailer, { type SendMailOptions } from "nodemailer";
import { onTestFinished } from "vitest";
import { createMailer } from "../../src/index.ts";
import type { PreparedMessage } from "../../src/message/message.ts";
import {
  type SteadymailFields,
  type SteadymailTransportOptions,
  steadymailTransport,
} from "../../src/nodemailer/index.ts";
import { type MemoryProviderOptions, memoryProvider } from "../../src/testing/index.ts";

type Names = "first" | "second";

export type Mail = SendMailOptions & { readonly steadymail?: SteadymailFields<Names> };

export const mail: Mail = {
  from: "Shop <orders@example.com>",
  to: "ada@example.org",
  subject: "Your order",
  text: "It is on its way.",
};

/** A transporter of Nodemailer's own over a mailer with two providers in memory. */
export function transporterOver(
  options: SteadymailTransportOptions<Names> = {},
  first: Omit<MemoryProviderOptions<"first">, "name"> = {},
  defaults: Mail = {},
) {
  const provider = memoryProvider({ name: "first", ...first });
  const standby = memoryProvider({ name: "second" });
  const mailer = createMailer({ providers: [provider, standby], retry: { maxRounds: 1 } });
  mailer.on("provider:down", () => {});
  const transporter = nodemailer.createTransport(steadymailTransport(mailer, options), defaults);
  onTestFinished(() => mailer.close());
  return { transporter, mailer, provider, standby };
}

/** The message that arrives. */
export async function arrived(fields: Mail, options: SteadymailTransportOptions<Names> = {}): Promise<PreparedMessage> {
  const { transporter, provider } = transporterOver(options);
  await transporter.sendMail({ ...mail, ...fields });
  const [stored] = provider.inbox;
  if (!stored) throw new Error("nothing arrived");
  return stored.message;
}

/** What a mail is refused with, as "path: message". */
export async function problemsOf(
  fields: Mail,
  options: SteadymailTransportOptions<Names> = {},
): Promise<readonly string[]> {
  const { transporter, provider, standby } = transporterOver(options);
  const outcome: unknown = await transporter.sendMail({ ...mail, ...fields }).then(
    () => new Error("accepted instead of refused"),
    (error: unknown) => error,
  );
  if (provider.attempts + standby.attempts > 0) throw new Error("it was sent");
  const { problems } = Object(outcome);
  if (!Array.isArray(problems)) throw outcome;
  return problems.map(({ path, message }) => `${path}: ${message}`);
}
