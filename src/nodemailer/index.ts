/**
 * A transport for Nodemailer that sends through a mailer.
 *
 * @module steadymail/nodemailer
 */
import { shown } from "../printable.ts";
import { requireOptions } from "../providers/options.ts";
import type { Receipt } from "../receipt.ts";
import { fieldsOf, isFields } from "./mail.ts";
import {
  MailerTransport,
  type SendingMailer,
  type SteadymailTransport,
  type SteadymailTransportOptions,
} from "./transport.ts";
import { ignorableFields } from "./uncarried.ts";

export type { NodemailerMail, NodemailerMessage } from "./mail.ts";
export type {
  MessageExtras,
  SendingMailer,
  SteadymailFields,
  SteadymailInfo,
  SteadymailTransport,
  SteadymailTransportOptions,
} from "./transport.ts";
export type { IgnorableField } from "./uncarried.ts";

const keys: readonly (keyof SteadymailTransportOptions)[] = ["steadymail", "ignore", "closesMailer"];

/**
 * A Nodemailer transport that sends through a mailer: an app that calls `transporter.sendMail()` gets failover by one
 * changed line. Nodemailer itself is the app's.
 *
 * Every field of a Nodemailer message is carried, or the mail is refused before anything is sent, by an
 * `InvalidMessageError` whose `problems` name them all. Carried: addresses in every form, texts and attachments from
 * strings, Buffers, streams, files, URLs and `data:` URIs, `headers`, `list`, `priority`, `inReplyTo`, `references`,
 * `xMailer`, `attachDataUrls`. A calendar (`icalEvent`, or an alternative of the type `text/calendar`) goes as an attachment of
 * that type. Refused, unless `ignore` names it: `messageId`, `date`, another `sender`, an `envelope` that differs from the
 * addresses, `dsn`, `dkim`, `amp`, `watchHtml`, other `alternatives` and the like; and always `raw`, several addresses
 * in `from`, a header given twice, headers of a part, `bcc` without a `to`, and what a plugin rewrites as a whole
 * (`transform`). Without effect, since the provider writes the mail:
 * `encoding`, `textEncoding`, `newline`, `boundaryPrefix`, `baseBoundary`, `normalizeHeaderKey`, and of an attachment
 * `contentTransferEncoding`.
 *
 * `sendMail` rejects with the mailer's own errors; see `isSteadyMailError`.
 *
 * @example
 * const transporter = nodemailer.createTransport(steadymailTransport(mailer));
 *
 * @throws TypeError for what is no mailer, or an option that does not exist
 * @see https://nodemailer.com/plugins/create
 */
export function steadymailTransport<N extends string>(
  mailer: SendingMailer<N>,
  options: SteadymailTransportOptions<NoInfer<N>> = {},
): SteadymailTransport<N> {
  if (typeof Object(mailer).send !== "function") {
    throw new TypeError(`steadymailTransport: mailer must be what createMailer() returns, but is ${shown(mailer)}`);
  }
  requireOptions(options, "steadymailTransport", keys);
  const known: readonly string[] = ignorableFields;
  const unknown = options.ignore?.find((field) => !known.includes(field));
  if (unknown !== undefined) {
    throw new TypeError(`steadymailTransport: ignore names a field that it cannot; there are ${known.join(", ")}`);
  }
  return new MailerTransport(mailer, options);
}

/**
 * The receipt in what `sendMail` gave, for types that do not show it: those of `@types/nodemailer` call every transport's
 * answer that of SMTP.
 */
export function receiptOf(info: unknown): Receipt | undefined {
  const { receipt } = fieldsOf(info);
  return isReceipt(receipt) ? receipt : undefined;
}

function isReceipt(value: unknown): value is Receipt {
  return isFields(value) && "providerMessageId" in value && "attempts" in value;
}
