import type MailComposer from "nodemailer/lib/mail-composer/index.js";
import type SMTPConnection from "nodemailer/lib/smtp-connection/index.js";

/** What Nodemailer is used for: the dialogue of one connection, and the text of a mail. */
export interface NodemailerSdk {
  readonly Connection: typeof SMTPConnection;
  readonly Composer: typeof MailComposer;
}

/**
 * Its own SMTP transport is not used: it does not tell how far a message got, sends to those recipients that were not
 * refused, and cannot be stopped in time.
 *
 * @see https://nodemailer.com/extras/smtp-connection and https://nodemailer.com/extras/mailcomposer
 */
export async function loadNodemailer(): Promise<NodemailerSdk> {
  const [connection, composer] = await Promise.all([
    import("nodemailer/lib/smtp-connection/index.js"),
    import("nodemailer/lib/mail-composer/index.js"),
  ]);
  return { Connection: connection.default, Composer: composer.default };
}
