import type { BulkMessage, BulkRecipient, CampaignProgress } from "../../src/index.ts";
import type { AdapterOptions, EspName } from "../../src/testing/index.ts";

export const size = 20_000;

/** What the process of a campaign is started with. */
export interface Task {
  readonly esps: { readonly [E in EspName]: AdapterOptions<E> };
  /** Path of the checkpoint's file. */
  readonly checkpoint: string;
}

export function isTask(value: unknown): value is Task {
  return ["esps", "checkpoint"].every((key) => Object.hasOwn(Object(value), key));
}

/** What it tells its parent. */
export type Told =
  /** Mails accepted so far, by earlier processes too. */
  | { readonly kind: "progress"; readonly accepted: number }
  /** An attempt ended without an acceptance. */
  | { readonly kind: "failed"; readonly provider: EspName }
  | { readonly kind: "not-accepted"; readonly index: number; readonly outcome: "not-sent" | "unknown" }
  | {
      readonly kind: "end";
      readonly progress: Pick<
        CampaignProgress,
        "state" | "accepted" | "rejected" | "unknown" | "suppressed" | "pending"
      >;
    };

export const message: BulkMessage = {
  from: "Shop <news@example.com>",
  subject: "News for {{name}}",
  text: "Dear {{name}}, spring is here.",
  html: "<p>Dear {{name}}, spring is here.</p>",
  unsubscribe: { url: "https://example.com/u?r={{name}}" },
};

export function* recipients(): Generator<BulkRecipient> {
  for (let index = 0; index < size; index += 1) {
    yield { to: addressOf(index), variables: { name: nameOf(index) } };
  }
}

export function addressOf(index: number): string {
  return `reader-${index}@example.org`;
}

function nameOf(index: number): string {
  return `Reader ${index}`;
}

export function subjectOf(index: number): string {
  return `News for ${nameOf(index)}`;
}
