/**
 * Any other ESP, by SMTP and `nodemailer`.
 *
 * @module steadymail/smtp
 */
import type { Provider } from "../provider.ts";
import { sdkLoader } from "../sdk-loader.ts";
import { type Account, attempt } from "./attempt.ts";
import { readSettings, type SmtpLogin, type SmtpOptions } from "./options.ts";
import { SessionPool } from "./pool.ts";
import { verify, warm } from "./questions.ts";
import { loadNodemailer } from "./sdk.ts";
import { unsupportedBy } from "./unsupported.ts";

export type { SmtpAuth, SmtpOptions, SmtpTlsOptions } from "./options.ts";

/**
 * Sends through any other provider, by SMTP (RFC 5321) and `nodemailer` from version 10 (which is to be installed; it is
 * loaded at the first send).
 *
 * Encrypted always, but for loopback. What became of a message follows from how far the dialogue got: before the dot that
 * ends it, nothing was sent, whatever happens; after the dot, only the server's reply tells, and without one it is
 * unknown. If the server refuses any of the recipients, it is sent to none of them.
 *
 * Each message has the header `X-Steadymail-ID` with the id of its send, and a Message-ID that is the same for all attempts;
 * a receipt has the id under which the server queued it, where the reply tells one, else that Message-ID.
 *
 * It cannot carry: templates, tracking, `sendAt`, `providerOptions`; tags without `tagHeader`, metadata without
 * `metadataHeader`; letters outside ASCII before an @, where the server does not offer SMTPUTF8; words that no line of a
 * header has room for.
 *
 * @example
 * smtp({ name: "postmark", host: "smtp.postmarkapp.com", auth: { user: token, pass: token }, tagHeader: "X-PM-Tag" })
 *
 * @throws TypeError, RangeError for options that cannot work
 * @see https://www.rfc-editor.org/rfc/rfc5321
 */
export function smtp<const N extends string = "smtp">(options: SmtpOptions<N>): Provider<NoInfer<N>>;
export function smtp(options: SmtpOptions<string>): Provider {
  const settings = readSettings(options);
  const account: Account = {
    settings,
    pool: new SessionPool(settings.maxConnections),
    load: sdkLoader("nodemailer", loadNodemailer),
    secrets: secretsOf(settings.login),
  };
  return Object.freeze({
    name: settings.name,
    unsupported: unsupportedBy(settings),
    send: (message, context) => attempt(account, message, context),
    async load() {
      await account.load();
    },
    warm: (limits) => warm(account, limits),
    verify: (question) => verify(account, question),
    async close() {
      account.pool.close();
    },
  } satisfies Provider);
}

/** The credentials, and as AUTH writes them. */
function secretsOf(login: SmtpLogin | undefined): readonly string[] {
  if (!login) return [];
  const pass = "pass" in login ? login.pass : "";
  const plain = `\0${login.user}\0${pass}`;
  return [login.user, pass, plain, ...[login.user, pass, plain].map((text) => Buffer.from(text).toString("base64"))];
}
