import { FailoverMailer } from "./failover-mailer.ts";
import type { Mailer } from "./mailer.ts";
import type { MailerOptions, Route } from "./options.ts";
import { mailerSettings } from "./settings.ts";

/**
 * A mailer over one or more providers: their order is the priority, an inner array shares the load. The names of the
 * providers are inferred.
 *
 * Nothing is loaded and no connection is made before the first `send` or `warm`. Make one for each process: what it
 * learns of its providers is its own. It holds no process open.
 *
 * @example
 * const mailer = createMailer({ providers: [ses({ region: "eu-west-1" }), sendgrid({ apiKey })] });
 * mailer.on("provider:down", ({ provider, reason }) => alert(`${provider} is down: ${reason}`));
 * const receipt = await mailer.send({ from, to, subject, text });
 *
 * @throws TypeError, RangeError for options that make no sense
 */
export function createMailer<const P extends MailerOptions["providers"]>(
  options: Omit<MailerOptions<NameOf<P[number]>>, "providers"> & { readonly providers: P & Checked<P> },
): Mailer<NameOf<P[number]>>;
export function createMailer<N extends string>(options: MailerOptions<N>): Mailer<N>;
export function createMailer<N extends string>(options: MailerOptions<N>): Mailer<N> {
  return new FailoverMailer(mailerSettings(options));
}

/** The names of providers, whichever kinds of them stand side by side, in groups and in routes. */
type NameOf<E> = E extends readonly (infer M)[]
  ? NameOf<M>
  : E extends { readonly provider: { readonly name: infer N extends string } }
    ? N
    : E extends { readonly name: infer N extends string }
      ? N
      : never;

/** The same providers, without what is no option of a route: a misspelt one does not compile. */
type Checked<P> = {
  readonly [K in keyof P]: P[K] extends readonly unknown[]
    ? Checked<P[K]>
    : P[K] extends { readonly provider: unknown }
      ? P[K] & { readonly [Key in Exclude<keyof P[K], keyof Route>]: never }
      : P[K];
};
