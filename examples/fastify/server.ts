/**
 * The server: SES, and SendGrid while SES cannot.
 *
 *   AWS_REGION=eu-west-1 SENDGRID_API_KEY=… MAIL_FROM="Shop <orders@example.com>" npx tsx examples/fastify/server.ts
 *   curl localhost:3000/send --json '{ "to": "ada@example.org", "subject": "Hello", "text": "It works." }'
 */
import { createMailer } from "steadymail";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";
import { buildApp } from "./app.ts";

const { SENDGRID_API_KEY, SENDGRID_BASE_URL, MAIL_FROM, HOST = "127.0.0.1", PORT = "3000" } = process.env;

const mailer = createMailer({
  providers: [ses(), sendgrid({ apiKey: SENDGRID_API_KEY, baseUrl: SENDGRID_BASE_URL })],
  defaults: { from: MAIL_FROM },
  timeout: 4_000,
  deadline: 9_000, // a request is answered by then; and so a shutdown takes no longer, which Docker ends after 10 s
});
const app = buildApp(mailer, { logger: true });

mailer.on("provider:changed", ({ provider, from, to, reason, severity }) => {
  app.log[severity === "warning" ? "warn" : severity](`${provider}: ${from} → ${to} (${reason})`);
});
mailer.on("provider:down", () => {}); // logged above already, which the warning of the process does not know

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    app.log.info(`${signal}: no new requests; those under way are answered`);
    await app.close();
    app.log.info("closed");
  });
}
await app.listen({ host: HOST, port: Number(PORT) });
