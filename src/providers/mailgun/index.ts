/**
 * Mailgun, by `mailgun.js`.
 *
 * @module steadymail/mailgun
 */
import { createWire } from "../../wire/client.ts";
import { createAdapter } from "../adapter.ts";
import { type AdapterOptions, adapterKeys, readBaseUrl, readCredential, readName, requireOptions } from "../options.ts";
import type { Provider } from "../provider.ts";
import { mailgunAnswers } from "./answer.ts";
import { mailgunBatch } from "./batch.ts";
import { mailgunFields } from "./request.ts";
import { dispatch, loadMailgun } from "./sdk.ts";
import { unsupported } from "./unsupported.ts";
import { verifyMailgun } from "./verify.ts";

/** Options of `mailgun`. */
export interface MailgunOptions<N extends string = "mailgun"> extends AdapterOptions<N> {
  /** An API key of the account, or a sending key of the domain. Checked at once, so that `process.env` can be given. */
  readonly apiKey: string | undefined;
  /** The sending domain, as `"mg.example.com"`. */
  readonly domain: string;
  /** Where the domain was created. By default `"us"`. */
  readonly region?: "us" | "eu" | undefined;
}

const keys: readonly (keyof MailgunOptions)[] = ["apiKey", "domain", "region", ...adapterKeys];

const regions = new Map([
  ["us", "https://api.mailgun.net"],
  ["eu", "https://api.eu.mailgun.net"],
]);

/**
 * Sends through Mailgun, by the Messages API v3 and `mailgun.js` (which is to be installed; it is loaded at the first
 * send).
 *
 * It cannot carry: an html part beside a template; more than 10 tags, tags that are longer than 128 characters or not
 * ASCII; more than 1,000 recipients, 25 MB or 3 days of delay; more than 16 KB of headers, addresses to reply to,
 * tags, metadata and template variables together; letters outside ASCII before an @. An inline attachment has its
 * `contentId` as file name there.
 *
 * A campaign goes out by recipient variables, 1,000 recipients a request, which get one id and one answer; those of one
 * request have headers and metadata of the same names. A mail goes by itself where it holds Mailgun's own `%recipient…%`,
 * which would be replaced, or takes more than its share of the 25 MB.
 *
 * `mailer.verify()` needs an API key of the account whose role may read domains. With a sending key of the domain, it
 * proves key and domain by a request for a message without a recipient, which Mailgun refuses; account and sender are
 * `unknown` then. Mailgun takes any sender: asked is whether the sending domain is verified and its signature aligned
 * with the sender for DMARC. Whether a quota is used up, it does not tell.
 *
 * `providerOptions` are fields of the form, as `{ "o:dkim": "no" }`.
 *
 * @throws TypeError, RangeError for options that cannot work
 * @see https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
 */
export function mailgun<const N extends string = "mailgun">(options: MailgunOptions<N>): Provider<NoInfer<N>>;
export function mailgun(options: MailgunOptions<string>): Provider {
  requireOptions(options, "mailgun", keys);
  const apiKey = readCredential(options.apiKey, "apiKey", "mailgun");
  const baseUrl = readBaseUrl(options, regions, "mailgun");
  const account = { apiKey, domain: readDomain(options.domain), baseUrl };
  return createAdapter({
    name: readName(options.name, "mailgun"),
    wire: createWire({ agent: options.agent, baseUrl }),
    sdkPackage: "mailgun.js",
    load: loadMailgun,
    dispatch: (sdk, outgoing) => dispatch(sdk, mailgunFields(outgoing.message, outgoing.id), outgoing, account),
    answers: mailgunAnswers,
    batch: mailgunBatch(account),
    unsupported,
    verify: (inquiry) => verifyMailgun(inquiry, account),
    secrets: [apiKey],
  });
}

/** It becomes a part of the URL's path. */
function readDomain(domain: unknown): string {
  if (typeof domain === "string" && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(domain)) return domain;
  throw new TypeError('mailgun: domain must be the name of the sending domain, such as "mg.example.com"');
}
