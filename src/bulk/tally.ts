import { now } from "../clock.ts";
import type { Counts } from "./checkpoint.ts";

/** How far a campaign is. */
export interface CampaignProgress<N extends string = string> extends Counts {
  /** `waiting`: every provider that it may use is out, or `suppress` fails; it goes on by itself. */
  readonly state: "ready" | "running" | "waiting" | "paused" | "cancelled" | "finished" | "failed";
  /** Recipients, where the input tells how many there are or was read to its end. */
  readonly total?: number;
  /** Recipients of whom nothing is known yet; where the total is not known, of those that were read. */
  readonly pending: number;
  /** Mails that each provider accepted since this process began. */
  readonly providers: Readonly<Partial<Record<N, number>>>;
  /** Recipients a second, over the last ten seconds. */
  readonly rate: number;
  /** When it will be done at this rate, where the total is known and something is pending. */
  readonly estimatedEnd?: Date;
}

const bucket = 1_000;
const buckets = 10;

/** Counts what is settled, and how fast. */
export class Tally<N extends string> {
  readonly #providers = new Map<N, number>();
  readonly #began = now();
  #buckets: { readonly index: number; settled: number }[] = [];

  accepted(provider: N): void {
    this.#providers.set(provider, (this.#providers.get(provider) ?? 0) + 1);
  }

  settled(count: number): void {
    const index = Math.floor(now() / bucket);
    const last = this.#buckets.at(-1);
    if (last?.index === index) last.settled += count;
    else this.#buckets = [...this.#buckets.filter((each) => each.index > index - buckets), { index, settled: count }];
  }

  /** Recipients a second. */
  get rate(): number {
    const oldest = Math.floor(now() / bucket) - buckets;
    const settled = this.#buckets.filter(({ index }) => index > oldest).reduce((sum, each) => sum + each.settled, 0);
    const duration = Math.min(now() - this.#began, bucket * buckets);
    return (settled / Math.max(duration, bucket)) * 1_000;
  }

  /** An object without a prototype: a provider may have any name. */
  get providers(): Readonly<Partial<Record<N, number>>> {
    const providers: Partial<Record<N, number>> = Object.create(null);
    for (const [name, count] of this.#providers) providers[name] = count;
    return providers;
  }
}
