/**
 * Amazon SES, by `@aws-sdk/client-sesv2`.
 *
 * @module steadymail/ses
 */
import type { SESv2ClientConfig } from "@aws-sdk/client-sesv2";
import { createWire } from "../../wire/client.ts";
import { createAdapter } from "../adapter.ts";
import { type AdapterOptions, readName, requireOptions, withoutSlash } from "../options.ts";
import type { Provider } from "../provider.ts";
import { sesAnswers } from "./answer.ts";
import { sesBatch } from "./batch.ts";
import { judgeBeforeRequest } from "./before-request.ts";
import { quietCredentials, secretsIn } from "./credentials.ts";
import { anyRegion, readEndpoint } from "./endpoint.ts";
import { sesInput } from "./request.ts";
import { dispatch, loadSes, type SesSdk } from "./sdk.ts";
import { unsupported } from "./unsupported.ts";
import { verifySes } from "./verify.ts";

/** What would break the guarantees: the wire carries all requests, and nothing is sent twice. */
const ours = ["requestHandler", "maxAttempts", "retryStrategy", "retryMode"] as const;

/** The configuration of `SESv2Client` (region, credentials, …) without what the adapter sets. */
export type SesOptions<N extends string = "ses"> = Omit<SESv2ClientConfig, (typeof ours)[number]> & AdapterOptions<N>;

/**
 * Sends through Amazon SES, by its API v2 and `@aws-sdk/client-sesv2` (which is to be installed; it is loaded at the
 * first send). Region and credentials are found as the SDK always finds them: here, in the environment, in the shared
 * files, or by the role of the machine. Any option of the SDK may be given, so one that does not exist is not refused,
 * unlike at the other adapters.
 *
 * It cannot carry: `sendAt`; `tracking`, which is a matter of the configuration set; a subject or body beside a
 * template; tags, and names and values of metadata, with other characters than `A-Z a-z 0-9 _ -`; more than 50
 * recipients, 15 headers or 40 MB in base64; a header longer than 995 characters; letters outside ASCII before an @.
 * A tag becomes an entry of `EmailTags` with itself as value. The id of a send must be made of the same characters.
 *
 * A campaign goes out by `SendBulkEmail` with its template inline, 50 recipients a request, each with an answer of its
 * own. A mail goes by itself where it takes more than its share of the 1 MB that such a request has, files included,
 * and where `providerOptions` hold what `SendBulkEmail` does not know in the same sense (`EmailTags`, `Content`).
 *
 * `mailer.verify()` asks by `GetAccount` and `GetEmailIdentity`: the IAM policy must allow `ses:GetAccount` and
 * `ses:GetEmailIdentity` beside the sending. What it does not allow is `unknown`.
 *
 * `providerOptions` are a part of the input of `SendEmailCommand`, as `{ ConfigurationSetName }`.
 *
 * @throws TypeError for options that cannot work
 * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 */
export function ses<const N extends string = "ses">(options?: SesOptions<N>): Provider<NoInfer<N>>;
export function ses(options: SesOptions<string> = {}): Provider {
  requireOptions(options, "ses");
  const taken = ours.find((option) => option in options);
  if (taken) throw new TypeError(`ses: ${taken} is set by the adapter; leave it out`);
  const { name, baseUrl, agent, ...config } = options;
  if (config.region === "") throw new TypeError("ses: region is empty; is the environment variable set?");
  const endpoint = readEndpoint(baseUrl, config.endpoint);
  const wire = createWire({ agent, baseUrl: endpoint ?? anyRegion });
  let loaded: SesSdk | undefined;
  return createAdapter<SesSdk>({
    name: readName(name, "ses"),
    wire,
    sdkPackage: "@aws-sdk/client-sesv2",
    async load() {
      const guarded = { ...config, ...quietCredentials(config.credentials) };
      loaded = await loadSes(endpoint ? { ...guarded, endpoint: withoutSlash(endpoint) } : guarded, wire);
      return loaded;
    },
    dispatch: (sdk, outgoing) => dispatch(sdk, sesInput(outgoing.message), outgoing),
    answers: sesAnswers,
    batch: sesBatch,
    unsupported,
    verify: verifySes,
    judgeBeforeRequest,
    secrets: secretsIn(config.credentials),
    close: () => loaded?.close(),
  });
}
