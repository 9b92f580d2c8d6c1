/**
 * Mailjet, by `node-mailjet`.
 *
 * @module steadymail/mailjet
 */
import { createWire } from "../../wire/client.ts";
import { createAdapter } from "../adapter.ts";
import { type AdapterOptions, adapterKeys, readBaseUrl, readCredential, readName, requireOptions } from "../options.ts";
import type { Provider } from "../provider.ts";
import { mailjetAnswers } from "./answer.ts";
import { mailjetBatch } from "./batch.ts";
import { mailjetMessage } from "./request.ts";
import { dispatch, loadMailjet } from "./sdk.ts";
import { unsupported } from "./unsupported.ts";
import { verifyMailjet } from "./verify.ts";

/** Options of `mailjet`. */
export interface MailjetOptions<N extends string = "mailjet"> extends AdapterOptions<N> {
  /** The public part of the key pair. Both are checked at once, so that `process.env` can be passed as it is. */
  readonly apiKey: string | undefined;
  /** The private part of the key pair. */
  readonly apiSecret: string | undefined;
}

const keys: readonly (keyof MailjetOptions)[] = ["apiKey", "apiSecret", ...adapterKeys];

const regions = new Map([["global", "https://api.mailjet.com"]]);

/**
 * Sends through Mailjet, by the Send API v3.1 and `node-mailjet` (which is to be installed; it is loaded at the first
 * send).
 *
 * It cannot carry: `sendAt`; more than one tag, which becomes the campaign; more than one address to reply to; a body
 * beside a template, or a template whose id is not a number; more than 50 recipients, 255 characters of subject or
 * 15 MB of attachments; an empty attachment; headers that Mailjet writes itself, as `List-Id` or `X-Mailer`.
 *
 * A campaign goes out as whole messages, 50 a request, each with an answer of its own. A mail goes by itself where it
 * has files, which would go out with each, or is larger than 300 KB.
 *
 * `mailer.verify()` needs the key pair of the main account for the state of the key (`/REST/apikey`); with that of a
 * subaccount, the account is `unknown`. Senders (`/REST/sender`) any key may read.
 *
 * `providerOptions` are fields of the message in the API's JSON body, as `URLTags` or `DeduplicateCampaign`.
 *
 * @throws TypeError for options that cannot work
 * @see https://dev.mailjet.com/email/reference/send-emails/
 */
export function mailjet<const N extends string = "mailjet">(options: MailjetOptions<N>): Provider<NoInfer<N>>;
export function mailjet(options: MailjetOptions<string>): Provider {
  requireOptions(options, "mailjet", keys);
  const apiKey = readCredential(options.apiKey, "apiKey", "mailjet");
  const apiSecret = readCredential(options.apiSecret, "apiSecret", "mailjet");
  const baseUrl = readBaseUrl({ baseUrl: options.baseUrl }, regions, "mailjet");
  const account = { apiKey, apiSecret, baseUrl };
  return createAdapter({
    name: readName(options.name, "mailjet"),
    wire: createWire({ agent: options.agent, baseUrl }),
    sdkPackage: "node-mailjet",
    load: () => loadMailjet(account),
    dispatch: (sdk, outgoing) => dispatch(sdk, [mailjetMessage(outgoing.message, outgoing.id)], outgoing),
    answers: mailjetAnswers,
    batch: mailjetBatch,
    unsupported,
    verify: (inquiry) => verifyMailjet(inquiry, account),
    secrets: [apiKey, apiSecret],
  });
}
