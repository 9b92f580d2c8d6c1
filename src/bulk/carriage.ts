import { type BatchContent, type BatchRecipient, withTexts } from "../message/batch.ts";
import { unsupportedBy } from "../routing/plan.ts";
import type { ResolvedRoute } from "../routing/resolved-route.ts";
import { type CampaignContent, contentAt } from "./content.ts";

/** How one provider would carry a mail. */
export interface Carriage {
  readonly content: BatchContent;
  /** The mail without what is left out there. */
  readonly mail: BatchRecipient;
  /** Fields that are left out there. */
  readonly dropped: readonly string[];
  /** Mails with the same key may share a batch; undefined: it goes by itself. */
  readonly batchKey: string | undefined;
}

/** What a campaign looks like at one provider, worked out once. */
export class RouteContent<N extends string> {
  readonly #campaign: CampaignContent;
  readonly #route: ResolvedRoute<N>;
  readonly #mayDrop: readonly string[];
  /** By the fields that are left out. */
  readonly #contents = new Map<string, BatchContent | undefined>();

  constructor(campaign: CampaignContent, route: ResolvedRoute<N>, mayDrop: readonly string[]) {
    this.#campaign = campaign;
    this.#route = route;
    this.#mayDrop = mayDrop;
  }

  /** The fields that keep the provider from carrying a mail, or how it would. */
  carriageOf(mail: BatchRecipient): Carriage | { readonly missing: readonly string[] } {
    const whole = this.#contentWithout([]);
    if (!whole) return { missing: ["from"] };
    const missing = this.#missing(whole, mail);
    if (missing.length === 0) return this.#carriage(whole, mail, []);
    const dropped = missing.filter((field) => this.#mayDrop.includes(field));
    const reduced = dropped.length === missing.length ? this.#contentWithout(dropped) : undefined;
    if (!reduced) return { missing };
    const reducedMail = dropped.includes("metadata") ? { ...mail, metadata: [] } : mail;
    const stillMissing = this.#missing(reduced, reducedMail);
    return stillMissing.length > 0 ? { missing: stillMissing } : this.#carriage(reduced, reducedMail, dropped);
  }

  #carriage(content: BatchContent, mail: BatchRecipient, dropped: readonly string[]): Carriage {
    const group = this.#groupOf(content, mail);
    return { content, mail, dropped, batchKey: group === undefined ? undefined : `${dropped.join()}/${group}` };
  }

  /** Undefined: by itself; also where an adapter cannot tell, which is then not trusted with a batch. */
  #groupOf(content: BatchContent, mail: BatchRecipient): string | undefined {
    const { batch } = this.#route.provider;
    try {
      if (!batch?.carries(content, mail)) return undefined;
      return batch.groupBy?.(content, mail) ?? "";
    } catch {
      return undefined;
    }
  }

  /** Texts unfilled are all that must be known to tell who can carry it. */
  #missing(content: BatchContent, mail: BatchRecipient): readonly string[] {
    const { text, html } = this.#campaign.draft;
    return unsupportedBy(this.#route, withTexts(content, mail, { text, html }));
  }

  #contentWithout(drop: readonly string[]): BatchContent | undefined {
    const key = drop.join();
    if (!this.#contents.has(key)) this.#contents.set(key, this.#newContent(drop));
    return this.#contents.get(key);
  }

  /** None where the route's own function for the sender fails. */
  #newContent(drop: readonly string[]): BatchContent | undefined {
    try {
      const from = this.#route.sender(this.#campaign.draft.from);
      return contentAt(this.#campaign, this.#route.name, { from, drop });
    } catch {
      return undefined;
    }
  }
}
