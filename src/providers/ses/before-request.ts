import type { BeforeRequest } from "../attempt.ts";

const credentialsAdvice = "give ses({ credentials }) or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/**
 * What keeps the SDK from making a request: it says so in plain errors, of which some have a name. The first that
 * matches decides.
 */
const faults: readonly { readonly name?: RegExp; readonly message?: RegExp; readonly advice?: string }[] = [
  { message: /^the function that was given as credentials/ },
  { name: /Credentials|Token|ProviderError/, advice: credentialsAdvice },
  { message: /region/i, advice: "give ses({ region }) or set AWS_REGION" },
  { message: /credential/i, advice: credentialsAdvice },
  { message: /Invalid URL/i, advice: "check ses({ endpoint }), AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_SESV2" },
];

/** No region, no credentials, no endpoint: the account is not set up. */
export function judgeBeforeRequest(error: unknown): BeforeRequest | undefined {
  if (!(error instanceof Error)) return undefined;
  const fault = faults.find(({ name = /^/, message = /^/ }) => name.test(error.name) && message.test(error.message));
  return fault && { reason: "authentication", advice: fault.advice };
}
