/**
 * SendGrid, by `@sendgrid/mail`.
 *
 * @module steadymail/sendgrid
 */
import { createWire } from "../../wire/client.ts";
import { createAdapter } from "../adapter.ts";
import { type AdapterOptions, adapterKeys, readBaseUrl, readCredential, readName, requireOptions } from "../options.ts";
import type { Provider } from "../provider.ts";
import { withProviderOptions } from "../provider-options.ts";
import { sendgridAnswers } from "./answer.ts";
import { sendgridBatch } from "./batch.ts";
import { sendgridMail } from "./request.ts";
import { dispatch, loadSendgrid } from "./sdk.ts";
import { unsupported } from "./unsupported.ts";
import { verifySendgrid } from "./verify.ts";

/** Options of `sendgrid`. */
export interface SendgridOptions<N extends string = "sendgrid"> extends AdapterOptions<N> {
  /** An API key with the permission "Mail Send". Checked at once, so that `process.env` can be passed as it is. */
  readonly apiKey: string | undefined;
  /** Where the account or subuser has its data. By default `"global"`. */
  readonly region?: "global" | "eu" | undefined;
}

const keys: readonly (keyof SendgridOptions)[] = ["apiKey", "region", ...adapterKeys];

const regions = new Map([
  ["global", "https://api.sendgrid.com"],
  ["eu", "https://api.eu.sendgrid.com"],
]);

/**
 * Sends through SendGrid, by the Mail Send API v3 and `@sendgrid/mail` (which is to be installed; it is loaded at the
 * first send).
 *
 * It cannot carry: an empty subject without a template; a subject or body beside a dynamic template (`d-…`), which has
 * its own; more than 10 tags, 1,000 recipients, 10,000 bytes of metadata, 30 MB in base64 or 72 hours of delay; an
 * address both in `to` and in `cc`; letters outside ASCII before an @; an empty attachment, or parameters in its
 * content type. An empty text beside an html part, or the reverse, is left out. SendGrid itself garbles names of
 * attachments outside ASCII.
 *
 * A campaign goes out by personalizations, 1,000 recipients a request, which get one id and one answer. A mail goes by
 * itself where its values take more than 10,000 bytes, or its share of the 30 MB, and where `providerOptions` say what
 * each personalization says for itself (`subject`, `content`, `custom_args`).
 *
 * `mailer.verify()` needs scopes beside `mail.send`: `user.credits.read` for the account, `whitelabel.read` for
 * the sender ("Sender Authentication" in the console). What the key may not read is `unknown`.
 *
 * `providerOptions` are fields of the API's JSON body, as `asm`, `ip_pool_name` or `mail_settings`.
 *
 * @throws TypeError, RangeError for options that cannot work
 * @see https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
 */
export function sendgrid<const N extends string = "sendgrid">(options: SendgridOptions<N>): Provider<NoInfer<N>>;
export function sendgrid(options: SendgridOptions<string>): Provider {
  requireOptions(options, "sendgrid", keys);
  const apiKey = readCredential(options.apiKey, "apiKey", "sendgrid");
  const baseUrl = readBaseUrl(options, regions, "sendgrid");
  const account = { apiKey, baseUrl };
  return createAdapter({
    name: readName(options.name, "sendgrid"),
    wire: createWire({ agent: options.agent, baseUrl }),
    sdkPackage: "@sendgrid/mail",
    load: () => loadSendgrid(account),
    dispatch: (sdk, outgoing) => {
      const { message, id } = outgoing;
      return dispatch(sdk, withProviderOptions(sendgridMail(message, id), message.providerOptions), outgoing);
    },
    answers: sendgridAnswers,
    batch: sendgridBatch,
    unsupported,
    verify: verifySendgrid,
    secrets: [apiKey],
  });
}
