import type { Mailer, MailerEvents, ProviderChange } from "steadymail";
import type { Post } from "./chat-webhook.ts";
import { Incidents } from "./incidents.ts";
import { Outbox } from "./outbox.ts";
import { nobodyLeft, providerInTrouble, providerWell, somebodyBack } from "./wording.ts";

export interface AlertOptions {
  /**
   * How long all must have been well before an incident is over, ms: what fails again before belongs to it; default 60_000.
   */
  readonly settle?: number;
}

const allOfThem = "all providers";

/**
 * Tells people of the degradations of a mailer: one post when an incident begins, one when it is over, however often the
 * provider comes and goes in between. A drill is marked as one; when no provider is left, everybody is called.
 *
 * A post that fails changes nothing for the mailer. It is tried again, and what was overtaken meanwhile is left out.
 *
 * @example
 * alertOn(mailer, chatWebhook(process.env.CHAT_WEBHOOK_URL));
 *
 * @returns to be disposed to tell no more
 */
export function alertOn<N extends string>(
  mailer: Mailer<N>,
  post: Post,
  { settle = 60_000 }: AlertOptions = {},
): Disposable {
  const outbox = new Outbox(post);
  const incidents = new Incidents(outbox, settle, () => mailer.health());

  const trouble = (change: ProviderChange<N>): void => {
    const { provider, to, at, drill: isDrill = false } = change;
    incidents.trouble(provider, {
      at,
      isDown: to === "down",
      isDrill,
      begun: () => providerInTrouble(change, mailer.health()),
      over: (worst, span) => providerWell(provider, worst, span),
    });
  };
  const recovered = ({ provider, at }: ProviderChange<N>): void => incidents.mended(provider, at);
  const allDown = (event: MailerEvents<N>["all-down"]): void => {
    const { at, drill: isDrill = false } = event;
    incidents.trouble(allOfThem, { at, isDown: true, isDrill, begun: () => nobodyLeft(event), over: somebodyBack });
  };
  const allDownOver = ({ at }: MailerEvents<N>["all-down:over"]): void => incidents.mended(allOfThem, at);

  mailer
    .on("provider:degraded", trouble)
    .on("provider:down", trouble)
    .on("provider:recovered", recovered)
    .on("all-down", allDown)
    .on("all-down:over", allDownOver);
  return {
    [Symbol.dispose]() {
      mailer
        .off("provider:degraded", trouble)
        .off("provider:down", trouble)
        .off("provider:recovered", recovered)
        .off("all-down", allDown)
        .off("all-down:over", allDownOver);
      incidents.forget();
      outbox.clear();
    },
  };
}
