import { randomUUID } from "node:crypto";
import type { RetrySettings } from "../delivery/retry-delay.ts";
import type { Suppress } from "../delivery/suppression.ts";
import { abandon } from "../message/abandon.ts";
import type { Message } from "../message/message.ts";
import { isAllowed } from "../routing/plan.ts";
import type { RouteGroup } from "../routing/resolved-route.ts";
import type { BulkSettings } from "./bulk-settings.ts";
import { type Bulk, type Campaign, CampaignHandle } from "./campaign.ts";
import { readContent } from "./content.ts";
import { Journal } from "./journal.ts";
import type { BulkRecipient } from "./recipient.ts";
import { type CampaignContext, CampaignRun } from "./run.ts";
import { SourceReader } from "./source.ts";

/** What of the mailer a campaign works with. */
export interface CampaignMailer<N extends string> extends CampaignContext<N> {
  readonly groups: readonly RouteGroup<N>[];
  readonly names: readonly N[];
  readonly defaults: Partial<Message<N>>;
  readonly retry: RetrySettings;
  readonly suppress: Suppress | undefined;
  /** Time for reading the contents of the message, ms. */
  readonly deadline: number;
}

/**
 * A campaign that is ready to begin.
 *
 * @throws TypeError if the recipients are no iterable, RangeError if the options leave no provider
 */
export function openCampaign<N extends string, R extends BulkRecipient>(
  { message, recipients }: Bulk<N, R>,
  settings: BulkSettings<N>,
  mailer: CampaignMailer<N>,
): Campaign<N, R> {
  const groups = groupsFor(mailer.groups, settings);
  if (groups.length === 0) throw new RangeError("options.only, except and require leave no provider for the campaign");
  const source = new SourceReader("recipients", recipients);
  const id = settings.id ?? randomUUID();
  const handle: CampaignHandle<N, R> = new CampaignHandle<N, R>({
    signal: settings.signal,
    total: sizeOf(recipients),
    onProgress: settings.onProgress,
    abandon() {
      abandon(message);
      source.close();
    },
    async open() {
      const content = await readContent(message, {
        id,
        defaults: mailer.defaults,
        providerNames: mailer.names,
        signal: mailer.cutoff,
        deadline: mailer.deadline,
      });
      const journal = await Journal.open(settings.checkpoint, content, id);
      const { onUnknown, concurrency, choice } = settings;
      const { retry, suppress } = mailer;
      const { mayDrop } = choice;
      const onProgress = handle.tellProgress;
      const task = { content, journal, source, onUnknown, mayDrop, concurrency, groups, retry, suppress, onProgress };
      return new CampaignRun(task, mailer);
    },
  });
  return handle;
}

/** The groups that a campaign may use, with those of their providers that it allows. */
function groupsFor<N extends string>(
  groups: readonly RouteGroup<N>[],
  { spill, choice }: BulkSettings<N>,
): readonly RouteGroup<N>[] {
  const allowed = groups.flatMap(({ routes, balancer }) => {
    const members = routes.filter((route) => isAllowed(route, choice));
    return members.length === 0 ? [] : [{ routes: members, balancer }];
  });
  return spill === "none" ? allowed.slice(0, 1) : allowed;
}

function sizeOf(recipients: unknown): number | undefined {
  if (Array.isArray(recipients)) return recipients.length;
  return recipients instanceof Set ? recipients.size : undefined;
}
