import {
  type Bulk,
  type BulkOptions,
  type BulkRecipient,
  type BulkResult,
  type Campaign,
  type CampaignState,
  type Checkpoint,
  createMailer,
  type Mailer,
} from "../../src/index.ts";
import type { MemoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse } from "../mailer/support.ts";

/** The content of a campaign. */
export const newsletter = {
  from: "Shop <news@example.com>",
  subject: "News for {{name}}",
  text: "Hello {{name}}!",
  unsubscribe: false,
} satisfies Bulk["message"];

export function recipientAt(index: number): BulkRecipient {
  return { to: `reader-${index}@example.org`, variables: { name: `Reader ${index}` } };
}

/** So many recipients, each with an address of its own. */
export function recipients(count: number): BulkRecipient[] {
  return Array.from({ length: count }, (_, index) => recipientAt(index));
}

/** What a consumer of results has seen so far. */
export interface Collected<T> {
  readonly results: readonly T[];
  readonly done: boolean;
  /** What the iteration threw. */
  readonly error: unknown;
}

/** Takes all results of an iteration, as they come. */
export function collect<T>(iterable: AsyncIterable<T>): Collected<T> {
  const results: T[] = [];
  const collected: { results: readonly T[]; done: boolean; error: unknown } = {
    results,
    done: false,
    error: undefined,
  };
  void (async () => {
    try {
      for await (const result of iterable) results.push(result);
    } catch (error) {
      collected.error = error;
    }
    collected.done = true;
  })();
  return collected;
}

/** Begins a campaign and takes its results; lets no time pass but what everything needs that waits for nothing. */
export async function started<N extends string>(
  campaign: Campaign<N, BulkRecipient>,
): Promise<Collected<BulkResult<N, BulkRecipient>>> {
  const collected = collect(campaign);
  await elapse();
  return collected;
}

/** A mailer over these providers in order, and a campaign of the newsletter to so many. */
export async function campaignOver<const N extends string>(
  providers: readonly MemoryProvider<N>[],
  count: number,
  options: BulkOptions<N> = {},
) {
  const mailer = createMailer<N>({ providers });
  const campaign = mailer.sendBulk({ message: newsletter, recipients: recipients(count) }, options);
  return { mailer, campaign, seen: await started(campaign) };
}

/** How many results have each outcome. */
export function outcomes(results: readonly { readonly outcome: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** How many mails each address has, at all of these providers. */
export function mailsByAddress(...providers: readonly Pick<MemoryProvider, "inbox">[]): Map<string, number> {
  const mails = new Map<string, number>();
  for (const { inbox } of providers) {
    for (const { message } of inbox) {
      const address = message.to[0]?.address ?? "";
      mails.set(address, (mails.get(address) ?? 0) + 1);
    }
  }
  return mails;
}

/** Whether the first so many recipients have one mail each, and nobody else has any. */
export function eachHasOne(count: number, ...providers: readonly Pick<MemoryProvider, "inbox">[]): boolean {
  const mails = mailsByAddress(...providers);
  return mails.size === count && recipients(count).every(({ to }) => mails.get(String(to)) === 1);
}

/** Places that the results are about, in order. */
export function places(results: readonly { readonly index: number }[]): number[] {
  return results.map(({ index }) => index).sort((a, b) => a - b);
}

/** Every number below. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** What a mailer tells of its campaigns. */
export function campaignEvents<N extends string>(mailer: Mailer<N>): string[] {
  const told: string[] = [];
  mailer.on("campaign:paused", ({ reason }) => told.push(`paused ${reason}`));
  mailer.on("campaign:resumed", () => told.push("resumed"));
  return told;
}

/** Recipients in each attempt. */
export function attemptSizes<N extends string>(mailer: Mailer<N>): number[] {
  const sizes: number[] = [];
  mailer.on("attempt", ({ recipients: count = 1 }) => sizes.push(count));
  return sizes;
}

/** A checkpoint in memory, which keeps every state that was saved. */
export class MemoryCheckpoint implements Checkpoint {
  readonly states: CampaignState[] = [];
  readonly #first: CampaignState | undefined;

  constructor(state?: CampaignState) {
    this.#first = state;
  }

  get last(): CampaignState | undefined {
    return this.states.at(-1) ?? this.#first;
  }

  async load(): Promise<CampaignState | undefined> {
    return this.last;
  }

  async save(state: CampaignState): Promise<void> {
    // As from a file: nothing is shared with the campaign.
    this.states.push(JSON.parse(JSON.stringify(state)));
  }
}

/** A source that tells how far it was read, and whether it was closed. */
export class WatchedSource<T> implements AsyncIterable<T> {
  readonly #items: Iterable<T>;
  reads = 0;
  closed = false;
  #hanging: (() => void) | undefined;
  /** From this place on, it does not answer until {@link goOn}. */
  hangAt = Number.POSITIVE_INFINITY;
  /** At this place it throws. */
  throwAt = Number.POSITIVE_INFINITY;

  constructor(items: Iterable<T>) {
    this.#items = items;
  }

  goOn(): void {
    this.hangAt = Number.POSITIVE_INFINITY;
    this.#hanging?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      for (const item of this.#items) {
        if (this.reads >= this.throwAt) throw new Error("The source broke");
        if (this.reads >= this.hangAt) await new Promise<void>((resolve) => (this.#hanging = resolve));
        this.reads += 1;
        yield item;
      }
    } finally {
      this.closed = true;
    }
  }
}
