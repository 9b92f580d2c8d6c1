import type MailComposer from "nodemailer/lib/mail-composer";
import type SMTPConnection from "nodemailer/lib/smtp-connection";

/** What Nodemailer is used for: the dialogue of one connection, and the text of a mail. */
export interface NodemailerSdk {
  readonly Connection: typeof SMTPConnection;
  readonly Composer: typeof MailComposer;
}

/**
 * Its own SMTP transport is not used: it does not tell how far a message got, sends to those recipients that were not
 * refused, and cannot be stopped in time.
 *
 * By the names that version 10 exports: in those before it they are folders, which cannot be imported. Those before do not
 * limit a reply, nor forget what was said before TLS began.
 *
 * @see https://nodemailer.com/extras/smtp-connection and https://nodemailer.com/extras/mailcomposer
 */
export async function loadNodemailer(): Promise<NodemailerSdk> {
  try {
    const [connection, composer] = await Promise.all([
      import("nodemailer/lib/smtp-connection"),
      import("nodemailer/lib/mail-composer"),
    ]);
    return { Connection: connection.default, Composer: composer.default };
  } catch (error) {
    if (codeOf(error) === "ERR_UNSUPPORTED_DIR_IMPORT") throw new Error("steadymail/smtp needs version 10 or later");
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
